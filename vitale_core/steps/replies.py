"""Answers to invitations, by page, by calendar or by phone: newest wins, history is kept.

An answer changes an answer and nothing else. What cannot be applied with certainty becomes a
task for the operator, never a guess.
"""

from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import Answer, SessionKind, Via
from vitale_core.steps import tasks
from vitale_core.steps.audit import CLOCK
from vitale_core.steps.people import clean_text
from vitale_core.store.records import Invitation, Reply

ANSWERS = {"accepted": Answer.ACCEPTED, "declined": Answer.DECLINED, "tentative": Answer.TENTATIVE}
FOR_A_PERSON = {
    "delegated": "de genodigde stuurt iemand anders",
    "counter": "de genodigde stelt een ander moment voor",
    "refresh": "de genodigde vraagt de afspraak nog eens",
}
"""What a calendar can send back that only a person can decide about."""


class CalendarReply(Protocol):
    """What a calendar part of an incoming mail says (see `adapters.replies`)."""

    @property
    def uid(self) -> str:
        """The UID it answers."""
        ...

    @property
    def attendee(self) -> str:
        """The bare address that answers."""
        ...

    @property
    def partstat(self) -> str:
        """What it says, in lower case."""
        ...

    @property
    def sequence(self) -> int | None:
        """The version it answers, if it says so."""
        ...

    @property
    def stamp(self) -> datetime | None:
        """When it was made, if it says so."""
        ...

    @property
    def comment(self) -> str:
        """What was written with it."""
        ...


def answer(
    session: Session,
    invitation: Invitation,
    given: Answer,
    *,
    via: Via,
    now: datetime,
    bureau: Bureau,
    comment: str = "",
) -> Reply:
    """Record an answer given on the page or by phone; it may be changed until the session begins."""
    del bureau
    if invitation.cancelled_at is not None:
        raise Refused("Deze afspraak gaat niet door.", remedy="Kijk op je pagina voor de nieuwe afspraak.")
    begins = invitation.session.starts_at
    if begins is not None and begins <= now and via is not Via.OPERATOR:
        raise Refused(f"Deze afspraak begon al op {worktime.moment_in_words(begins)}.")
    reply = _record(
        session, invitation, given, via=via, now=now, sequence=invitation.sequence, stamp=now, comment=comment
    )
    _apply(session, invitation, reply, now)
    return reply


def apply_reply(  # noqa: PLR0911 - one exit per reason not to apply it
    session: Session, reply: CalendarReply, *, sender: str, now: datetime, bureau: Bureau
) -> tuple[str, str]:
    """Apply what a calendar sent back; return ("applied" | "task" | "ignored", why in Dutch).

    `sender` is the address in From. The rules are those of the iTIP and iMIP texts: UID, one
    attendee equal to the invited address, sequence before stamp, and nothing but the answer.
    """
    del bureau
    invitation = session.scalar(select(Invitation).where(Invitation.uid == reply.uid))
    if invitation is None:
        return _ask_operator(session, None, "onbekende afspraak", reply, now)
    for doubt, is_so in (
        ("antwoord van een ander adres dan uitgenodigd", _differs(reply.attendee, invitation.address)),
        ("afzender is niet de genodigde", _differs(sender, invitation.address)),
        ("antwoord op een versie die nog niet bestaat", (reply.sequence or 0) > invitation.sequence),
        ("antwoord zonder versie en zonder tijd", _says_no_version(reply) and invitation.sequence > 0),
        (FOR_A_PERSON.get(reply.partstat, "dit antwoord kennen we niet"), reply.partstat not in ANSWERS),
    ):
        if is_so:
            return _ask_operator(session, invitation, doubt, reply, now)
    given = ANSWERS[reply.partstat]
    sequence = _answered_version(reply, invitation)
    stamp = min(reply.stamp, now) if reply.stamp else None  # a clock that runs ahead must not win for ever
    known = session.scalar(
        select(Reply.id).where(
            Reply.invitation_id == invitation.id,
            Reply.via == Via.CALENDAR,
            Reply.answer == given,
            Reply.stamp.is_(None) if stamp is None else Reply.stamp == stamp,
            Reply.sequence == sequence,
        )
    )
    if known is not None:
        return "ignored", "dit antwoord was er al"
    row = _record(
        session,
        invitation,
        given,
        via=Via.CALENDAR,
        now=now,
        sequence=sequence,
        stamp=stamp,
        comment=reply.comment,
    )
    if invitation.cancelled_at is not None:
        row.why = "de afspraak was al vervallen"
        return "ignored", row.why
    if sequence < invitation.sequence:
        row.why = f"antwoord op versie {sequence}; nu geldt versie {invitation.sequence}"
        return "ignored", row.why
    if _is_older(stamp, sequence, invitation):
        row.why = "er was al een nieuwer antwoord"
        return "ignored", row.why
    _apply(session, invitation, row, now)
    return "applied", f"antwoord '{labels.of_state(given)}' op versie {sequence}"


def _says_no_version(reply: CalendarReply) -> bool:
    return reply.sequence is None and reply.stamp is None


def _answered_version(reply: CalendarReply, invitation: Invitation) -> int:
    """Return which version was answered; without SEQUENCE the stamp tells (some clients echo none)."""
    if reply.sequence is not None:
        return reply.sequence
    if reply.stamp is not None and reply.stamp >= invitation.stamp:
        return invitation.sequence
    return 0


def _is_older(stamp: datetime | None, sequence: int, invitation: Invitation) -> bool:
    """Say whether the answer that counts is newer than this one; one without a time is the newest."""
    if stamp is None or invitation.answer_sequence is None or invitation.answer_stamp is None:
        return False
    return invitation.answer_sequence >= sequence and stamp < invitation.answer_stamp


def _differs(address: str, invited: str | None) -> bool:
    return address.strip().casefold() != (invited or "").strip().casefold()


def _record(
    session: Session,
    invitation: Invitation,
    given: Answer,
    *,
    via: Via,
    now: datetime,
    sequence: int,
    stamp: datetime | None,
    comment: str,
) -> Reply:
    row = Reply(
        invitation_id=invitation.id,
        answer=given,
        sequence=sequence,
        stamp=stamp,
        via=via,
        received_at=now,
        comment=_short(comment),
        applied=False,
        why="",
    )
    session.add(row)
    session.flush()
    return row


def _short(comment: str) -> str:
    return clean_text(comment[:1000])


def _apply(session: Session, invitation: Invitation, row: Reply, now: datetime) -> None:
    changed = invitation.answer is not row.answer
    invitation.answer = row.answer
    invitation.answer_sequence, invitation.answer_stamp = row.sequence, row.stamp or now
    invitation.answered_at, invitation.answer_via = now, row.via
    row.applied = True
    if changed and row.answer is Answer.DECLINED:
        ask_to_look(session, invitation, now)
    elif changed:
        tasks.close_tasks(session, key_prefix=f"declined/{invitation.id}", by=CLOCK, now=now, note="Komt nu wel.")
    _no_longer_silent(session, invitation, now)


def _no_longer_silent(session: Session, invitation: Invitation, now: datetime) -> None:
    """Nobody needs to call who answered everything."""
    session.flush()
    open_ones = select(Invitation.id).where(
        Invitation.enrolment_id == invitation.enrolment_id,
        Invitation.cancelled_at.is_(None),
        Invitation.answer == Answer.NEEDS_ACTION,
    )
    if invitation.enrolment_id is not None and session.scalar(open_ones.limit(1)) is None:
        tasks.close_tasks_of(
            session,
            cohort_id=invitation.cohort_id,
            kind="rsvp-silent",
            by=CLOCK,
            now=now,
            enrolment_id=invitation.enrolment_id,
        )


def ask_to_look(session: Session, invitation: Invitation, now: datetime) -> None:
    """Ask the operator to look at who cannot come."""
    meeting, enrolment = invitation.session, invitation.enrolment_id
    if enrolment is None:
        who, kind, command = "De gastheer", "declined", f"vitale visit list {meeting.cohort.code}"
    elif meeting.kind is SessionKind.WERKBEZOEK:  # the planner looks for the least change, and says so in this task
        who, kind, command = f"Deelnemer {enrolment}", "declined-visit", f"vitale groups show {meeting.cohort.code}"
    else:
        who, kind, command = f"Deelnemer {enrolment}", "declined", f"vitale person show {enrolment}"
    when = f" op {worktime.moment_in_words(meeting.starts_at)}" if meeting.starts_at else ""
    tasks.owe_task(
        session,
        key=f"declined/{invitation.id}/{invitation.sequence}",
        kind=kind,
        what=f"{who} kan niet bij {meeting.name}{when}.",
        command=command,
        cohort_id=invitation.cohort_id,
        enrolment_id=enrolment,
        due_at=meeting.starts_at,
        now=now,
    )


def _ask_operator(
    session: Session, invitation: Invitation | None, doubt: str, reply: CalendarReply, now: datetime
) -> tuple[str, str]:
    number = invitation.id if invitation else 0
    tasks.owe_task(
        session,
        key=f"reply/{number}/{doubt}/{reply.partstat}/{reply.sequence}",
        kind="reply",
        what=f"Een antwoord uit een agenda is niet zeker: {doubt}.",
        command="vitale mail inbox",
        cohort_id=invitation.cohort_id if invitation else None,
        enrolment_id=invitation.enrolment_id if invitation else None,
        now=now,
    )
    return "task", doubt
