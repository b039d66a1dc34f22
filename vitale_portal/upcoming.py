"""Cohorts in the order of what comes next, a page of them at a time.

The moments are walked in order, from now on, until there are enough cohorts: what a page costs does not grow with the
cohorts that exist.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from vitale_core.domain.states import SessionKind, SessionStatus
from vitale_core.store.records import Cohort, CourseSession
from vitale_core.store.records.columns import UtcDateTime

MOST_PAGES = 10_000

_NOW = bindparam("now", type_=UtcDateTime())
_earlier = aliased(CourseSession)
_COHORTS = select(Cohort).where(Cohort.id.in_(bindparam("wanted", expanding=True)))


def page_of(text: str) -> int:
    """Return the number of a page that an address asks for; the first when it says something else."""
    return min(int(text), MOST_PAGES) if text.isdecimal() and 0 < len(text) < 6 and int(text) else 1  # noqa: PLR2004 - digits


def to_begin(*conditions: ColumnElement[bool]) -> Select[tuple[int]]:
    """Return what selects the ids of cohorts whose training did not begin yet, the first to begin first.

    Like the other statements here it is made once and wants `now` when it runs.
    """
    return _in_order((*conditions, CourseSession.kind == SessionKind.DAGDEEL), kinds=(SessionKind.DAGDEEL,))


def to_meet(*conditions: ColumnElement[bool]) -> Select[tuple[int]]:
    """Return what selects the ids of cohorts with something still to come, the nearest first."""
    return _in_order(conditions, _earlier.starts_at > _NOW, kinds=tuple(SessionKind))


def nothing_to_come(*conditions: ColumnElement[bool]) -> Select[tuple[int]]:
    """Return what selects the ids of the cohorts that `to_meet` leaves out."""
    coming = exists().where(
        CourseSession.cohort_id == Cohort.id,
        CourseSession.status != SessionStatus.CANCELLED,
        CourseSession.starts_at > _NOW,
    )
    return select(Cohort.id).where(*conditions, ~coming).order_by(Cohort.id)


def cohorts(session: Session, wanted: Sequence[int]) -> list[Cohort]:
    """Return cohorts, in the order of these ids."""
    found = {cohort.id: cohort for cohort in session.scalars(_COHORTS, {"wanted": wanted})}
    return [found[number] for number in wanted]


def _in_order(
    conditions: Iterable[ColumnElement[bool]], *also: ColumnElement[bool], kinds: tuple[SessionKind, ...]
) -> Select[tuple[int]]:
    """Walk the sessions that come, and take each that is the first of its cohort among these kinds."""
    first = or_(
        _earlier.starts_at < CourseSession.starts_at,
        and_(_earlier.starts_at == CourseSession.starts_at, _earlier.id < CourseSession.id),
    )
    precedes = exists().where(
        _earlier.cohort_id == CourseSession.cohort_id,
        _earlier.status != SessionStatus.CANCELLED,
        _earlier.kind.in_(kinds),
        first,
        *also,
    )
    return (
        select(CourseSession.cohort_id)
        .join(Cohort, Cohort.id == CourseSession.cohort_id)
        .where(CourseSession.starts_at > _NOW, CourseSession.status != SessionStatus.CANCELLED, *conditions, ~precedes)
        .order_by(CourseSession.starts_at, CourseSession.id)
    )
