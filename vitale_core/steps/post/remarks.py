"""What an operator wants to remember of a mail or of another action, where it is found and erased with the rest."""

from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import people
from vitale_core.store.records import Attempt, Message, Task


def on_mail(session: Session, number: int, words: str, *, by: str, now: datetime) -> Attempt | None:
    """Keep a remark about a mail; None when there are no words. Raises NotFound."""
    text = people.clean_text(words, longest=500)
    if not text:
        return None
    if session.get(Message, number) is None:
        raise NotFound(f"Mail {number} bestaat niet.", remedy="vitale mail list")
    remark = Attempt(message_id=number, at=now, what="remark", stage="", code=None, text=f"{by}: {text}")
    session.add(remark)
    session.flush()
    return remark


def on_deed(
    session: Session,
    what: str,
    words: str,
    *,
    cohort_id: int,
    by: str,
    now: datetime,
    enrolment_id: int | None = None,
    visit_id: int | None = None,
) -> Task | None:
    """Keep a remark about something the operator did; None when there are no words.

    It is a task that was done at once: so it stands in the log with its name, and goes when the person is erased.
    `what` is one Dutch sentence without names.
    """
    text = people.clean_text(words, longest=500)
    if not text:
        return None
    about = f"{cohort_id}/{enrolment_id or '-'}/{visit_id or '-'}"
    remark = Task(
        key=f"remark/{about}/{now.isoformat()}",
        cohort_id=cohort_id,
        enrolment_id=enrolment_id,
        visit_id=visit_id,
        message_id=None,
        kind="remark",
        what=what,
        command="",
        due_at=None,
        created_at=now,
        status=TaskStatus.DONE,
        closed_at=now,
        closed_by=by,
        note=text,
    )
    session.add(remark)
    session.flush()
    return remark
