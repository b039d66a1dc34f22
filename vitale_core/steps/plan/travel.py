"""Travel times between places: the estimate of the planner, and the operator's corrections of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import places
from vitale_core.domain.errors import Refused
from vitale_core.steps import audit, people
from vitale_core.store.records import Travel

LONGEST = 600
"""Minutes; nobody travels longer for half a day."""
ESTIMATE, CORRECTED, UNKNOWN = "geschat", "verbeterd", "onbekende plaats"

Pair = frozenset[str]
Document = dict[str, Any]


def corrected(session: Session) -> dict[Pair, int]:
    """Return the corrected minutes by pair of places, in either direction."""
    return {pair(row.origin, row.destination): row.minutes for row in session.scalars(select(Travel))}


def pair(origin: str, destination: str) -> Pair:
    """Return two places as one key, whatever the direction and the capitals."""
    return frozenset(" ".join(place.split()).casefold() for place in (origin, destination))


def between(session: Session, origin: str, destination: str) -> Document:
    """Return what the planner takes between two places, and where that comes from; no minutes when nobody knows."""
    known = corrected(session).get(pair(origin, destination))
    minutes = places.minutes(origin, destination) if known is None else known
    source = CORRECTED if known is not None else UNKNOWN if minutes is None else ESTIMATE
    return {"origin": origin, "destination": destination, "minutes": minutes, "source": source}


def corrections(session: Session) -> list[Document]:
    """Return what the operator corrected, by name."""
    rows = session.scalars(select(Travel).order_by(Travel.origin, Travel.destination))
    return [between(session, row.origin, row.destination) for row in rows]


def correct(session: Session, origin: str, destination: str, minutes: int, *, by: str, now: datetime) -> Document:
    """Set the minutes between two places, both ways; 0 goes back to the estimate. Holds from the next proposal on."""
    origin, destination = people.clean_line(origin), people.clean_line(destination)
    if not origin or not destination:
        raise Refused("Noem twee plaatsen.", remedy="vitale host travel Assen Emmen 35")
    if not 0 <= minutes <= LONGEST:
        raise Refused(f"Een reistijd ligt tussen 1 en {LONGEST} minuten; 0 neemt een verbetering terug.")
    here = pair(origin, destination)
    row = next((t for t in session.scalars(select(Travel)) if pair(t.origin, t.destination) == here), None)
    if minutes == 0:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(Travel(origin=origin, destination=destination, minutes=minutes))
    else:
        row.minutes = minutes
    session.flush()
    audit.note(
        session, what="travel time corrected", actor=by, object_kind="travel", detail={"minutes": minutes}, now=now
    )
    return between(session, origin, destination)
