"""A server says that a mail did not arrive: find which mail, and do what its reason asks."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Ending, Fault, Stage, judge
from vitale_core.domain.incoming import Bounce
from vitale_core.domain.postmark import is_our_bounce
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.claiming import SETTLE
from vitale_core.steps.post.preparing import tell_failed
from vitale_core.steps.post.relay import let_rest
from vitale_core.steps.post.suppression import bounced
from vitale_core.steps.tasks import close_tasks
from vitale_core.store.records import Attempt, Message, Mime

FOR_GOOD = 5
TELLING = {550, 551, 552, 553, 554}
"""Codes of SMTP that say why, when there is no code of RFC 3463 beside them."""

WENT_ON = {"delivered": "bezorgd", "relayed": "doorgegeven", "expanded": "verdeeld over een lijst"}
"""What a report says of a mail that is not lost (RFC 3464, 2.3.3)."""

REFUSED, TEMPORARY = 550, 450
DAY_FULL = 24  # tries after which a full mailbox has failed; a bounce says that the server gave up


def take_bounce(session: Session, bounce: Bounce, *, now: datetime, bureau: Bureau) -> tuple[str, str]:
    """Apply a delivery report; return (outcome, why). What cannot be tied to a mail of ours is ignored."""
    message = find_bounced(session, bounce, bureau=bureau)
    if message is None:
        return "ignored", "een bericht over een mail die niet van ons is"
    if bounce.action in WENT_ON:
        return "ignored", f"mail {message.id} is {WENT_ON[bounce.action]}"
    if bounce.action == "delayed":
        _note(session, message, "delayed", bounce, now)
        return "ignored", f"mail {message.id} is vertraagd onderweg"
    if not bounce.action:
        _note(session, message, "bounce in words", bounce, now)
        return "task", f"mail {message.id} kwam misschien niet aan; het bericht is in woorden"
    if message.status is MessageStatus.BOUNCED:
        return "ignored", f"mail {message.id}: dit was al bekend"
    return _failed(session, message, bounce, now)


def find_bounced(session: Session, bounce: Bounce, *, bureau: Bureau) -> Message | None:
    """Return the mail that a report is about: by a mark that only we can make, or by its Message-ID."""
    for number, mark in bounce.marks:
        message = session.get(Message, number, with_for_update=True)
        if message is not None and is_our_bounce(number, mark, message.message_id, secret=bureau.secret):
            return message
    return session.scalar(
        select(Message).where(Message.message_id.in_(bounce.message_ids)).limit(1).with_for_update(of=Message)
    )


def _failed(session: Session, message: Message, bounce: Bounce, now: datetime) -> tuple[str, str]:
    ending = _ending(bounce)
    meaning = judge(ending, attempts=DAY_FULL, seed=message.key)
    gave_up = ending.code == TEMPORARY and not meaning.fault
    words = "de ontvangende server gaf het op" if gave_up else meaning.outcome
    _note(session, message, "bounce", bounce, now)
    if message.status in {MessageStatus.SENT, MessageStatus.UNCERTAIN}:
        message.status, message.ended_at = MessageStatus.BOUNCED, now
        told = f"{bounce.status} {bounce.said}".strip()
        message.outcome = f"Niet aangekomen: {words} ({told})." if told else f"Niet aangekomen: {words}."
        close_tasks(session, key_prefix=f"{SETTLE}{message.id}/", by="klok", now=now)
    mime = session.get(Mime, message.id)
    address = mime.recipient if mime else message.person.email
    if meaning.fault is Fault.POLICY and address:
        domain = address.rpartition("@")[2].lower()
        let_rest(session, domain, meaning.domain_rest, bounce.said, strike=True, now=now)
    elif address and meaning.fault is not Fault.OURS:
        bounced(session, message, address, hard=meaning.fault is Fault.ADDRESS, why=words, now=now)
    if meaning.fault is not Fault.ADDRESS:
        tell_failed(session, [message], now=now)
    return "applied", f"mail {message.id}: {words}"


def _ending(bounce: Bounce) -> Ending:
    """Return how the receiving server refused: by its status, else by its SMTP code."""
    if bounce.status:
        code = REFUSED if int(bounce.status[0]) == FOR_GOOD else TEMPORARY
        return Ending(Stage.RCPT, code, f"{bounce.status} {bounce.said}")
    if bounce.code in TELLING:
        return Ending(Stage.RCPT, bounce.code, bounce.said)
    if bounce.code // 100 == FOR_GOOD:
        return Ending(Stage.RCPT, REFUSED, f"5.0.0 {bounce.said}")
    return Ending(Stage.RCPT, TEMPORARY, bounce.said)


def _note(session: Session, message: Message, what: str, bounce: Bounce, now: datetime) -> None:
    session.add(
        Attempt(
            message_id=message.id,
            at=now,
            what=what,
            stage="",
            code=None,
            text=f"{bounce.action} {bounce.status} {bounce.said}".strip(),
        )
    )
