"""Tasks that cannot help any more: whom to call about a day that is over, who goes with whom when all days are past.

They are dropped by themselves, with a line in the log; an attendance list or a choice that is late stays.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import agenda
from vitale_core.domain.audiences import AUDIENCES
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.programme import TaskRule
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import audit, facts
from vitale_core.store.records import Cohort, Task

CALLS = frozenset({"silent_on_intake", "silent_on_rsvp", "asked_hosts"})
"""Whom a programme's task asks to call: who answers, or leaves, needs no call any more."""

UNTIL_THE_MEETING = frozenset({"declined", "declined-visit"})
UNTIL_THE_LAST_DAY = frozenset({"seat-free", "propose-groups", "groups-approve", "groups-stuck", "no-hosts"})
TOLD = "Kan niet meer helpen."


def drop(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> int:
    """Drop what cannot help any more; return how many there were. A task whose day moved gets its new last moment."""
    waiting = session.scalars(
        select(Task).where(Task.cohort_id == cohort.id, Task.status == TaskStatus.OPEN).order_by(Task.id)
    ).all()
    if not waiting:
        return 0
    known = facts.load(session, cohort, bureau=bureau)
    calls = {rule.kind: rule for rule in known.programme.tasks if rule.to in CALLS}
    dropped = 0
    for task in waiting:
        if task.kind in calls:
            until = _helps_until(known, calls[task.kind], task)
        elif task.kind in UNTIL_THE_MEETING:
            until = task.due_at
        elif task.kind in UNTIL_THE_LAST_DAY:
            until = shared_anchors(known)["last_day"]
        else:
            continue
        if until is not None and until > now:
            task.due_at = until if task.kind in calls else task.due_at
        elif until is not None:
            _drop(session, task, now)
            dropped += 1
    return dropped


def _helps_until(known: CohortFacts, rule: TaskRule, task: Task) -> datetime | None:
    """Return until when a call helps: long ago for who is not silent any more."""
    about = task.key.rpartition("/")[0]  # a day that moved is another revision of the same thing
    for occasion in AUDIENCES[rule.to].occasions(known):
        if agenda.key_of(known, rule, occasion).rpartition("/")[0] == about:
            named = {**shared_anchors(known), **occasion.anchors}
            anchors = {name: moment for name, moment in named.items() if moment is not None}
            return rule.stale.on(anchors, known.holidays, known.zone) or task.due_at
    return task.created_at - timedelta(seconds=1)


def _drop(session: Session, task: Task, now: datetime) -> None:
    task.status, task.closed_at, task.closed_by, task.note = TaskStatus.DROPPED, now, audit.CLOCK, TOLD
    audit.note(
        session,
        what="task dropped",
        actor=audit.CLOCK,
        cohort_id=task.cohort_id,
        object_kind="task",
        object_id=task.id,
        detail={"kind": task.kind},
        now=now,
    )
