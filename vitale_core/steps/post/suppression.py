"""Addresses that must not be mailed: kept as a hash, with the score that led to it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.postmark import Score, address_hash, scored
from vitale_core.steps.tasks import owe_task
from vitale_core.store.records import Message, Suppression

ADDRESS = "address/"
NO_MORE = "Naar dit adres gaat geen mail meer"
"""How the outcome of a mail begins that was skipped because its address is blocked."""


def bounced(session: Session, message: Message, address: str, *, hard: bool, why: str, now: datetime) -> bool:
    """Count a bounce against an address; return whether it is blocked now. A person is asked to find a better one."""
    digest = address_hash(address)
    row = session.get(Suppression, digest, with_for_update=True)
    before = Score(row.score, row.last_at, row.active) if row else None
    after = scored(before, hard=hard, now=now)
    if row is None:
        row = Suppression(address_hash=digest, reason=why, score=0.0, since=now, last_at=now, active=False)
        session.add(row)
    if after.blocked and not row.active:
        row.since = now
    row.reason, row.score, row.last_at, row.active = why, after.points, after.last_at, after.blocked
    if after.blocked:
        owe_task(
            session,
            key=f"{ADDRESS}{message.person_id}/",
            kind="address",
            what=(
                f"Mail aan persoon {message.person_id} komt niet aan: {why}. Vraag een ander adres; "
                "werkt dit toch, geef het dan nog eens op."
            ),
            command=f"vitale person correct {message.person_id} --email ADRES",
            cohort_id=message.cohort_id,
            enrolment_id=message.enrolment_id,
            message_id=message.id,
            now=now,
        )
    return after.blocked


def blocked(session: Session, addresses: Iterable[str]) -> dict[str, str]:
    """Return which of these addresses must not be mailed, and why."""
    hashes = {address_hash(address): address for address in addresses}
    rows = session.execute(
        select(Suppression.address_hash, Suppression.reason).where(
            Suppression.address_hash.in_(hashes), Suppression.active
        )
    )
    return {hashes[digest]: reason for digest, reason in rows}


def unblock(session: Session, address: str) -> bool:
    """Mail to this address again, because somebody says it works; return whether it was blocked."""
    row = session.get(Suppression, address_hash(address), with_for_update=True)
    if row is None or not row.active:
        return False
    row.active, row.score = False, 0.0
    return True
