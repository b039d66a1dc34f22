"""What waits for a person."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import LIVE, TaskStatus
from vitale_core.store.records import Enrolment, Task


def owe_task(  # noqa: PLR0913 - a task points to whatever it is about
    session: Session,
    *,
    key: str,
    kind: str,
    what: str,
    now: datetime,
    command: str = "",
    cohort_id: int | None = None,
    enrolment_id: int | None = None,
    visit_id: int | None = None,
    message_id: int | None = None,
    due_at: datetime | None = None,
) -> Task | None:
    """Put something on the list, once: None while a task with this key is still open."""
    if session.scalar(select(Task.id).where(Task.key == key, Task.status == TaskStatus.OPEN)):
        return None
    task = Task(
        key=key,
        cohort_id=cohort_id,
        enrolment_id=enrolment_id,
        visit_id=visit_id,
        message_id=message_id,
        kind=kind,
        what=what,
        command=command,
        due_at=due_at,
        created_at=now,
        status=TaskStatus.OPEN,
        note="",
    )
    session.add(task)
    session.flush()
    return task


def close_tasks(session: Session, *, key_prefix: str, by: str, now: datetime, note: str = "") -> int:
    """Close the open tasks with this key, and those below it as in a path; return how many there were.

    "seat/1" is not the beginning of "seat/12".
    """
    below = Task.key.startswith(key_prefix.rstrip("/") + "/", autoescape=True)
    query = select(Task).where(or_(Task.key == key_prefix, below), Task.status == TaskStatus.OPEN)
    waiting = session.scalars(query).all()
    for task in waiting:
        task.status, task.closed_at, task.closed_by, task.note = TaskStatus.DONE, now, by, note
    return len(waiting)


def close_tasks_of(
    session: Session, *, cohort_id: int, kind: str, by: str, now: datetime, enrolment_id: int | None = None
) -> int:
    """Close the open tasks of one kind in a cohort (of one enrolment, if given)."""
    query = select(Task).where(Task.cohort_id == cohort_id, Task.kind == kind, Task.status == TaskStatus.OPEN)
    if enrolment_id is not None:
        query = query.where(Task.enrolment_id == enrolment_id)
    waiting = session.scalars(query).all()
    for task in waiting:
        task.status, task.closed_at, task.closed_by = TaskStatus.DONE, now, by
    return len(waiting)


def close_tasks_of_enrolment(session: Session, *, enrolment_id: int, by: str, now: datetime) -> int:
    """Close what waits because of one person who is no longer in."""
    query = select(Task).where(Task.enrolment_id == enrolment_id, Task.status == TaskStatus.OPEN)
    waiting = session.scalars(query).all()
    for task in waiting:
        task.status, task.closed_at, task.closed_by = TaskStatus.DROPPED, now, by
    return len(waiting)


def drop_tasks(session: Session, *, cohort_id: int, kinds: Collection[str], by: str, now: datetime) -> int:
    """Drop the open tasks of these kinds in a cohort; return how many there were."""
    waiting = session.scalars(
        select(Task).where(Task.cohort_id == cohort_id, Task.kind.in_(kinds), Task.status == TaskStatus.OPEN)
    ).all()
    for task in waiting:
        task.status, task.closed_at, task.closed_by = TaskStatus.DROPPED, now, by
    return len(waiting)


def take_up_again(session: Session, *, cohort_id: int, kinds: Collection[str], dropped_at: datetime) -> int:
    """Open the tasks again that were dropped at this moment, but for those of people who left; return how many."""
    dropped = session.scalars(
        select(Task)
        .outerjoin(Enrolment, Task.enrolment_id == Enrolment.id)
        .where(
            Task.cohort_id == cohort_id,
            Task.kind.in_(kinds),
            Task.status == TaskStatus.DROPPED,
            Task.closed_at == dropped_at,
            or_(Task.enrolment_id.is_(None), Enrolment.status.in_(LIVE)),
            Task.key.not_in(select(Task.key).where(Task.cohort_id == cohort_id, Task.status == TaskStatus.OPEN)),
        )
    ).all()
    for task in dropped:
        task.status, task.closed_at, task.closed_by = TaskStatus.OPEN, None, None
    return len(dropped)


def drop_late_tasks(session: Session, *, cohort_id: int, by: str, now: datetime) -> int:
    """Close what nobody can do any more in a cohort that is over; return how many there were."""
    query = select(Task).where(Task.cohort_id == cohort_id, Task.status == TaskStatus.OPEN, Task.due_at <= now)
    waiting = session.scalars(query).all()
    for task in waiting:
        task.status, task.closed_at, task.closed_by = TaskStatus.DROPPED, now, by
    return len(waiting)


def finish_task(session: Session, task_id: int, *, by: str, now: datetime, note: str = "") -> Task:
    """Tick off one task; one that is closed already stays as it was."""
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(f"Taak {task_id} bestaat niet.", remedy="vitale today")
    if task.status is TaskStatus.OPEN:
        task.status, task.closed_at, task.closed_by, task.note = TaskStatus.DONE, now, by, note
    return task
