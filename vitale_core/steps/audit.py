"""Write down who did what. Append-only; each row carries the hash of the one before in its cohort.

A chain for each cohort, and one for what belongs to none: two cohorts never wait for each other.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from vitale_core.store.database import lock_chain
from vitale_core.store.records import AuditEvent

CLOCK = "klok"
"""The actor of what happens by itself."""


def note(
    session: Session,
    *,
    what: str,
    actor: str,
    now: datetime,
    cohort_id: int | None = None,
    object_kind: str = "",
    object_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add one row. `detail` holds ids, dates and states; never names, addresses or answers."""
    lock_chain(session, cohort_id)
    newest = select(AuditEvent.digest).where(_chain(cohort_id)).order_by(AuditEvent.id.desc()).limit(1)
    previous = session.scalar(newest) or ""
    event = AuditEvent(
        at=now,
        actor=actor,
        cohort_id=cohort_id,
        what=what,
        object_kind=object_kind,
        object_id=object_id,
        detail=dict(detail or {}),
        previous=previous,
        digest="",
    )
    event.digest = digest_of(event)
    session.add(event)
    session.flush()
    return event


def digest_of(event: AuditEvent) -> str:
    """Return the sha256 that a row must carry."""
    text = json.dumps(
        [
            event.previous,
            event.at.astimezone(UTC).isoformat(),
            event.actor,
            event.cohort_id,
            event.what,
            event.object_kind,
            event.object_id,
            event.detail,
        ],
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def broken_links(session: Session) -> list[int]:
    """Return the ids of rows that were changed, or whose predecessor is gone."""
    broken = []
    previous: dict[int | None, str] = {}
    rows = select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)
    for event in session.scalars(rows):
        if event.previous != previous.get(event.cohort_id, "") or event.digest != digest_of(event):
            broken.append(event.id)
        previous[event.cohort_id] = event.digest
    return broken


def _chain(cohort_id: int | None) -> ColumnElement[bool]:
    return AuditEvent.cohort_id.is_(None) if cohort_id is None else AuditEvent.cohort_id == cohort_id
