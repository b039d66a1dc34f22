"""Read a collection of many records with one statement that was made beforehand.

What `selectinload` does, without making the statement anew each time: that takes longer than running it.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, inspect, select
from sqlalchemy.orm import QueryableAttribute, Session
from sqlalchemy.orm.attributes import set_committed_value

from vitale_core.store.records import Cohort, CourseSession

OWNERS: BindParameter[int] = bindparam("owners", expanding=True)
_SESSIONS = (
    select(CourseSession, CourseSession.cohort_id)
    .where(CourseSession.cohort_id.in_(OWNERS))
    .order_by(CourseSession.position)
)


def gather(session: Session, owners: Collection[Any], relation: QueryableAttribute[Any], members: Select[Any]) -> None:
    """Fill the collection `relation` of each owner that does not have it yet.

    `members` selects the records of `OWNERS`, in the order of the collection, with the owner's id behind
    each.
    """
    found: dict[int, list[Any]] = {owner.id: [] for owner in owners if relation.key in inspect(owner).unloaded}
    if not found:
        return
    for member, owner_id in session.execute(members, {"owners": list(found)}):
        found[owner_id].append(member)
    for owner in owners:
        if owner.id in found:
            set_committed_value(owner, relation.key, found[owner.id])


def with_sessions(session: Session, *cohorts: Cohort) -> None:
    """Read the sessions of cohorts."""
    gather(session, cohorts, Cohort.sessions, _SESSIONS)
