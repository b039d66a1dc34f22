"""The facts in a letter: what each kind of mail says, looked up at the moment it is made.

Plain values only (strings, moments in UTC, numbers, lists, dicts), so that a template can do nothing but show them.
What must stay as it was when the mail was owed stands in `message.payload`; the rest is as it is now.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import Kind
from vitale_core.steps.content import calendar, evaluation, intake, office, terugkomdag, training, werkbezoek
from vitale_core.steps.content.case import Case, Facts
from vitale_core.store.records import Message

_FACTS: Mapping[Kind, Callable[[Case], Facts]] = {
    Kind.RECEIPT: intake.receipt,
    Kind.SEAT_CONFIRMED: intake.seat_confirmed,
    Kind.WAITLISTED: intake.waitlisted,
    Kind.SEAT_OFFER: intake.offer,
    Kind.OFFER_LAPSED: intake.offer,
    Kind.LIST_CLOSED: intake.ended,
    Kind.REJECTED: intake.ended,
    Kind.INTAKE_REQUEST: intake.questions,
    Kind.INTAKE_REMINDER: intake.questions,
    Kind.WITHDRAWN: intake.ended,
    Kind.SUBSTITUTED: intake.substituted,
    Kind.TRANSFERRED: intake.transferred,
    Kind.COHORT_CANCELLED: intake.cohort_cancelled,
    Kind.OVERVIEW: calendar.overview,
    Kind.CALENDAR_INVITATION: calendar.event,
    Kind.CALENDAR_UPDATE: calendar.event,
    Kind.CALENDAR_CANCEL: calendar.event,
    Kind.CHANGES: calendar.changes,
    Kind.RSVP_REMINDER: calendar.rsvp_reminder,
    Kind.PREPARATION: training.preparation,
    Kind.REMINDER: training.reminder,
    Kind.PARTICIPANT_LIST: training.participant_list,
    Kind.DIGEST: office.digest,
    Kind.FAILURE: office.failure,
    Kind.GROUP_PROPOSAL: werkbezoek.proposal,
    Kind.HOST_REQUEST: werkbezoek.visit,
    Kind.HOST_REMINDER: werkbezoek.visit,
    Kind.HOST_DETAILS: werkbezoek.visit,
    Kind.HOST_VISIT_REMINDER: werkbezoek.visit,
    Kind.HOST_THANKS: werkbezoek.visit,
    Kind.HOST_CANCELLED: werkbezoek.visit,
    Kind.VISIT_REPORT_REQUEST: werkbezoek.visit,
    Kind.VISIT_REPORT_REMINDER: werkbezoek.visit,
    Kind.DATE_POLL: terugkomdag.poll,
    Kind.POLL_REMINDER: terugkomdag.poll,
    Kind.DIRECT_EVALUATION: evaluation.direct,
    Kind.DIRECT_REMINDER: evaluation.direct,
    Kind.TRANSFER_EVALUATION: evaluation.transfer,
    Kind.TRANSFER_REMINDER: evaluation.transfer,
    Kind.CERTIFICATE: evaluation.certificate,
    Kind.CERTIFICATE_REVOKED: evaluation.certificate,
}


def content(session: Session, message: Message, *, now: datetime, bureau: Bureau, secret: bytes) -> Facts:
    """Return the facts of one message: those of every mail, and those of its kind.

    Needs a session that may write: a link is made when somebody gets their first. Raises Refused when there is nothing
    to say any more.
    """
    case = Case(session, message, now=now, bureau=bureau, secret=secret)
    return {**case.common(), **_FACTS[case.kind](case)}
