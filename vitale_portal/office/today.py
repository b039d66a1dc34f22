"""The operator's first page: what needs a person today, and every cohort."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload
from starlette.responses import Response

from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import (
    HAS_A_SEAT,
    CohortStatus,
    MessageStatus,
    SessionStatus,
    TaskStatus,
    VisitStatus,
)
from vitale_core.steps import tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, Person, Task, Visit
from vitale_portal import upcoming
from vitale_portal.doors import Call
from vitale_portal.office.deeds import by, deed, note

ENDED = (CohortStatus.CLOSED, CohortStatus.CANCELLED)
TROUBLE = (MessageStatus.FAILED, MessageStatus.UNCERTAIN, MessageStatus.BOUNCED)
MOST_COHORTS = 30
MOST_TASKS = 60
MOST_LINES = 20
MOST_MAILS = 15

_SKIPPED = bindparam("skipped", type_=Integer)
_LIVE = Cohort.status.not_in(ENDED)
_TO_MEET = upcoming.to_meet(_LIVE).offset(_SKIPPED).limit(MOST_COHORTS + 1)
_NOTHING_TO_COME = upcoming.nothing_to_come(_LIVE).offset(_SKIPPED).limit(MOST_COHORTS + 1)
_OVER = (
    select(Cohort.id)
    .where(Cohort.status.in_(ENDED))
    .order_by(Cohort.id.desc())
    .offset(_SKIPPED)
    .limit(MOST_COHORTS + 1)
)
PAGES = {
    "decide": "mensen",
    "go-or-no-go": "doorgaan",
    "propose-groups": "plan",
    "approve-groups": "plan",
    "no-hosts": "gastheren",
    "host-silent": "gastheren",
    "other-date": "gastheren",
    "host-look-back": "gastheren",
    "visit-attendance": "gastheren",
    "visit-unanswered": "gastheren",
    "choose-date": "evaluatie",
    "attendance": "evaluatie",
}
"""Which page of a cohort helps with a kind of task; a task about somebody leads to that person."""


SAME = 3
"""So many tasks of one kind in one cohort are shown as one, with the names."""

TOGETHER = {
    "decide": "Beslis over {} aanmeldingen.",
    "intake-silent": "{} deelnemers vulden na twee herinneringen de intake niet in. Bel even.",
    "rsvp-silent": "{} deelnemers antwoordden nog niet op de uitnodiging. Bel even.",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of what waits: a task, or several of one kind. `people` are enrolment ids with names."""

    tasks: tuple[Task, ...]
    what: str
    code: str
    people: tuple[tuple[int, str], ...]
    late: bool

    @property
    def first(self) -> Task:
        """The task itself, or the first of several."""
        return self.tasks[0]

    @property
    def page(self) -> str:
        """The page that helps."""
        return page_of(self.first, self.code)


@dataclass(frozen=True, slots=True)
class Row:
    """One cohort in the list."""

    cohort: Cohort
    title: str
    seated: int
    next: CourseSession | None
    waiting: int


def show(call: Call) -> Response:
    """Show the day."""
    lines = bundled(call, open_tasks(call))[:MOST_LINES]
    approve = _mails(call, (MessageStatus.AWAITING_APPROVAL,))
    trouble = _mails(call, TROUBLE)
    rows, following = running(call)
    return call.page(
        "office/today.html",
        waiting=lines,
        unseen=_count(call, Task.status == TaskStatus.OPEN) - sum(len(line.tasks) for line in lines),
        late=_count(call, Task.status == TaskStatus.OPEN, Task.due_at <= call.now),
        approve=approve,
        to_approve=_count(call, Message.status == MessageStatus.AWAITING_APPROVAL),
        trouble=trouble,
        in_trouble=_count(call, Message.status.in_(TROUBLE)),
        silent=_count(call, Visit.status == VisitStatus.ASKED),
        rows=rows,
        following=following,
        codes=codes(call, [], [*approve, *trouble]),
    )


def show_all(call: Call) -> Response:
    """Show the cohorts that are over."""
    rows, following = ended(call)
    return call.page("office/ended.html", rows=rows, following=following)


def show_task(call: Call) -> Response:
    """Show one task, to tick off."""
    task = _task(call)
    form = deed(call, note("Wat heb je gedaan?", required=True, missing="Schrijf kort op wat je hebt gedaan."))
    return call.page(
        "office/task.html",
        task=task,
        codes=codes(call, [task], []),
        page_of=page_of,
        form=form,
        filled=call.filled or form.shown({}),
        root="/beheer",
    )


def finish_task(call: Call) -> Response:
    """Tick it off."""
    task = _task(call)
    filled = call.fill(
        deed(call, note("Wat heb je gedaan?", required=True, missing="Schrijf kort op wat je hebt gedaan."))
    )
    words = "\n".join(part for part in (task.note, filled.string("notitie")) if part)
    tasks.finish_task(call.session, task.id, by=by(call, filled), now=call.now, note=words)
    return call.to()


def open_tasks(call: Call, cohort_id: int | None = None) -> list[Task]:
    """Return what waits for a person, what is late first, as much as a page holds."""
    query = select(Task).where(Task.status == TaskStatus.OPEN)
    if cohort_id is not None:
        query = query.where(Task.cohort_id == cohort_id)
    dated = query.where(Task.due_at.is_not(None)).order_by(Task.due_at, Task.id).limit(MOST_TASKS)
    found = list(call.session.scalars(dated))
    undated = query.where(Task.due_at.is_(None)).order_by(Task.id).limit(MOST_TASKS - len(found))
    return found + list(call.session.scalars(undated))


def bundled(call: Call, waiting: list[Task]) -> list[Waiting]:
    """Return one line for each task, or for several of one kind that ask for the same."""
    code_of = codes(call, waiting, [])
    wanted = {task.enrolment_id for task in waiting if task.enrolment_id is not None}
    people = select(Enrolment.id, Person.name).join(Person).where(Enrolment.id.in_(wanted))
    names = dict(call.session.execute(people).tuples().all())
    found: dict[object, list[Task]] = {}
    for task in waiting:
        found.setdefault((task.kind, task.cohort_id) if task.kind in TOGETHER else task.id, []).append(task)
    lines = []
    for alike in found.values():
        for tasks_of_line in [alike] if len(alike) >= SAME else [[task] for task in alike]:
            first = tasks_of_line[0]
            several = len(tasks_of_line) > 1
            lines.append(
                Waiting(
                    tasks=tuple(tasks_of_line),
                    what=TOGETHER[first.kind].format(len(tasks_of_line)) if several else first.what,
                    code=code_of.get(first.cohort_id, "") if first.cohort_id else "",
                    people=tuple(
                        (task.enrolment_id, names.get(task.enrolment_id) or "(gewist)")
                        for task in tasks_of_line
                        if task.enrolment_id is not None
                    ),
                    late=any(is_late(task, call.now) for task in tasks_of_line),
                )
            )
    return lines


def is_late(task: Task, now: datetime) -> bool:
    """Say whether a task should have been done by now."""
    return task.due_at is not None and task.due_at <= now


def page_of(task: Task, code: str) -> str:
    """Return the page that helps with a task."""
    if task.message_id is not None:
        return f"/beheer/mail/{task.message_id}"
    if code and task.kind not in PAGES and task.enrolment_id is not None:
        return f"/beheer/{code}/mensen/{task.enrolment_id}"
    if code and task.kind == "decide" and task.enrolment_id is not None:
        return f"/beheer/{code}/mensen/{task.enrolment_id}"
    return f"/beheer/{code}/{PAGES[task.kind]}" if code and task.kind in PAGES else ""


def codes(call: Call, waiting: Iterable[Task], mails: Iterable[Message]) -> dict[int, str]:
    """Return the codes of the cohorts that these are about, by id."""
    about = [*(task.cohort_id for task in waiting), *(mail.cohort_id for mail in mails)]
    wanted = {number for number in about if number is not None}
    return dict(call.session.execute(select(Cohort.id, Cohort.code).where(Cohort.id.in_(wanted))).tuples().all())


def running(call: Call) -> tuple[list[Row], str]:
    """Return a page of the cohorts that are not over, the one with the nearest gathering first, and the next page.

    Those with nothing to come follow at the end, on pages of their own when they do not fit.
    """
    page = upcoming.page_of(call.query.get("blad", ""))
    if "zonder" in call.query:
        ids, more = _page(call, _NOTHING_TO_COME, page)
        return _rows(call, ids), f"?zonder=1&blad={page + 1}" if more else ""
    ids, more = _page(call, _TO_MEET, page)
    if more:
        return _rows(call, ids), f"?blad={page + 1}"
    rest, more = _page(call, _NOTHING_TO_COME, 1)
    if ids and (more or len(ids + rest) > MOST_COHORTS):
        return _rows(call, ids), "?zonder=1"
    return _rows(call, ids + rest), "?zonder=1&blad=2" if more else ""


def ended(call: Call) -> tuple[list[Row], str]:
    """Return a page of the cohorts that are over, the newest first, and the next page."""
    page = upcoming.page_of(call.query.get("blad", ""))
    ids, more = _page(call, _OVER, page)
    return _rows(call, ids), f"?blad={page + 1}" if more else ""


def _page(call: Call, query: Select[tuple[int]], page: int) -> tuple[list[int], bool]:
    ids = list(call.session.scalars(query, {"now": call.now, "skipped": (page - 1) * MOST_COHORTS}))
    return ids[:MOST_COHORTS], len(ids) > MOST_COHORTS


def _rows(call: Call, ids: list[int]) -> list[Row]:
    seated = _counts(call, Enrolment.cohort_id, Enrolment.status.in_(HAS_A_SEAT), ids)
    waiting = _counts(call, Task.cohort_id, Task.status == TaskStatus.OPEN, ids)
    return [
        Row(
            cohort,
            programme_of(cohort).title,
            seated.get(cohort.id, 0),
            _next(cohort, call.now),
            waiting.get(cohort.id, 0),
        )
        for cohort in upcoming.cohorts(call.session, ids)
    ]


def _counts(
    call: Call, column: InstrumentedAttribute[Any], condition: ColumnElement[bool], ids: list[int]
) -> dict[int, int]:
    query = select(column, func.count()).where(condition, column.in_(ids)).group_by(column)
    return dict(call.session.execute(query).tuples().all())


def _next(cohort: Cohort, now: datetime) -> CourseSession | None:
    coming = [
        s for s in cohort.sessions if s.starts_at and s.starts_at > now and s.status is not SessionStatus.CANCELLED
    ]
    return min(coming, key=lambda s: s.starts_at or now, default=None)


def _mails(call: Call, statuses: tuple[MessageStatus, ...]) -> list[Message]:
    query = select(Message).where(Message.status.in_(statuses)).options(joinedload(Message.person))
    return list(call.session.scalars(query.order_by(Message.not_before, Message.id).limit(MOST_MAILS)))


def _count(call: Call, *conditions: ColumnElement[bool]) -> int:
    return call.session.scalar(select(func.count()).where(*conditions)) or 0


def _task(call: Call) -> Task:
    task = call.session.get(Task, int(call.path["task"]))
    if task is None:
        raise NotFound("Deze taak bestaat niet.")
    return task
