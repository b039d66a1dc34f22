"""A programme: everything about a training that is data, not code.

It is read from a YAML file (`templates/programmes/<slug>.yaml`) by `adapters.programmes`, kept
as a JSON document in the database when a cohort pins it, and built from that document by
`domain.programme_document`.
"""

from dataclasses import dataclass
from datetime import time

from vitale_core.domain.kinds import Kind
from vitale_core.domain.moments import Moment
from vitale_core.domain.states import Approval, SessionKind

STEPS = (
    "intake",
    "groups",
    "werkbezoek",
    "invitations",
    "reminders",
    "terugkomdag",
    "evaluation",
)


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A gathering as the programme describes it. `start` and `end` are wall-clock times."""

    name: str
    kind: SessionKind
    day: str
    title: str
    text: str
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose, with what it says about a criterion, if anything."""

    value: str
    label: str
    shows: str = ""  # met | unclear | not met


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a form. `kind` is text, long, choice, several, scale or number."""

    name: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    criterion: str = ""  # which audience criterion it shows


@dataclass(frozen=True, slots=True)
class AudienceCriterion:
    """For whom the training is meant; screening shows it as met, unclear or not met."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A mail that the clock owes: which, to whom, when, and until when it is useful."""

    kind: Kind
    step: str
    to: str  # an audience of domain.audiences
    when: Moment
    stale: Moment
    approval: Approval = Approval.AUTO
    nr: int = 0  # tells repeated reminders apart
    only: tuple[str, ...] = ()  # days or sessions it is limited to
    not_before: Moment | None = None
    late: bool = True  # still sent to who came in after its moment

    @property
    def name(self) -> str:
        """The kind, with its number when there are several."""
        return f"{self.kind}-{self.nr}" if self.nr else str(self.kind)


@dataclass(frozen=True, slots=True)
class TaskRule:
    """A moment at which something waits for a person."""

    kind: str
    step: str
    to: str
    when: Moment
    stale: Moment
    what: str  # one Dutch sentence; {subject}, {enrolment} and {visit} are filled in
    command: str


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """An evaluation round: when it opens and closes, and what it asks."""

    name: str
    title: str
    opens: Moment
    closes: Moment
    outcomes: bool  # the five outcomes are asked
    look_back: bool  # and how it was before the training, looking back
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """Who earns a bewijs van deelname."""

    title: str
    hours: float
    may_miss: int  # so many of the sessions below
    sessions: tuple[str, ...]  # kinds of sessions that count


@dataclass(frozen=True, slots=True)
class Programme:
    """One training."""

    slug: str
    title: str
    summary: str
    audience_intro: str
    capacity: int
    minimum: int
    group_min: int
    group_max: int
    offer_working_days: int
    quiet_minutes: int
    threshold: int
    days: tuple[str, ...]  # in order: "day1", "day2", "terugkomdag"
    sessions: tuple[SessionPlan, ...]
    outcomes: tuple[str, ...]
    audience: tuple[AudienceCriterion, ...]
    themes: tuple[Option, ...]
    application: tuple[Question, ...]
    intake: tuple[Question, ...]
    rsvp_deadline: Moment
    visit_from: Moment | None
    visit_until: Moment | None
    visit_minutes: int
    poll_opens: Moment
    poll_deadline: Moment
    rounds: tuple[RoundPlan, ...]
    certificate: CertificateRule
    rules: tuple[Rule, ...]
    tasks: tuple[TaskRule, ...]

    @property
    def has_visits(self) -> bool:
        """Whether groups go on a werkbezoek."""
        return any(s.kind is SessionKind.WERKBEZOEK for s in self.sessions)

    @property
    def gatherings(self) -> tuple[SessionPlan, ...]:
        """The sessions of the whole cohort; a werkbezoek is per group."""
        return tuple(s for s in self.sessions if s.kind is not SessionKind.WERKBEZOEK)

    def session(self, name: str) -> SessionPlan:
        """Return the plan of a session; visits of groups ("werkbezoek-2") share one."""
        for plan in self.sessions:
            if plan.name == name or (plan.kind is SessionKind.WERKBEZOEK and name.startswith(plan.name)):
                return plan
        raise KeyError(name)

    def round(self, name: str) -> RoundPlan:
        """Return the plan of an evaluation round."""
        return next(r for r in self.rounds if r.name == name)

    def approval(self, kind: Kind) -> Approval:
        """Return the policy for a kind; a kind without a rule needs no approval."""
        return next((r.approval for r in self.rules if r.kind is kind), Approval.AUTO)
