"""The API of this room: ``urlpatterns`` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from memberships.api import audit, freezes, members, offers, terms, visits

urlpatterns: list[URLPattern | URLResolver] = [
    path("members", members.members, name="api_members"),
    path("members/<int:pk>", members.member, name="api_member"),
    path("members/<int:pk>/merge", members.merge, name="api_member_merge"),
    path("plans", offers.plans, name="api_plans"),
    path("promotions", offers.promotions, name="api_promotions"),
    path("quotes", offers.new_quote, name="api_quotes"),
    path("quotes/<int:pk>", offers.quote, name="api_quote"),
    path("memberships", terms.memberships, name="api_memberships"),
    path("memberships/<int:pk>", terms.membership, name="api_membership"),
    path("memberships/<int:pk>/cancel", terms.cancel, name="api_membership_cancel"),
    path("memberships/<int:pk>/change-plan", terms.change_plan, name="api_membership_change_plan"),
    path("memberships/<int:pk>/freezes", freezes.new_freeze, name="api_freezes"),
    path("freezes/<int:pk>/end", freezes.end_freeze, name="api_freeze_end"),
    path("closures", freezes.new_closure, name="api_closures"),
    path("closures/<int:pk>", freezes.closure, name="api_closure"),
    path("visits", visits.new_visits, name="api_visits"),
    path("audit", audit.changes, name="api_audit"),
]
