"""Write down what became of claimed mails: marks before the dot, results after it. Many at once, in one transaction.

Every change asks for the token of the claim: who lost it changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from vitale_core.domain.delivery import Decision, Ending, Fault, Stage, Verdict, judge
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.claiming import SETTLE, ClaimedMail, now_uncertain
from vitale_core.steps.post.preparing import tell_failed
from vitale_core.steps.post.relay import all_is_well, domain_took_it, let_rest, relay_answered, relay_failed
from vitale_core.steps.post.suppression import bounced
from vitale_core.steps.tasks import close_tasks
from vitale_core.store.records import Attempt, Message

OURS = (MessageStatus.SENDING, MessageStatus.UNCERTAIN)
"""An answer that comes late still counts: it ends the doubt."""


@dataclass(frozen=True, slots=True)
class Result:
    """One claimed mail and how its conversation ended."""

    mail: ClaimedMail
    ending: Ending

    @property
    def decision(self) -> Decision:
        """Return what that means."""
        return judge(self.ending, attempts=self.mail.attempts, seed=self.mail.key)


def mark(session: Session, mails: Sequence[ClaimedMail], *, now: datetime) -> set[int]:
    """Write down that the final dot of these mails is about to be sent; return the ids for which that is allowed.

    Not allowed: whose claim is lost, and what went stale meanwhile.
    """
    numbers: dict[str, list[int]] = {}  # by the token of their claim
    for mail in mails:
        numbers.setdefault(mail.token, []).append(mail.parcel.id)
    connection = session.connection()
    marked: set[int] = set()
    for token, ids in numbers.items():
        marked |= set(connection.execute(_MARK, {"numbers": ids, "token": token, "at": now}).scalars())
    return marked


_MARK = (
    update(Message.__table__)  # type: ignore[arg-type]
    .where(
        Message.id.in_(bindparam("numbers", expanding=True)),
        Message.lease_token == bindparam("token"),
        Message.status == MessageStatus.SENDING,
        Message.stale_at > bindparam("at", type_=Message.stale_at.type),
    )
    .values(marked_at=bindparam("at"))
    .returning(Message.__table__.c.id)
)


def give_back(session: Session, mails: Iterable[ClaimedMail]) -> None:
    """Put claimed mails of which nothing was said back in the queue, as they were."""
    wanted = [(mail.parcel.id, mail.token) for mail in mails]
    if wanted:
        session.execute(
            update(Message)
            .where(tuple_(Message.id, Message.lease_token).in_(wanted), Message.status == MessageStatus.SENDING)
            .values(status=MessageStatus.QUEUED, lease_token=None, lease_until=None, marked_at=None)
            .execution_options(synchronize_session=False)
        )


def record(session: Session, results: Sequence[Result], *, server: str, now: datetime) -> None:
    """Write down how these conversations ended, and what follows from it for the server, the domain and the address."""
    decided = [(result, result.decision) for result in results]
    sent = [result for result, decision in decided if decision.verdict is Verdict.SENT]
    domains = sorted({result.mail.parcel.domain for result in sent})
    if sent:
        _sent(session, sent, now)
    if len(sent) == len(results) and all_is_well(session, server, domains):
        return
    domain_took_it(session, domains)
    for result, decision in decided:
        if decision.verdict is not Verdict.SENT:
            _not_sent(session, result, decision, server, now)
    if any(result.ending.stage not in {Stage.CONNECT, Stage.LOGIN} and result.ending.code for result in results) and (
        not any(decision.verdict is Verdict.RELAY_FAULT or _about_us(result) for result, decision in decided)
    ):
        relay_answered(session, server, now=now)


def _sent(session: Session, results: Sequence[Result], now: datetime) -> None:
    connection = session.connection()
    changed = connection.execute(
        _SENT, [_sent_values(result, now) for result in results], execution_options={"preserve_rowcount": True}
    )
    if changed.rowcount != len(results):
        _end_doubt(session, results, now)
    connection.execute(
        _ACCEPTED,
        [
            {
                "message_id": r.mail.parcel.id,
                "at": now,
                "what": "accepted",
                "stage": Stage.DOT.value,
                "code": r.ending.code,
                "text": r.ending.text,
            }
            for r in results
        ],
    )


_ACCEPTED = insert(Attempt.__table__)  # type: ignore[arg-type]

_SENT = (
    update(Message.__table__)  # type: ignore[arg-type]
    .where(
        Message.id == bindparam("number"),
        Message.lease_token == bindparam("token"),
        Message.status == MessageStatus.SENDING,
    )
    .values(
        status=MessageStatus.SENT,
        attempts=bindparam("tries"),
        smtp_stage=Stage.DOT.value,
        smtp_code=bindparam("code"),
        smtp_text=bindparam("said"),
        outcome="",
        ended_at=bindparam("now"),
        lease_until=None,
    )
)


def _sent_values(result: Result, now: datetime) -> dict[str, object]:
    return {
        "number": result.mail.parcel.id,
        "token": result.mail.token,
        "tries": result.mail.attempts + 1,
        "code": result.ending.code,
        "said": result.ending.text,
        "now": now,
    }


def _end_doubt(session: Session, results: Sequence[Result], now: datetime) -> None:
    """An answer that comes late still counts: the lease was taken back too early, and now it is known."""
    ours = {(result.mail.parcel.id, result.mail.token): result for result in results}
    for message in session.scalars(
        select(Message).where(
            tuple_(Message.id, Message.lease_token).in_(list(ours)), Message.status == MessageStatus.UNCERTAIN
        )
    ):
        result = ours[message.id, message.lease_token or ""]
        message.status, message.ended_at, message.uncertain_at, message.outcome = MessageStatus.SENT, now, None, ""
        message.smtp_stage, message.smtp_code, message.smtp_text = Stage.DOT, result.ending.code, result.ending.text
        _no_doubt(session, message, now)


def _no_doubt(session: Session, message: Message, now: datetime) -> None:
    close_tasks(session, key_prefix=f"{SETTLE}{message.id}/", by="klok", now=now, note="het antwoord kwam alsnog")


def _not_sent(session: Session, result: Result, decision: Decision, server: str, now: datetime) -> None:
    ending = result.ending
    message = session.scalar(
        select(Message)
        .where(Message.id == result.mail.parcel.id, Message.lease_token == result.mail.token, Message.status.in_(OURS))
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    )
    if decision.verdict is Verdict.RELAY_FAULT or _about_us(result):
        relay_failed(session, server, ending.text, now=now)
    if message is None:
        return
    message.smtp_stage, message.smtp_code, message.smtp_text = ending.stage, ending.code, ending.text
    if message.status is MessageStatus.UNCERTAIN and decision.verdict is not Verdict.UNCERTAIN:
        _no_doubt(session, message, now)
    if decision.verdict is Verdict.UNCERTAIN:
        message.lease_until = None
        if message.status is MessageStatus.SENDING:
            now_uncertain(session, message, said=f"{_sentence(decision.outcome)} ({ending.text}).", now=now)
        return
    if decision.verdict is Verdict.FAILED:
        _failed(session, message, result, decision, now)
    else:
        again = decision.verdict is Verdict.AGAIN
        message.status, message.outcome = MessageStatus.QUEUED, f"{_sentence(decision.outcome)}."
        message.lease_token = message.lease_until = message.marked_at = message.uncertain_at = None
        message.attempts = result.mail.attempts + again
        if again:
            message.next_attempt_at = max(now, min(now + decision.wait, message.stale_at))
        what = "deferred" if again else "relay fault"
        _note(session, message, what, ending, now)
    if decision.domain_rest and decision.verdict is not Verdict.FAILED:
        let_rest(session, result.mail.parcel.domain, decision.domain_rest, ending.text, strike=False, now=now)


def _failed(session: Session, message: Message, result: Result, decision: Decision, now: datetime) -> None:
    ending, parcel = result.ending, result.mail.parcel
    message.attempts = result.mail.attempts + 1
    message.status, message.ended_at, message.uncertain_at = MessageStatus.FAILED, now, None
    message.outcome = f"{_sentence(decision.outcome)} ({ending.code} {ending.text})."
    message.lease_token = message.lease_until = None
    _note(session, message, "failed", ending, now)
    if decision.fault is Fault.ADDRESS:
        bounced(session, message, parcel.recipient, hard=True, why=decision.outcome, now=now)
    elif decision.fault is Fault.MAILBOX:
        bounced(session, message, parcel.recipient, hard=False, why=decision.outcome, now=now)
    elif decision.fault is Fault.POLICY:
        let_rest(session, parcel.domain, decision.domain_rest, ending.text, strike=True, now=now)
    if decision.fault is not Fault.ADDRESS:
        tell_failed(session, [message], now=now)


def _about_us(result: Result) -> bool:
    """Say whether the server refused us as a sender: then it will refuse every mail."""
    return result.ending.stage is Stage.MAIL and result.decision.fault is Fault.OURS and result.ending.code != 552  # noqa: PLR2004 - its size


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _note(session: Session, message: Message, what: str, ending: Ending, now: datetime) -> None:
    session.add(
        Attempt(message_id=message.id, at=now, what=what, stage=ending.stage, code=ending.code, text=ending.text)
    )
