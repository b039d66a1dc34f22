"""Owe a mail: one row in the ledger, in the transaction of its cause.

The key makes it harmless to owe the same thing twice. What became useless before it could be
owed (an outage, a late approval) is written down as skipped, with the reason.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import agenda, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import Kind
from vitale_core.domain.postmark import message_id
from vitale_core.domain.programme import Programme, Rule, TaskRule
from vitale_core.domain.states import Approval, MessageStatus
from vitale_core.steps import facts as facts_step
from vitale_core.steps import people, tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Message, Person, Task

URGENT = timedelta(hours=24)
"""What concerns something within this time may leave outside office hours."""

BY_RULE = "Volgens het programma "
SHORT = 60
"""Characters of a reason in a list of mails."""


def owe(  # noqa: PLR0913 - a ledger row has that many facts
    session: Session,
    cohort: Cohort | None,
    *,
    kind: Kind,
    person_id: int,
    subject: str,
    why: str,
    at: datetime,
    stale_at: datetime,
    now: datetime,
    bureau: Bureau,
    revision: int = 0,
    key: str | None = None,
    enrolment_id: int | None = None,
    invitation_id: int | None = None,
    about: datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    quiet: timedelta = timedelta(0),
) -> Message | None:
    """Write down one owed mail; None when it was owed before.

    `at` is when the rule wants it, `stale_at` from when it is useless, `about` the moment it
    concerns; `quiet` holds it back a little, so that what follows at once can join it.
    """
    key = key or f"{cohort.id if cohort else 0}/{person_id}/{kind}/{subject}/{revision}"
    if session.scalar(select(Message.id).where(Message.key == key)):
        return None
    stale = stale_at <= now
    not_before = leaves_at(max(at, now) + quiet, about, bureau)
    status = MessageStatus.SKIPPED if stale else MessageStatus.QUEUED
    if not stale and cohort is not None and _needs_approval(session, cohort, programme_of(cohort), kind):
        status = MessageStatus.AWAITING_APPROVAL
    message = Message(
        key=key,
        cohort_id=cohort.id if cohort else None,
        person_id=person_id,
        enrolment_id=enrolment_id,
        invitation_id=invitation_id,
        kind=kind,
        subject=subject,
        revision=revision,
        payload=dict(payload or {}),
        status=status,
        why=why,
        outcome="Het moment was al voorbij toen de klok weer liep." if stale else "",
        created_at=now,
        due_at=at,
        not_before=not_before,
        stale_at=stale_at,
        about_at=about,
        message_id=name_of(session, key, person_id, bureau),
        next_attempt_at=not_before,
        ended_at=now if stale else None,
    )
    session.add(message)
    session.flush()
    return message


def name_of(session: Session, key: str, person_id: int, bureau: Bureau) -> str:
    """Return the Message-ID of the mail with this key to this person.

    The address counts too: after an older copy of the database came back, the number of somebody of whom it never heard
    goes to another person, whose mails are not those that the journal knows.
    """
    domain = bureau.mail_address.rpartition("@")[2]
    address = session.scalar(select(Person.email_key).where(Person.id == person_id))
    return message_id(f"{key} {address or ''}", secret=bureau.secret, domain=domain)


def leaves_at(moment: datetime, about: datetime | None, bureau: Bureau) -> datetime:
    """Return when a mail may leave: in office hours, or at once when it concerns the coming day."""
    if about is not None and timedelta(0) <= about - moment <= URGENT:
        return moment
    return worktime.next_office_moment(moment, bureau.holidays)


def renew(
    message: Message,
    *,
    about: datetime | None,
    stale_at: datetime,
    now: datetime,
    bureau: Bureau,
    quiet: timedelta = timedelta(0),
) -> None:
    """Let a mail that waits concern another moment: it leaves no later than it would, and sooner if that is near."""
    message.about_at, message.stale_at = about, stale_at
    message.not_before = min(message.not_before, leaves_at(max(message.due_at + quiet, now), about, bureau))
    message.next_attempt_at = min(message.next_attempt_at, message.not_before)


def owe_due(
    session: Session, cohort: Cohort, *, steps: Collection[str] | None, now: datetime, bureau: Bureau
) -> list[Message | Task]:
    """Write down everything that the programme's rules owe by now, for these steps (None: all)."""
    if facts_step.load(session, cohort, bureau=bureau).operator == facts_step.NOBODY:
        people.person_for(session, bureau.operator_address, name=bureau.operator_name, now=now)
    made: list[Message | Task] = []
    for owed in facts_step.owed_by(session, cohort, now, bureau=bureau):
        if steps is not None and owed.rule.step not in steps:
            continue
        row: Message | Task | None
        if isinstance(owed.rule, Rule):
            row = _mail(session, cohort, owed.rule, owed, now, bureau)
        else:
            row = _task(session, cohort, owed.rule, owed, now)
        if row is not None:
            made.append(row)
    return made


def why_in_words(owed: agenda.Owed) -> str:
    """Say in Dutch which rule owes something, and from which date it counts."""
    text = f"{BY_RULE}{owed.rule.when.in_words()}: {worktime.moment_in_words(owed.at)}."
    if owed.occasion.about:
        text += f" Het gaat over {worktime.moment_in_words(owed.occasion.about)}."
    return text


def short_why(why: str) -> str:
    """Return the rule without its dates, "2 werkdagen voor de dag"; of another reason its beginning."""
    if why.startswith(BY_RULE):
        return why.removeprefix(BY_RULE).partition(":")[0]
    return why if len(why) <= SHORT else f"{why[: SHORT - 1].rstrip()}…"


def _mail(
    session: Session, cohort: Cohort, rule: Rule, owed: agenda.Owed, now: datetime, bureau: Bureau
) -> Message | None:
    occasion = owed.occasion
    payload = {"nr": rule.nr, "session": occasion.session, "visit": occasion.visit}
    return owe(
        session,
        cohort,
        kind=rule.kind,
        person_id=occasion.person,
        subject=occasion.subject,
        revision=occasion.revision,
        key=owed.key,
        why=why_in_words(owed),
        at=owed.at,
        stale_at=owed.stale_at,
        now=now,
        bureau=bureau,
        enrolment_id=occasion.enrolment,
        about=occasion.about,
        payload={name: value for name, value in payload.items() if value},
    )


def _task(session: Session, cohort: Cohort, rule: TaskRule, owed: agenda.Owed, now: datetime) -> Task | None:
    occasion = owed.occasion
    if owed.stale_at <= now:
        return None
    words = {
        "subject": occasion.subject,
        "enrolment": occasion.enrolment or "",
        "visit": occasion.visit or "",
        "code": cohort.code,
    }
    return tasks.owe_task(
        session,
        key=owed.key,
        kind=rule.kind,
        what=rule.what.format(**words),
        command=rule.command.format(**words),
        cohort_id=cohort.id,
        enrolment_id=occasion.enrolment,
        visit_id=occasion.visit,
        due_at=owed.stale_at,
        now=now,
    )


def _needs_approval(session: Session, cohort: Cohort, programme: Programme, kind: Kind) -> bool:
    policy = programme.approval(kind)
    if policy is Approval.FIRST:
        seen = select(Message.id).where(
            Message.cohort_id == cohort.id, Message.kind == kind, Message.approved_at.is_not(None)
        )
        return session.scalar(seen.limit(1)) is None
    return policy is Approval.ALWAYS
