"""The operator's first page: what needs a person today, and every cohort."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Integer, Select, bindparam, func, select
from sqlalchemy.orm import aliased, joinedload
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
from vitale_core.steps import tasks, visits
from vitale_core.steps.plan import drafting
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, Person, Task, Visit
from vitale_core.store.records.columns import UtcDateTime
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

_WANTED: BindParameter[int] = bindparam("wanted", expanding=True)
_NOW = bindparam("now", type_=UtcDateTime())
_OPEN = select(Task).where(Task.status == TaskStatus.OPEN).limit(bindparam("most", type_=Integer))
_DATED = _OPEN.where(Task.due_at.is_not(None)).order_by(Task.due_at, Task.id)
_UNDATED = _OPEN.where(Task.due_at.is_(None)).order_by(Task.id)
_OF_COHORT = Task.cohort_id == bindparam("cohort")
_OPEN_TASKS = (_DATED, _UNDATED)
_OPEN_TASKS_OF_COHORT = (_DATED.where(_OF_COHORT), _UNDATED.where(_OF_COHORT))
_NAMES = select(Enrolment.id, Person.name).join(Person).where(Enrolment.id.in_(_WANTED))
_CODES = select(Cohort.id, Cohort.code).where(Cohort.id.in_(_WANTED))
_SEATED = select(func.count()).where(Enrolment.cohort_id == Cohort.id, Enrolment.status.in_(HAS_A_SEAT))
_WAITING = select(func.count()).where(Task.cohort_id == Cohort.id, Task.status == TaskStatus.OPEN)
_coming = aliased(CourseSession)
_NEXT = (
    select(_coming.id)
    .where(_coming.cohort_id == Cohort.id, _coming.starts_at > _NOW, _coming.status != SessionStatus.CANCELLED)
    .order_by(_coming.starts_at, _coming.position)
    .limit(1)
)
_ROWS = (
    select(Cohort, CourseSession, _SEATED.scalar_subquery(), _WAITING.scalar_subquery())
    .outerjoin(CourseSession, CourseSession.id == _NEXT.scalar_subquery())
    .where(Cohort.id.in_(_WANTED))
)
_MAILS = (
    select(Message)
    .where(Message.status.in_(_WANTED))
    .options(joinedload(Message.person))
    .order_by(Message.not_before, Message.id)
    .limit(MOST_MAILS)
)
_UNDONE = select(func.count()).where(Task.status == TaskStatus.OPEN)
_LATE = _UNDONE.where(Task.due_at <= _NOW)  # apart: counting the others needs no look at their dates
_ALL_MAILS = (
    select(Message.status, func.count())
    .where(Message.status.in_((MessageStatus.AWAITING_APPROVAL, *TROUBLE)))
    .group_by(Message.status)
)
_SILENT = select(func.count()).where(Visit.status == VisitStatus.ASKED)

PAGES = {
    "decide": "mensen",
    "go-or-no-go": "doorgaan",
    "propose-groups": "plan",
    drafting.APPROVE: "plan",
    drafting.STUCK: "plan",
    visits.WITHOUT: "plan",
    "visit-outside": "wijzigen",
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
    mails = dict(call.session.execute(_ALL_MAILS).tuples().all())
    return call.page(
        "office/today.html",
        waiting=lines,
        unseen=call.session.scalars(_UNDONE).one() - sum(len(line.tasks) for line in lines),
        late=call.session.scalar(_LATE, {"now": call.now}),
        approve=approve,
        to_approve=mails.get(MessageStatus.AWAITING_APPROVAL, 0),
        trouble=trouble,
        in_trouble=sum(mails.get(status, 0) for status in TROUBLE),
        silent=call.session.scalar(_SILENT),
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
    queries, own = (_OPEN_TASKS, {}) if cohort_id is None else (_OPEN_TASKS_OF_COHORT, {"cohort": cohort_id})
    found: list[Task] = []
    for query in queries:
        if len(found) < MOST_TASKS:
            found += call.session.scalars(query, own | {"most": MOST_TASKS - len(found)})
    return found


def bundled(call: Call, waiting: list[Task]) -> list[Waiting]:
    """Return one line for each task, or for several of one kind that ask for the same."""
    code_of = codes(call, waiting, [])
    wanted = {task.enrolment_id for task in waiting if task.enrolment_id is not None}
    names = dict(call.session.execute(_NAMES, {"wanted": list(wanted)}).tuples().all()) if wanted else {}
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
    return dict(call.session.execute(_CODES, {"wanted": list(wanted)}).tuples().all()) if wanted else {}


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
    found = {
        cohort.id: Row(cohort, programme_of(cohort).title, seated, coming, waiting)
        for cohort, coming, seated, waiting in call.session.execute(_ROWS, {"wanted": ids, "now": call.now})
    }
    return [found[number] for number in ids]


def _mails(call: Call, statuses: tuple[MessageStatus, ...]) -> list[Message]:
    return list(call.session.scalars(_MAILS, {"wanted": statuses}))


def _task(call: Call) -> Task:
    task = call.session.get(Task, int(call.path["task"]))
    if task is None:
        raise NotFound("Deze taak bestaat niet.")
    return task
