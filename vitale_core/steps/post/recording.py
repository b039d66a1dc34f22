"""Write down what became of claimed mails: marks before the dot, results after it. Many at once, in one transaction.

Every change asks for the token of the claim: who lost it changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from vitale_core.domain.delivery import Decision, Ending, Fault, Stage, Verdict, judge
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.claiming import SETTLE, ClaimedMail, now_uncertain
from vitale_core.steps.post.preparing import tell_failed
from vitale_core.steps.post.relay import domain_took_it, let_rest, relay_answered, relay_failed
from vitale_core.steps.post.suppression import bounced
from vitale_core.steps.tasks import close_tasks
from vitale_core.store.prepared import Prepared, carry_out
from vitale_core.store.records import Attempt, Message

OURS = (MessageStatus.SENDING, MessageStatus.UNCERTAIN)
"""An answer that comes late still counts: it ends the doubt."""


@dataclass(frozen=True)
class Result:
    """One claimed mail and how its conversation ended."""

    mail: ClaimedMail
    ending: Ending

    @cached_property
    def decision(self) -> Decision:
        """Return what that means."""
        return judge(self.ending, attempts=self.mail.attempts, seed=self.mail.key)

    @property
    def is_sent(self) -> bool:
        """Say whether the server accepted the mail."""
        return self.decision.verdict is Verdict.SENT


@dataclass(frozen=True, slots=True)
class Written:
    """What one stroke of the clerk came to: which dots may follow, and whether all results were plain successes."""

    allowed: frozenset[int]
    all_sent: bool


def write_down(
    connection: Connection, results: Sequence[Result], marks: Sequence[ClaimedMail], *, now: datetime
) -> Written:
    """Write down which mails were accepted, and that the final dot of others is about to be sent.

    Not allowed is a dot of whose claim was lost, and of what went stale meanwhile.
    """
    sent = [result for result in results if result.is_sent]
    wanted = [(mail.parcel.id, mail.token) for mail in marks]
    changed, _, marked = carry_out(
        connection,
        (_SENT, [_sent_values(result, now) for result in sent]),
        (
            _ACCEPTED,
            [{"number": r.mail.parcel.id, "at": now, "code": r.ending.code, "said": r.ending.text} for r in sent],
        ),
        (_MARK, [{"number": number, "token": token, "at": now} for number, token in wanted]),
    )
    allowed = frozenset(number for number, _ in wanted)
    if marked != len(wanted):
        # A claim begins without a mark: who has one, has ours.
        mine = tuple_(Message.id, Message.lease_token).in_(wanted)
        found = select(Message.id).where(mine, Message.status == MessageStatus.SENDING, Message.marked_at.is_not(None))
        allowed = frozenset(connection.execute(found).scalars())
    return Written(allowed, changed == len(results))


_MARK = Prepared(
    update(Message.__table__)  # type: ignore[arg-type]
    .where(
        Message.id == bindparam("number"),
        Message.lease_token == bindparam("token"),
        Message.status == MessageStatus.SENDING,
        Message.stale_at > bindparam("at", type_=Message.stale_at.type),
    )
    .values(marked_at=bindparam("at"))
)


def give_back(connection: Connection, mails: Iterable[ClaimedMail]) -> None:
    """Put claimed mails of which nothing was said back in the queue, as they were."""
    wanted = [(mail.parcel.id, mail.token) for mail in mails]
    if wanted:
        connection.execute(
            update(Message)
            .where(tuple_(Message.id, Message.lease_token).in_(wanted), Message.status == MessageStatus.SENDING)
            .values(status=MessageStatus.QUEUED, lease_token=None, lease_until=None, marked_at=None)
        )


def record_rest(session: Session, results: Sequence[Result], *, server: str, now: datetime) -> None:
    """Write down all else about these conversations, and what follows for the server, the domain and the address."""
    sent = [result for result in results if result.is_sent]
    if sent:
        _end_doubt(session, sent, now)
    domain_took_it(session, domains(sent))
    for result in results:
        if not result.is_sent:
            _not_sent(session, result, result.decision, server, now)
    if any(result.ending.stage not in {Stage.CONNECT, Stage.LOGIN} and result.ending.code for result in results) and (
        not any(result.decision.verdict is Verdict.RELAY_FAULT or _about_us(result) for result in results)
    ):
        relay_answered(session, server, now=now)


def domains(results: Iterable[Result]) -> list[str]:
    """Return the receivers' domains, each once."""
    return sorted({result.mail.parcel.domain for result in results})


_ACCEPTED = Prepared(
    insert(Attempt.__table__)  # type: ignore[arg-type]
    .values(
        message_id=bindparam("number"),
        at=bindparam("at"),
        what="accepted",
        stage=Stage.DOT.value,
        code=bindparam("code"),
        text=bindparam("said"),
    )
    .inline()
)

_SENT = Prepared(
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
    if decision.verdict in {Verdict.RELAY_FAULT, Verdict.UNCERTAIN} or _about_us(result):
        # A server that keeps silent after the dot, mail after mail, would make every mail that waits uncertain.
        relay_failed(session, server, ending, now=now)
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
