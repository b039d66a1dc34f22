"""Keep every person's calendar equal to the cohort's truth: REQUEST, update, CANCEL.

One invitation row is one UID: one person, one session, one assignment. SEQUENCE rises with every
changed REQUEST and with the CANCEL, DTSTAMP is newer on every message (RFC 5546, 2.1.4). What was
never sent is changed in place or taken back, also a CANCEL; a cancellation that somebody may have heard of is never
revived: a new UID comes instead.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import Answer, MessageStatus
from vitale_core.steps import audit, ledger, replies, tasks
from vitale_core.steps.expected import CalendarText, Expected, expected
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Invitation, Json, Message, Reply

STEP = "invitations"
WAITING = (MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL)


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Bring the calendars up to date and owe the mails of this step."""
    cohort = lock_cohort(session, cohort.id)
    sync(session, cohort, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def sync(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> list[Message]:
    """Compare every calendar with the truth and owe what is missing; running it again owes nothing."""
    session.flush()
    wanted = {(e.session.id, e.person.id): e for e in expected(session, cohort, now=now, bureau=bureau)}
    active = session.scalars(
        select(Invitation)
        .where(Invitation.cohort_id == cohort.id, Invitation.cancelled_at.is_(None))
        .order_by(Invitation.id)
    ).all()
    made: list[Message | None] = []
    for invitation in active:
        want = wanted.pop((invitation.session_id, invitation.person_id), None)
        if want is None:
            if not _is_over(invitation.session, now):
                made.append(_cancel(session, cohort, invitation, now=now, bureau=bureau))
        elif invitation.address != want.person.email or invitation.enrolment_id != _id(want.enrolment):
            made.append(_cancel(session, cohort, invitation, now=now, bureau=bureau))
            made.append(_invite(session, cohort, want, now=now, bureau=bureau))
        elif invitation.digest != want.text.digest:
            made.append(_update(session, cohort, invitation, want.text, now=now, bureau=bureau))
    made.extend(_ask(session, cohort, want, now=now, bureau=bureau) for want in wanted.values())
    return [message for message in made if message is not None]


def _id(enrolment: Enrolment | None) -> int | None:
    return enrolment.id if enrolment else None


def _is_over(meeting: CourseSession, now: datetime) -> bool:
    return meeting.ends_at is not None and meeting.ends_at <= now


def _ask(session: Session, cohort: Cohort, want: Expected, *, now: datetime, bureau: Bureau) -> Message | None:
    """Invite, unless the calendar still holds the appointment because its CANCEL never left."""
    last = session.scalar(
        select(Invitation)
        .where(Invitation.session_id == want.session.id, Invitation.person_id == want.person.id)
        .order_by(Invitation.id.desc())
        .limit(1)
    )
    same = last and (last.address, last.enrolment_id) == (want.person.email, _id(want.enrolment))
    unsent = _unsent(session, last) if last and same else None
    if last is None or unsent is None or unsent.kind != Kind.CALENDAR_CANCEL:
        return _invite(session, cohort, want, now=now, bureau=bureau)
    last.cancelled_at = None
    seen = _take_back(session, last, unsent, now)
    last.sent_event = {part: seen.payload[part] for part in last.sent_event}
    if last.sent_event != want.text.document():
        return _update(session, cohort, last, want.text, now=now, bureau=bureau)
    last.digest = want.text.digest
    return None


def _invite(session: Session, cohort: Cohort, want: Expected, *, now: datetime, bureau: Bureau) -> Message | None:
    earlier = select(func.count()).where(
        Invitation.session_id == want.session.id, Invitation.person_id == want.person.id
    )
    assignment = session.scalar(earlier) or 0
    invitation = Invitation(
        cohort_id=cohort.id,
        session_id=want.session.id,
        person_id=want.person.id,
        enrolment_id=_id(want.enrolment),
        address=want.person.email,
        uid=_uid(bureau, cohort.id, want.session.id, want.person.id, assignment),
        sequence=0,
        stamp=now.replace(microsecond=0),
        digest=want.text.digest,
        sent_event=want.text.document(),
        answer=Answer.NEEDS_ACTION,
    )
    session.add(invitation)
    session.flush()
    return _owe(session, cohort, invitation, Kind.CALENDAR_INVITATION, want.session, now=now, bureau=bureau)


def _update(
    session: Session, cohort: Cohort, invitation: Invitation, text: CalendarText, *, now: datetime, bureau: Bureau
) -> Message | None:
    before = invitation.sent_event
    invitation.digest, invitation.sent_event = text.digest, text.document()
    moved = any(before[part] != invitation.sent_event[part] for part in ("start", "end", "location"))
    if moved:
        invitation.answer = Answer.NEEDS_ACTION  # what was said is kept in the replies
        _forget_decline(session, invitation, now)
    unsent = _unsent(session, invitation)
    if unsent is not None and unsent.payload.get("before") == invitation.sent_event:
        _take_back(session, invitation, unsent, now)
        return None
    if unsent is not None:
        unsent.payload = _payload(invitation, invitation.session.name, unsent.payload.get("before"))
        about = _nearest(invitation.sent_event, unsent.payload.get("before"), now)
        ledger.renew(unsent, about=about, stale_at=text.end, now=now, bureau=bureau)
        return None
    _raise(invitation, now)
    return _owe(
        session, cohort, invitation, Kind.CALENDAR_UPDATE, invitation.session, now=now, bureau=bureau, before=before
    )


def _cancel(
    session: Session, cohort: Cohort, invitation: Invitation, *, now: datetime, bureau: Bureau
) -> Message | None:
    unsent = _unsent(session, invitation)
    invitation.cancelled_at = now
    _forget_decline(session, invitation, now)
    if unsent is not None:
        unsent.status, unsent.ended_at = MessageStatus.CANCELLED, now
        unsent.outcome = "De afspraak verviel voordat de uitnodiging vertrok."
        if unsent.kind == Kind.CALENDAR_INVITATION:
            return None  # nobody ever heard of it
    _raise(invitation, now)
    return _owe(session, cohort, invitation, Kind.CALENDAR_CANCEL, invitation.session, now=now, bureau=bureau)


def _forget_decline(session: Session, invitation: Invitation, now: datetime) -> None:
    """Nobody needs to look any more at who could not come at a moment that is no more."""
    key = f"declined/{invitation.id}"
    tasks.close_tasks(session, key_prefix=key, by=audit.CLOCK, now=now, note="De afspraak is veranderd.")


def _unsent(session: Session, invitation: Invitation) -> Message | None:
    """Return the invitation's newest mail if it certainly never left; it is ours until we commit."""
    newest = session.scalar(_mails_of(invitation).limit(1).with_for_update())
    if newest is not None and newest.status in WAITING and newest.attempts == 0:
        return newest
    return None


def _take_back(session: Session, invitation: Invitation, unsent: Message, now: datetime) -> Message:
    """Forget a change that nobody saw and that is no longer one; what was answered before it holds again.

    Returns the mail that a calendar saw last.
    """
    unsent.status, unsent.ended_at = MessageStatus.CANCELLED, now
    unsent.outcome = "De wijziging is teruggedraaid voordat iemand ervan hoorde."
    earlier = session.scalars(_mails_of(invitation).where(Message.id < unsent.id)).all()
    seen = next((mail for mail in earlier if mail.status is not MessageStatus.CANCELLED), earlier[0])
    invitation.sequence = seen.payload["sequence"]
    invitation.stamp = datetime.fromisoformat(seen.payload["stamp"])
    answered = session.scalar(
        select(Reply)
        .where(Reply.invitation_id == invitation.id, Reply.applied, Reply.sequence == invitation.sequence)
        .order_by(Reply.id.desc())
        .limit(1)
    )
    invitation.answer = answered.answer if answered else Answer.NEEDS_ACTION
    if invitation.answer is Answer.DECLINED:
        replies.ask_to_look(session, invitation, now)
    return seen


def _mails_of(invitation: Invitation) -> Select[tuple[Message]]:
    """Select the calendar mails of an invitation, newest first."""
    kinds = [str(kind) for kind in CALENDAR]
    return (
        select(Message)
        .where(Message.invitation_id == invitation.id, Message.kind.in_(kinds))
        .order_by(Message.id.desc())
    )


def _raise(invitation: Invitation, now: datetime) -> None:
    invitation.sequence += 1
    # In whole seconds, as a calendar writes it: an answer that repeats it must not look older.
    invitation.stamp = max(now.replace(microsecond=0), invitation.stamp + timedelta(seconds=1))


def _owe(
    session: Session,
    cohort: Cohort,
    invitation: Invitation,
    kind: Kind,
    meeting: CourseSession,
    *,
    now: datetime,
    bureau: Bureau,
    before: Json | None = None,
) -> Message | None:
    end = datetime.fromisoformat(invitation.sent_event["end"])
    earlier = select(func.count()).where(Message.invitation_id == invitation.id)
    return ledger.owe(
        session,
        cohort,
        kind=kind,
        person_id=invitation.person_id,
        subject=f"invitation-{invitation.id}",
        revision=session.scalar(earlier) or 0,
        why=f"De agenda moet gelijk zijn aan de afspraak '{meeting.name}', versie {invitation.sequence}.",
        at=now,
        stale_at=max(end, now + timedelta(days=7)) if kind is Kind.CALENDAR_CANCEL else end,
        now=now,
        bureau=bureau,
        enrolment_id=invitation.enrolment_id,
        invitation_id=invitation.id,
        about=_nearest(invitation.sent_event, before, now),
        payload=_payload(invitation, meeting.name, before),
    )


def _nearest(event: Json, before: Json | None, now: datetime) -> datetime:
    """Return the first moment it concerns that is still to come: the new start, or the old one."""
    starts = [datetime.fromisoformat(known["start"]) for known in (event, before) if known]
    return min([start for start in starts if start > now], default=starts[0])


def _payload(invitation: Invitation, session_name: str, before: Json | None) -> Json:
    return {
        "uid": invitation.uid,
        "sequence": invitation.sequence,
        "stamp": invitation.stamp.isoformat(),
        **invitation.sent_event,
        "address": invitation.address,
        "session_name": session_name,
        "session": invitation.session_id,
        "host": invitation.enrolment_id is None,
        "before": before,
    }


def _uid(bureau: Bureau, *parts: int) -> str:
    text = "uid:" + ":".join(map(str, parts))
    token = hmac.new(bureau.secret, text.encode(), hashlib.sha256).hexdigest()[:40]
    return f"{token}@{bureau.mail_address.rpartition('@')[2]}"
