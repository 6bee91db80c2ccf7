from django.urls import path

from memberships.views import catalogue, changes, entrance, members, membership_list, merging, offers, people, terms

urlpatterns = [
    path("", entrance.start, name="start"),
    path("club/", entrance.switch_club, name="switch_club"),
    path("profile/", entrance.profile, name="profile"),
    path("members/", members.member_list, name="member_list"),
    path("members/new/", people.member_new, name="member_new"),
    path("members/<int:pk>/", members.member_detail, name="member_detail"),
    path("members/<int:pk>/edit/", people.member_edit, name="member_edit"),
    path("members/<int:pk>/do-not-call/", people.do_not_call, name="member_do_not_call"),
    path("members/<int:pk>/merge/", merging.member_merge, name="member_merge"),
    path("merges/<int:pk>/undo/", merging.merge_undo, name="merge_undo"),
    path("members/<int:pk>/terms/", terms.member_terms, name="member_terms"),
    path("members/<int:pk>/changes/", changes.member_changes, name="member_changes"),
    path("members/<int:pk>/offer/", offers.offer_new, name="offer_new"),
    path("offers/<int:pk>/", offers.offer_sheet, name="offer_sheet"),
    path("offers/<int:pk>/sell/", offers.offer_sell, name="offer_sell"),
    path("memberships/", membership_list.membership_list, name="membership_list"),
    path("memberships/<int:pk>/freeze/", terms.freeze_new, name="freeze_new"),
    path("memberships/<int:pk>/cancel/", terms.membership_cancel, name="membership_cancel"),
    path("freezes/<int:pk>/end/", terms.freeze_end, name="freeze_end"),
    path("plans/", catalogue.plan_list, name="plan_list"),
    path("plans/new/", catalogue.plan_edit, name="plan_new"),
    path("plans/<int:pk>/", catalogue.plan_edit, name="plan_edit"),
    path("promotions/", catalogue.promotion_list, name="promotion_list"),
    path("promotions/new/", catalogue.promotion_edit, name="promotion_new"),
    path("promotions/<int:pk>/", catalogue.promotion_edit, name="promotion_edit"),
]
