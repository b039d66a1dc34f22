"""One page a cohort in Prefect: its timeline, who is where, what waits for a person. Ids and dates, never a name."""

import base64
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from prefect.artifacts import acreate_markdown_artifact
from sqlalchemy import select
from sqlalchemy.orm import Session

from flows.running import core_flow, core_task, in_transaction, present, the_app
from vitale_core.domain import agenda, labels, worktime
from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, SessionFacts
from vitale_core.domain.pictures import Mark, timeline
from vitale_core.domain.programme import Rule
from vitale_core.domain.states import SessionKind, SessionStatus, TaskStatus
from vitale_core.steps import cohorts, facts
from vitale_core.store.records import Cohort, Task

COMING = 8
"""So many future mails and tasks are listed."""


@core_task("overview")
async def show(cohort: int, now: datetime) -> None:
    """Publishes the page of one cohort; earlier versions stay behind it as history."""
    bureau = the_app().bureau

    def work(session: Session) -> tuple[str, str]:
        row = session.get_one(Cohort, cohort)
        known = facts.load(session, row, bureau=bureau)
        return row.code, page(known, _open_tasks(session, row), now)

    code, text = await in_transaction(work)
    await acreate_markdown_artifact(key=key_of(code), markdown=text, description=f"Waar staat {code}?")


@core_flow("overview.publish", "overview {cohort}")
async def publish(cohort: str) -> None:
    """Publishes the page of a cohort anew.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
    """
    number, now = await in_transaction(lambda session: (cohorts.get(session, cohort).id, present(session)))
    await show(number, now)


def key_of(code: str) -> str:
    """Return the key of a cohort's page; Prefect takes lower case, digits and dashes."""
    return "cohort-" + "".join(c if c.isalnum() and c.isascii() else "-" for c in code.lower())


def page(known: CohortFacts, tasks: Iterable[Task], now: datetime) -> str:
    """Return the page as markdown."""
    today = worktime.local(now, known.zone).date()
    svg = timeline(list(_marks(known)), today, title=f"Tijdlijn van {known.code}")
    picture = base64.b64encode(svg.encode()).decode("ascii")
    return "\n".join(
        [
            f"# {known.code}: {labels.of_state(known.status)}",
            f"Stand van {worktime.moment_in_words(now, known.zone)}.",
            "",
            f"![tijdlijn](data:image/svg+xml;base64,{picture})",
            "",
            "## Wat wacht op een persoon",
            *_tasks(tasks, known),
            "",
            "## Wie is waar",
            *_people(known),
            "",
            "## Wat komt",
            *_coming(known, now),
        ]
    )


def _marks(known: CohortFacts) -> Iterator[Mark]:
    """Give the days, the visits and the ends of the evaluations; sessions of one day are one mark."""
    days: dict[date, list[SessionFacts]] = {}
    for session in known.sessions:
        if session.start and session.status is not SessionStatus.CANCELLED:
            days.setdefault(worktime.local(session.start, known.zone).date(), []).append(session)
    for day, sessions in days.items():
        visits = all(session.kind is SessionKind.WERKBEZOEK for session in sessions)
        yield Mark(day, ", ".join(session.name for session in sessions), "visit" if visits else "day")
    for plan in known.rounds:
        if plan.closes_at:
            yield Mark(worktime.local(plan.closes_at, known.zone).date(), f"evaluatie {plan.name} sluit")


def _open_tasks(session: Session, cohort: Cohort) -> list[Task]:
    query = select(Task).where(Task.cohort_id == cohort.id, Task.status == TaskStatus.OPEN)
    return list(session.scalars(query.order_by(Task.due_at, Task.id)))


def _tasks(tasks: Iterable[Task], known: CohortFacts) -> list[str]:
    rows = [
        f"| {task.id} | {task.what} | {_moment(task.due_at, known)} | `{task.command or 'vitale today'}` |"
        for task in tasks
    ]
    return _table(["taak", "wat", "voor", "opdracht"], rows) or ["Niets."]


def _people(known: CohortFacts) -> list[str]:
    sessions = [s for s in known.sessions if s.status is not SessionStatus.CANCELLED]
    groups = {member: visit.group for visit in known.visits for member in visit.members}
    rows = []
    for person in known.enrolments:
        answers = " | ".join(_answer(person, session.id) for session in sessions)
        intake = "ja" if person.intake_answered else "nee"
        rows.append(
            f"| {person.id} | {labels.of_state(person.status)} | {intake} | {groups.get(person.id, '')} | {answers} |"
        )
    return _table(["deelnemer", "status", "intake", "groep", *(s.name for s in sessions)], rows) or ["Nog niemand."]


def _answer(person: EnrolmentFacts, session: int) -> str:
    if session in person.absent:
        return "afwezig"
    answer = person.answers.get(session)
    return labels.of_state(answer) if answer else ""


def _coming(known: CohortFacts, now: datetime) -> list[str]:
    later = [owed for owed in agenda.agenda(known) if owed.at > now][:COMING]
    names = [labels.of_kind(owed.rule.kind) if isinstance(owed.rule, Rule) else "taak" for owed in later]
    rows = [
        f"| {_moment(owed.at, known)} | {name} | {owed.occasion.subject} |"
        for owed, name in zip(later, names, strict=True)
    ]
    return _table(["wanneer", "wat", "waarover"], rows) or ["Niets meer."]


def _moment(moment: datetime | None, known: CohortFacts) -> str:
    return f"{worktime.local(moment, known.zone):%d-%m-%Y %H.%M}" if moment else ""


def _table(head: list[str], rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *rows]
