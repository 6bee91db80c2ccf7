"""The API of this room: ``urlpatterns`` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from calls import complaints
from calls.api import meetings, outcome, policies, reports, requests, staff, work
from calls.models import CallAttempt, Complaint, ContactPolicy, Meeting, RefusalReason, Request
from memberships import audit
from memberships.rights import Right

audit.kinds["meeting"] = audit.Audited(Meeting, _("Meeting"), Right.READ_AUDIT)
audit.kinds["request"] = audit.Audited(Request, _("Request"))
audit.kinds["complaint"] = audit.Audited(
    Complaint, _("Complaint"), seen_by=lambda rows, user: rows.filter(pk__in=complaints.seen_by(user).values("pk"))
)
audit.kinds["attempt"] = audit.Audited(CallAttempt, _("Call"))
audit.kinds["reason"] = audit.Audited(RefusalReason, _("Refusal reason"))
audit.kinds["contact_policy"] = audit.Audited(ContactPolicy, _("Contact policy"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("clubs/<str:slug>", policies.club, name="api_club"),
    path("employees", staff.employees, name="api_employees"),
    path("employees/<int:pk>", staff.employee, name="api_employee"),
    path("members/<int:pk>/contact-policy", policies.contact_policy, name="api_contact_policy"),
    path("calls/plan", work.plan, name="api_plan"),
    path("calls/tasks", work.tasks, name="api_tasks"),
    path("calls/next", work.next_call, name="api_next"),
    path("calls/queue", work.queue_state, name="api_queue"),
    path("calls/tasks/<int:pk>/extend", work.extend, name="api_task_extend"),
    path("calls/tasks/<int:pk>/release", work.release, name="api_task_release"),
    path("calls/tasks/<int:pk>/dial", work.dial, name="api_task_dial"),
    path("calls/tasks/<int:pk>/undo", work.undo, name="api_task_undo"),
    path("calls/tasks/<int:pk>/outcome", outcome.outcome, name="api_task_outcome"),
    path("calls/attempts", outcome.attempts, name="api_attempts"),
    path("calls/attempts/<int:pk>/correct", outcome.correct, name="api_attempt_correct"),
    path("reasons", outcome.reasons, name="api_reasons"),
    path("slots", meetings.slots, name="api_slots"),
    path("meetings", meetings.meeting_list, name="api_meetings"),
    path("meetings/<int:pk>/attended", meetings.attended, name="api_meeting_attended"),
    path("meetings/<int:pk>/no_show", meetings.no_show, name="api_meeting_no_show"),
    path("meetings/<int:pk>/cancel", meetings.cancel, name="api_meeting_cancel"),
    path("meetings/<int:pk>/reschedule", meetings.reschedule, name="api_meeting_reschedule"),
    path("meetings/<int:pk>/close", meetings.close, name="api_meeting_close"),
    path("requests", requests.requests_of, name="api_requests"),
    path("requests/<int:pk>/answer", requests.answer, name="api_request_answer"),
    path("requests/<int:pk>/decline", requests.decline, name="api_request_decline"),
    path("requests/<int:pk>/hand-over", requests.hand_over, name="api_request_hand_over"),
    path("reports/refusals", reports.refusals, name="api_report_refusals"),
]
