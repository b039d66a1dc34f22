"""The states of everything that has a life, and the only allowed moves.

One table per machine: (state, event) -> next state. A pair that is not in a table is refused.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class CohortKind(StrEnum):
    """Who may enrol: anyone, or the people of one client."""

    OPEN = "open"
    INCOMPANY = "incompany"


class CohortStatus(StrEnum):
    """The life of a cohort."""

    DRAFT = "draft"  # being set up, nobody can apply
    OPEN = "open"  # people can apply
    CONFIRMED = "confirmed"  # it goes ahead: invitations leave
    RUNNING = "running"  # day 1 has begun
    EVALUATING = "evaluating"  # the last gathering is over
    CLOSED = "closed"  # everything is done
    CANCELLED = "cancelled"


class CohortEvent(StrEnum):
    """What happens to a cohort."""

    OPEN = "open"
    CONFIRM = "confirm"
    START = "start"
    EVALUATE = "evaluate"
    CLOSE = "close"
    CANCEL = "cancel"
    RESTORE = "restore"


COHORT: Mapping[tuple[CohortStatus, CohortEvent], CohortStatus] = {
    (CohortStatus.DRAFT, CohortEvent.OPEN): CohortStatus.OPEN,
    (CohortStatus.OPEN, CohortEvent.CONFIRM): CohortStatus.CONFIRMED,
    (CohortStatus.CONFIRMED, CohortEvent.START): CohortStatus.RUNNING,
    (CohortStatus.RUNNING, CohortEvent.EVALUATE): CohortStatus.EVALUATING,
    (CohortStatus.EVALUATING, CohortEvent.CLOSE): CohortStatus.CLOSED,
    (CohortStatus.DRAFT, CohortEvent.CANCEL): CohortStatus.CANCELLED,
    (CohortStatus.OPEN, CohortEvent.CANCEL): CohortStatus.CANCELLED,
    (CohortStatus.CONFIRMED, CohortEvent.CANCEL): CohortStatus.CANCELLED,
    (CohortStatus.RUNNING, CohortEvent.CANCEL): CohortStatus.CANCELLED,
    (CohortStatus.EVALUATING, CohortEvent.CANCEL): CohortStatus.CANCELLED,
    (CohortStatus.CANCELLED, CohortEvent.RESTORE): CohortStatus.OPEN,
}


class EnrolmentStatus(StrEnum):
    """The life of one person in one cohort. Re-entry is a new row."""

    APPLIED = "applied"  # waits for a person's decision
    WAITLISTED = "waitlisted"  # accepted, but the cohort is full
    OFFERED = "offered"  # a free seat is held until a deadline
    CONFIRMED = "confirmed"  # has a seat
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    REJECTED = "rejected"  # by a person, never by the machine
    LAPSED = "lapsed"  # the offer or the cohort passed without an answer
    WITHDRAWN = "withdrawn"
    SUBSTITUTED = "substituted"  # a colleague took the seat
    TRANSFERRED = "transferred"  # moved to another cohort


ACCEPTS = frozenset({CohortStatus.OPEN, CohortStatus.CONFIRMED, CohortStatus.RUNNING})
"""Statuses of cohorts that take people in."""

HAS_A_SEAT = frozenset({EnrolmentStatus.CONFIRMED, EnrolmentStatus.COMPLETED, EnrolmentStatus.INCOMPLETE})
"""Statuses of people who take (or took) part."""

LIVE = frozenset(
    {
        EnrolmentStatus.APPLIED,
        EnrolmentStatus.WAITLISTED,
        EnrolmentStatus.OFFERED,
        EnrolmentStatus.CONFIRMED,
    }
)
"""Statuses that may still change; one such row per person and cohort."""


class EnrolmentEvent(StrEnum):
    """What happens to an enrolment."""

    CONFIRM = "confirm"
    WAITLIST = "waitlist"
    OFFER = "offer"
    LAPSE = "lapse"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    SUBSTITUTE = "substitute"
    TRANSFER = "transfer"
    COMPLETE = "complete"
    FALL_SHORT = "fall short"


_E, _V = EnrolmentStatus, EnrolmentEvent
ENROLMENT: Mapping[tuple[EnrolmentStatus, EnrolmentEvent], EnrolmentStatus] = {
    (_E.APPLIED, _V.CONFIRM): _E.CONFIRMED,
    (_E.APPLIED, _V.WAITLIST): _E.WAITLISTED,
    (_E.APPLIED, _V.REJECT): _E.REJECTED,
    (_E.APPLIED, _V.LAPSE): _E.LAPSED,
    (_E.APPLIED, _V.WITHDRAW): _E.WITHDRAWN,
    (_E.APPLIED, _V.TRANSFER): _E.TRANSFERRED,
    (_E.WAITLISTED, _V.OFFER): _E.OFFERED,
    (_E.WAITLISTED, _V.CONFIRM): _E.CONFIRMED,
    (_E.WAITLISTED, _V.REJECT): _E.REJECTED,
    (_E.WAITLISTED, _V.LAPSE): _E.LAPSED,
    (_E.WAITLISTED, _V.WITHDRAW): _E.WITHDRAWN,
    (_E.WAITLISTED, _V.TRANSFER): _E.TRANSFERRED,
    (_E.OFFERED, _V.CONFIRM): _E.CONFIRMED,
    (_E.OFFERED, _V.LAPSE): _E.LAPSED,
    (_E.OFFERED, _V.WAITLIST): _E.WAITLISTED,  # the offer was taken back
    (_E.OFFERED, _V.WITHDRAW): _E.WITHDRAWN,
    (_E.OFFERED, _V.TRANSFER): _E.TRANSFERRED,
    (_E.CONFIRMED, _V.WITHDRAW): _E.WITHDRAWN,
    (_E.CONFIRMED, _V.SUBSTITUTE): _E.SUBSTITUTED,
    (_E.CONFIRMED, _V.TRANSFER): _E.TRANSFERRED,
    (_E.CONFIRMED, _V.COMPLETE): _E.COMPLETED,
    (_E.CONFIRMED, _V.FALL_SHORT): _E.INCOMPLETE,
    (_E.COMPLETED, _V.FALL_SHORT): _E.INCOMPLETE,  # attendance was corrected
    (_E.INCOMPLETE, _V.COMPLETE): _E.COMPLETED,
}


class OfferStatus(StrEnum):
    """The life of an offered seat."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"


class SessionKind(StrEnum):
    """What sort of gathering a session is."""

    DAGDEEL = "dagdeel"
    WERKBEZOEK = "werkbezoek"
    TERUGKOMDAG = "terugkomdag"


class SessionStatus(StrEnum):
    """The life of a gathering."""

    PLANNED = "planned"  # known here, not yet told
    PUBLISHED = "published"  # people were invited
    HELD = "held"
    CANCELLED = "cancelled"


class SessionEvent(StrEnum):
    """What happens to a gathering."""

    PUBLISH = "publish"
    HOLD = "hold"
    CANCEL = "cancel"
    RESTORE = "restore"


SESSION: Mapping[tuple[SessionStatus, SessionEvent], SessionStatus] = {
    (SessionStatus.PLANNED, SessionEvent.PUBLISH): SessionStatus.PUBLISHED,
    (SessionStatus.PLANNED, SessionEvent.CANCEL): SessionStatus.CANCELLED,
    (SessionStatus.PUBLISHED, SessionEvent.HOLD): SessionStatus.HELD,
    (SessionStatus.PUBLISHED, SessionEvent.CANCEL): SessionStatus.CANCELLED,
    (SessionStatus.CANCELLED, SessionEvent.RESTORE): SessionStatus.PLANNED,
}


class Answer(StrEnum):
    """What somebody said to an invitation (RFC 5545 PARTSTAT)."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Via(StrEnum):
    """The door through which an answer came."""

    PAGE = "page"
    CALENDAR = "calendar"
    OPERATOR = "operator"  # by phone, typed in by the operator


class PlanStatus(StrEnum):
    """The life of one version of groups and visits."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class PlanEvent(StrEnum):
    """What happens to a plan."""

    APPROVE = "approve"
    SUPERSEDE = "supersede"


PLAN: Mapping[tuple[PlanStatus, PlanEvent], PlanStatus] = {
    (PlanStatus.PROPOSED, PlanEvent.APPROVE): PlanStatus.APPROVED,
    (PlanStatus.PROPOSED, PlanEvent.SUPERSEDE): PlanStatus.SUPERSEDED,
    (PlanStatus.APPROVED, PlanEvent.SUPERSEDE): PlanStatus.SUPERSEDED,
}


class VisitStatus(StrEnum):
    """The life of one group's visit to one project."""

    PROPOSED = "proposed"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    HELD = "held"
    REPORTED = "reported"
    REFUSED = "refused"
    CANCELLED = "cancelled"


BOOKS_THE_SLOT = frozenset({VisitStatus.ASKED, VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})
"""Statuses in which a host's slot is taken; the database allows one such visit per slot."""


class VisitEvent(StrEnum):
    """What happens to a visit."""

    ASK = "ask"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    HOLD = "hold"
    REPORT = "report"
    CANCEL = "cancel"


_S, _W = VisitStatus, VisitEvent
VISIT: Mapping[tuple[VisitStatus, VisitEvent], VisitStatus] = {
    (_S.PROPOSED, _W.ASK): _S.ASKED,
    (_S.PROPOSED, _W.CANCEL): _S.CANCELLED,
    (_S.ASKED, _W.CONFIRM): _S.CONFIRMED,
    (_S.ASKED, _W.REFUSE): _S.REFUSED,
    (_S.ASKED, _W.CANCEL): _S.CANCELLED,
    (_S.CONFIRMED, _W.REFUSE): _S.REFUSED,  # a host may still have to say no
    (_S.CONFIRMED, _W.CANCEL): _S.CANCELLED,
    (_S.CONFIRMED, _W.HOLD): _S.HELD,
    (_S.HELD, _W.REPORT): _S.REPORTED,
}


class MessageStatus(StrEnum):
    """The life of one owed mail. Every row ends in a visible state with its cause."""

    AWAITING_APPROVAL = "awaiting approval"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"  # accepted by the relay; not: read
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the final dot left, the answer never came
    SKIPPED = "skipped"  # it was no longer true or useful
    CANCELLED = "cancelled"  # a person or a change took it back
    BOUNCED = "bounced"


class MessageEvent(StrEnum):
    """What happens to a message."""

    APPROVE = "approve"
    HOLD = "hold"
    CLAIM = "claim"
    ACCEPT = "accept"
    DEFER = "defer"
    FAIL = "fail"
    LOSE_ANSWER = "lose answer"
    SKIP = "skip"
    CANCEL = "cancel"
    BOUNCE = "bounce"
    SETTLE_ARRIVED = "settle arrived"
    SETTLE_AGAIN = "settle again"


_M, _X = MessageStatus, MessageEvent
MESSAGE: Mapping[tuple[MessageStatus, MessageEvent], MessageStatus] = {
    (_M.AWAITING_APPROVAL, _X.APPROVE): _M.QUEUED,
    (_M.AWAITING_APPROVAL, _X.SKIP): _M.SKIPPED,
    (_M.AWAITING_APPROVAL, _X.CANCEL): _M.CANCELLED,
    (_M.QUEUED, _X.HOLD): _M.AWAITING_APPROVAL,
    (_M.QUEUED, _X.CLAIM): _M.SENDING,
    (_M.QUEUED, _X.SKIP): _M.SKIPPED,
    (_M.QUEUED, _X.CANCEL): _M.CANCELLED,
    (_M.QUEUED, _X.FAIL): _M.FAILED,
    (_M.SENDING, _X.ACCEPT): _M.SENT,
    (_M.SENDING, _X.DEFER): _M.QUEUED,
    (_M.SENDING, _X.FAIL): _M.FAILED,
    (_M.SENDING, _X.LOSE_ANSWER): _M.UNCERTAIN,
    (_M.SENT, _X.BOUNCE): _M.BOUNCED,
    (_M.UNCERTAIN, _X.SETTLE_ARRIVED): _M.SENT,
    (_M.UNCERTAIN, _X.SETTLE_AGAIN): _M.QUEUED,
    (_M.UNCERTAIN, _X.BOUNCE): _M.BOUNCED,
    (_M.UNCERTAIN, _X.SKIP): _M.SKIPPED,
}


class Approval(StrEnum):
    """Who must look before a kind of mail leaves."""

    AUTO = "auto"  # nobody
    FIRST = "first"  # the first of its kind in a cohort; the rest follows
    ALWAYS = "always"  # each one


class RoundStatus(StrEnum):
    """The life of an evaluation round."""

    OPEN = "open"
    CLOSED = "closed"
    RELEASED = "released"
    WITHHELD = "withheld"  # fewer answers than the threshold


class RoundEvent(StrEnum):
    """What happens to an evaluation round."""

    CLOSE = "close"
    RELEASE = "release"
    WITHHOLD = "withhold"


ROUND: Mapping[tuple[RoundStatus, RoundEvent], RoundStatus] = {
    (RoundStatus.OPEN, RoundEvent.CLOSE): RoundStatus.CLOSED,
    (RoundStatus.CLOSED, RoundEvent.RELEASE): RoundStatus.RELEASED,
    (RoundStatus.CLOSED, RoundEvent.WITHHOLD): RoundStatus.WITHHELD,
}


class Presence(StrEnum):
    """Whether somebody was at a gathering."""

    PRESENT = "present"
    PART = "part"
    ABSENT = "absent"


class TaskStatus(StrEnum):
    """The life of something that waits for a person."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"  # no longer needed


class Criterion(StrEnum):
    """How one audience criterion looks; a person decides what that means."""

    MET = "met"
    UNCLEAR = "unclear"
    NOT_MET = "not met"


def after(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """Return the state that follows, or raise TransitionRefused."""
    try:
        return table[state, event]
    except KeyError:
        from vitale_core.domain import moves  # noqa: PLC0415 - its words are about these states

        raise moves.refused(state, event) from None
