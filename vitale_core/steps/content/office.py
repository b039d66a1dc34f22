"""What the mails to the operator say."""

from sqlalchemy import select

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import TaskStatus
from vitale_core.steps.content.case import Case, Facts
from vitale_core.store.records import Task


def digest(case: Case) -> Facts:
    """Return what waits for a person, what is late first."""
    waiting = case.session.scalars(
        select(Task).where(Task.cohort_id == case.cohort.id, Task.status == TaskStatus.OPEN).order_by(Task.id)
    ).all()
    if not waiting:
        raise Refused("Er wacht niets meer.")
    tasks = [
        {
            "what": task.what,
            "command": task.command,
            "due": task.due_at,
            "late": task.due_at is not None and task.due_at < case.now,
        }
        for task in sorted(waiting, key=lambda task: (task.due_at is None, task.due_at or case.now, task.id))
    ]
    return {"code": case.cohort.code, "tasks": tasks}


def failure(case: Case) -> Facts:
    """Return which flow failed and under which code its log is."""
    payload = case.message.payload
    return {name: str(payload.get(name) or "") for name in ("flow", "run", "error_code")}
