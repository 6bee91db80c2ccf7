"""Call tasks, the attempts made on them, and why members refuse."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.rules import reasons
from memberships.models import Club, Member, Membership, User
from memberships.models.history import tracked


class Kind(models.TextChoices):
    """Kinds of call, in the order in which the queue offers them (§6)."""

    CALLBACK = "callback", _("Callback")
    MISSED_CALL = "missed_call", _("Missed call")
    NO_SHOW = "no_show", _("Did not come")
    MEETING_REMINDER = "meeting_reminder", _("Meeting reminder")
    WELCOME = "welcome", _("Welcome")
    RENEWAL = "renewal", _("Renewal")
    ONBOARDING = "onboarding", _("Onboarding")
    FREEZE_ENDING = "freeze_ending", _("Freeze ending")
    COMPLAINT_FOLLOWUP = "complaint_followup", _("After a complaint")
    AT_RISK = "at_risk", _("At risk")
    CARE = "care", _("Care")
    BIRTHDAY = "birthday", _("Birthday")
    WINBACK = "winback", _("Win-back")


class TaskStatus(models.TextChoices):
    WAITING = "waiting", _("waiting")
    READY = "ready", _("ready")
    LEASED = "leased", _("being rung")
    DONE = "done", _("done")
    LAPSED = "lapsed", _("lapsed")
    UNREACHABLE = "unreachable", _("unreachable")


OPEN_STATUSES = (TaskStatus.WAITING, TaskStatus.READY, TaskStatus.LEASED)

ON_LEASE = Q(status=TaskStatus.LEASED, holder__isnull=False)
"""Calls that somebody holds. By these words their index is found (``call_task_one_lease_per_holder``); without the
second it would be offered to whoever looks for the lease of a number or for one that ends, and all be read at a claim.
"""


class Lapse(models.TextChoices):
    RENEWED = "renewed", _("renewed")
    CANCELLED = "cancelled", _("cancelled")
    FROZEN = "frozen", _("frozen")
    DNC = "dnc", _("do not call")
    DECEASED = "deceased", _("deceased")
    BAD_PHONE = "bad_phone", _("bad phone")
    VISITED = "visited", _("came by")
    WINDOW_OVER = "window_over", _("too late")
    MERGED = "merged", _("merged")
    SUPERSEDED = "superseded", _("another call takes its place")
    POLICY = "policy", _("contact policy")


class CallTask(models.Model):
    """Somebody should ring a member, and why.

    ``key`` names the cause within club and kind: one cause makes one task. ``sort_key`` is the place in the queue
    (``calls.rules.position``); ``tz`` the member's time zone else the club's, because the queue is read zone by zone.
    ``facts`` are what the sentence of the reason is made of. ``phone`` is the number to ring, copied so that
    a lease holds for a household. ``call_live``: dialled, and nobody has said yet how it ended. ``claimed_by`` and
    ``claimed_at`` outlive the lease: who held it last, since when. Both are whoever is signed in, so that the
    database is not asked at every claim whether there is such a user.
    """

    # A claim and an outcome write the row anew, with an entry in every index that holds it: so no more of them than
    # are read, and those of rare columns hold only the rows that have a value.
    club = models.ForeignKey(Club, models.CASCADE, related_name="call_tasks", db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="call_tasks")
    membership = models.ForeignKey(
        Membership, models.CASCADE, null=True, blank=True, related_name="call_tasks", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind)
    origin = models.CharField(max_length=20, choices=Kind, blank=True, default="")
    key = models.CharField(max_length=120)
    rung = models.SmallIntegerField(null=True, blank=True)
    status = models.CharField(max_length=12, choices=TaskStatus, default=TaskStatus.READY)
    due_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    waits_for = models.CharField(max_length=20, blank=True, default="")
    tz = models.CharField(max_length=64)
    phone = models.CharField(max_length=20, blank=True, default="")
    sort_key = models.BigIntegerField()
    facts = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    holder = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="held_tasks", db_index=False, db_constraint=False
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    call_live = models.BooleanField(default=False)
    undoing = models.BooleanField(default=False)
    promised_to = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="promised_tasks", db_index=False
    )
    promised_until = models.DateTimeField(null=True, blank=True)
    lapsed_because = models.CharField(max_length=12, choices=Lapse, blank=True, default="")
    meeting = models.ForeignKey(
        "calls.Meeting", models.CASCADE, null=True, blank=True, related_name="call_tasks", db_index=False
    )
    made_by_attempt = models.ForeignKey(
        "calls.CallAttempt", models.SET_NULL, null=True, blank=True, related_name="made_tasks", db_index=False
    )
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    to_supervisor = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "kind", "key"], name="call_task_once_per_cause"),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(kind="renewal", status__in=["waiting", "ready", "leased"]),
                name="call_task_one_open_renewal",
            ),
            # One that only takes an outcome back stands beside it: told apart by its own id.
            models.UniqueConstraint(
                F("holder"),
                Case(When(undoing=True, then=F("id")), default=0),
                condition=Q(status="leased", holder__isnull=False),
                name="call_task_one_lease_per_holder",
            ),
            models.UniqueConstraint(
                F("club"),
                F("phone"),
                Case(When(undoing=True, then=F("id")), default=0),
                condition=Q(status="leased") & ~Q(phone=""),
                name="call_task_one_lease_per_number",
            ),
            models.CheckConstraint(
                condition=Q(status="leased", holder__isnull=False, lease_until__isnull=False) | ~Q(status="leased"),
                name="call_task_lease_has_holder",
            ),
        ]
        indexes = [
            models.Index(
                fields=["club", "tz", "sort_key", "due_at", "id"],
                name="call_task_queue",
                condition=Q(status="ready"),
            ),
            models.Index(fields=["ready_at"], name="call_task_waking", condition=Q(status="waiting")),
            models.Index(fields=["club", "waits_for", "tz"], name="call_task_waits", condition=Q(status="waiting")),
            # Not of whatever is leased: who looks for the lease of a number must not be offered all of them.
            models.Index(fields=["lease_until"], name="call_task_lease_ends", condition=Q(lease_until__isnull=False)),
            models.Index(
                fields=["club", "kind", "member"],
                name="call_task_open",
                condition=Q(status__in=["waiting", "ready", "leased"]),
            ),
            models.Index(fields=["meeting"], name="call_task_by_meeting", condition=Q(meeting__isnull=False)),
            models.Index(
                fields=["made_by_attempt"], name="call_task_by_attempt", condition=Q(made_by_attempt__isnull=False)
            ),
        ]


class PlanRun(models.Model):
    """The planner has run for a club and a day, and what it did: what the nightly run asks before it runs."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="plan_runs")
    on = models.DateField()
    ran_at = models.DateTimeField()
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["club", "on"], name="plan_run_once_a_day")]


class TaskRelease(models.Model):
    """An operator gave a task back, and why."""

    task = models.ForeignKey(CallTask, models.CASCADE, related_name="releases")
    operator = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["operator", "at"], name="task_release_by_operator")]


class ReasonGroup(models.TextChoices):
    """Who can act on a refusal."""

    CLUB = "club", _("The club")
    MEMBER = "member", _("The member")
    COMPETITOR = "competitor", _("A competitor")
    UNSAID = "unsaid", _("Not said")


@tracked()
class RefusalReason(models.Model):
    """Why members refuse, or do not attend. Clubs add their own; one in use is retired, never deleted.

    ``merged_into``: the reason that took over what was counted for this one.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="refusal_reasons")
    code = models.SlugField(max_length=40)
    group = models.CharField(_("group"), max_length=12, choices=ReasonGroup)
    label = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    built_in = models.BooleanField(default=False)
    final = models.BooleanField(_("ends renewal calls"), default=False)
    no_winback = models.BooleanField(_("no win-back"), default=False)
    note_required = models.BooleanField(_("asks for a note"), default=False)
    retired = models.BooleanField(_("retired"), default=False)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["club", "code"], name="refusal_reason_code_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def rule(self) -> reasons.Reason:
        """The reason and its marks as the rules take it."""
        return reasons.Reason(
            self.code, reasons.Group(self.group), self.label, self.final, self.no_winback, self.note_required
        )

    @property
    def name(self) -> str:
        """The label in the reader's language; a club's own words stay as they are."""
        return gettext(self.label) if self.built_in else self.label


class Outcome(models.TextChoices):
    BOOKED = "booked", _("Booked")
    CALLBACK = "callback", _("Callback")
    TALKED = "talked", _("Talked, all is well")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    THINKING = "thinking", _("Thinking")
    DO_NOT_CALL = "do_not_call", _("Do not call")
    ALREADY_RENEWED = "already_renewed", _("Already renewed")
    FREEZE_WANTED = "freeze_wanted", _("Freeze wanted")
    COMPLAINT = "complaint", _("Complaint")
    NO_ANSWER = "no_answer", _("No answer")
    THIRD_PARTY = "third_party", _("Somebody else answered")
    BUSY = "busy", _("Busy")
    VOICEMAIL = "voicemail", _("Voicemail")
    WRONG_NUMBER = "wrong_number", _("Wrong number")


class Attends(models.TextChoices):
    YES = "yes", _("yes")
    NO = "no", _("no")
    UNKNOWN = "unknown", _("not known")


@tracked()
class CallAttempt(models.Model):
    """One dial, and how it ended. ``outcome`` is empty while nobody has said; ``reached`` follows from it.

    ``undone`` lists outcomes that were taken back within the five minutes (the attempt itself stays and counts).
    ``same_dial_as`` is the household's first attempt: one dial counts once for the number.
    ``made`` is what the outcome made and changed beside it, for its undoing (``calls.effects``).
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="attempts")
    member = models.ForeignKey(Member, models.CASCADE, related_name="attempts")
    task = models.ForeignKey(CallTask, models.SET_NULL, null=True, blank=True, related_name="attempts_made")
    membership = models.ForeignKey(Membership, models.SET_NULL, null=True, blank=True, related_name="attempts")
    kind = models.CharField(max_length=20, choices=Kind)
    origin = models.CharField(max_length=20, choices=Kind, blank=True, default="")
    operator = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="attempts")
    phone = models.CharField(max_length=20, blank=True, default="")
    same_dial_as = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="household")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True, default="")
    outcome_at = models.DateTimeField(null=True, blank=True)
    reached = models.BooleanField(default=False)
    reason = models.ForeignKey(RefusalReason, models.PROTECT, null=True, blank=True, related_name="attempts")
    competitor = models.CharField(max_length=120, blank=True, default="")
    attends = models.CharField(max_length=8, choices=Attends, blank=True, default="")
    absence_reason = models.ForeignKey(RefusalReason, models.PROTECT, null=True, blank=True, related_name="absences")
    note = models.TextField(blank=True, default="")
    note_flagged = models.BooleanField(default=False)
    duration_s = models.PositiveIntegerField(null=True, blank=True)
    script_version = models.PositiveIntegerField(null=True, blank=True)
    corrected_why = models.CharField(max_length=400, blank=True, default="")
    undone = models.JSONField(default=list, blank=True)
    made = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "at"], name="attempt_once_per_instant"),
        ]
        indexes = [
            models.Index(fields=["member", "-at"], name="attempt_by_member"),
            models.Index(fields=["club", "phone", "-at"], name="attempt_by_phone", condition=~Q(phone="")),
            models.Index(fields=["club", "at"], name="attempt_by_club"),
            models.Index(fields=["operator", "-at"], name="attempt_by_operator"),
            models.Index(fields=["club", "at", "reason"], name="attempt_refusals", condition=Q(outcome="refused")),
        ]


class Script(models.Model):
    """What to say in a kind of call: steps and answers to objections. Every saving is a new version."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="scripts")
    kind = models.CharField(max_length=20, choices=Kind)
    language = models.CharField(max_length=8, default="en")
    version = models.PositiveIntegerField()
    steps = models.JSONField()
    objections = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "kind", "language", "version"], name="script_version_once")
        ]


class OperatorState(models.Model):
    """Whether an operator is at the desk, for the session line and the supervisor's page; ``seen_at`` says who is
    away. Whether they talk is told by their call.
    """

    class State(models.TextChoices):
        AVAILABLE = "available", _("available")
        PAUSED = "paused", _("paused")

    club = models.ForeignKey(Club, models.CASCADE, related_name="operator_states")
    user = models.ForeignKey(User, models.CASCADE, related_name="operator_states")
    state = models.CharField(max_length=12, choices=State, default=State.AVAILABLE)
    why = models.CharField(max_length=120, blank=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["club", "user"], name="operator_state_once")]
