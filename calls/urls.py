from django.urls import path

from calls.views import desk, live, meeting_close, meetings, refusal_members, refusals, settings, why

urlpatterns = [
    path("calls/", desk.show, name="desk"),
    path("calls/live/", live.show, name="live"),
    path("calls/live/<int:pk>/take-back/", live.take_back, name="live_take_back"),
    path("calls/live/<int:pk>/to-queue/", live.to_queue, name="live_to_queue"),
    path("calls/next/", desk.next_call, name="desk_next"),
    path("calls/<int:pk>/dial/", desk.dial, name="desk_dial"),
    path("calls/<int:pk>/outcome/", desk.outcome, name="desk_outcome"),
    path("calls/<int:pk>/release/", desk.release, name="desk_release"),
    path("calls/<int:pk>/undo/", desk.undo, name="desk_undo"),
    path("calls/<int:pk>/extend/", desk.extend, name="desk_extend"),
    path("meetings/", meetings.meeting_list, name="meeting_list"),
    path("meetings/<int:pk>/", meetings.meeting_detail, name="meeting_detail"),
    path("meetings/<int:pk>/attended/", meetings.meeting_attended, name="meeting_attended"),
    path("meetings/<int:pk>/no-show/", meetings.meeting_no_show, name="meeting_no_show"),
    path("meetings/<int:pk>/move/", meetings.meeting_move, name="meeting_move"),
    path("meetings/<int:pk>/cancel/", meetings.meeting_cancel, name="meeting_cancel"),
    path("meetings/<int:pk>/renewed/", meeting_close.meeting_renewed, name="meeting_renewed"),
    path("meetings/<int:pk>/sold/", meeting_close.meeting_sold, name="meeting_sold"),
    path("meetings/<int:pk>/close/<slug:how>/", meeting_close.meeting_close, name="meeting_close"),
    path("members/<int:pk>/meeting/", meetings.meeting_book, name="meeting_book"),
    path("employees/<int:pk>/hours/", meetings.host_hours, name="host_hours"),
    path("members/<int:pk>/why/", why.member_why, name="member_why"),
    path("reports/refusals/", refusals.refusal_report, name="refusal_report"),
    path("reports/refusals/members/", refusal_members.refusal_members, name="refusal_members"),
    path("settings/", settings.index, name="settings"),
    path("settings/policy/", settings.numbers, name="settings_policy"),
]
