"""`vitale today`: what asks for attention now, and ticking it off."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import OPERATOR, open_desk
from vitale_core.domain import worktime
from vitale_core.domain.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vitale_core.steps.attention import Item
    from vitale_core.store.records import Cohort

WORDS = {
    "late": ("! te laat", terminal.RED),
    "waits": ("? wacht op jou", terminal.YELLOW),
    "failed": ("x mislukt", terminal.RED),
    "uncertain": ("? onzeker", terminal.YELLOW),
    "leaves": ("> gaat uit", terminal.DIM),
}
ATTENTION = 5


def today(
    code: Annotated[str, Parameter(help="code van een lichting; anders alle")] = "",
    *,
    check: Annotated[
        bool, Parameter(negative="", help="eindig met 5 als er iets op je wacht; voor een bewaker")
    ] = False,
    done: Annotated[int | None, Parameter(help="deze taak is klaar: het nummer uit de lijst")] = None,
    note: Annotated[str, Parameter(help="bij --done: wat je hebt gedaan")] = "",
) -> int:
    """Wat vandaag aandacht vraagt: te laat, wacht op jou, mislukt; en wat er uitgaat.

    Een taak verdwijnt vanzelf als gedaan is wat ze vraagt, of als dat niet meer kan helpen. Met --done sluit je er zelf
    een.
    """
    from vitale_core.steps import attention, cohorts

    if done is not None:
        return _tick_off(done, note)
    if note:
        raise Refused("--note hoort bij --done.", remedy="vitale today --done NR --note 'Gebeld.'")
    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code) if code else None
        items = attention.attention(session, now=desk.now, bureau=desk.bureau, cohort=cohort)
        next_days = _next_days(session, cohort, desk.now)
        now = desk.now
    waits = attention.needs_a_person(items)
    text = [f"Vandaag: {worktime.in_words(worktime.local(now))}"]
    text += [_line(item) for item in items] or ["Er wacht niets op je."]
    if any(item.task for item in items):
        text.append("Is een taak klaar? vitale today --done NR --note 'Wat je hebt gedaan.'")
    text += [f"{d['cohort']}: {d['session']} is op {worktime.moment_in_words(d['start'])}." for d in next_days]
    terminal.show(
        {"now": now, "attention": waits, "items": [asdict(item) for item in items], "next": next_days}, "\n".join(text)
    )
    return ATTENTION if check and waits else 0


def _line(item: "Item") -> str:
    """Return what it is, and under it what to do."""
    word, colour = WORDS[item.urgency]
    mark = terminal.paint(f"{word:<14}", colour)
    until = f" ({documents.short(item.at)})" if item.at else ""
    number = f" [taak {item.task}]" if item.task else ""
    return f"{mark} {item.cohort or '-'}: {item.what}{until}{number}\n{'':<15}{item.command}".rstrip()


def _tick_off(number: int, note: str) -> int:
    """Close one task by hand; what was done belongs with it."""
    from vitale_core.domain.states import TaskStatus
    from vitale_core.steps import people, tasks
    from vitale_core.store.records import Task

    words = people.clean_text(note)
    if not words:
        raise Refused(
            "Schrijf kort op wat je hebt gedaan.", remedy=f"vitale today --done {number} --note 'Gebeld, komt.'"
        )
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            known = session.get(Task, number)
            was_open = known is None or known.status is TaskStatus.OPEN
            task = tasks.finish_task(session, number, by=OPERATOR, now=desk.now, note=words)
            return documents.task(task) | {"status": task.status, "note": task.note, "was_open": was_open}

        shown = desk.do(change, what=f"Taak {number} sluiten:")
    said = "is klaar" if shown["was_open"] else "was al gesloten"
    terminal.show({"task": shown}, f"Taak {number} {said}: {shown['what']}")
    return 0


def _next_days(session: "Session", cohort: "Cohort | None", now: "datetime") -> list[dict[str, Any]]:
    """Return the next gathering of each cohort."""
    from sqlalchemy import select

    from vitale_core.domain.states import SessionStatus
    from vitale_core.store.records import Cohort, CourseSession

    query = (
        select(Cohort.code, CourseSession.name, CourseSession.starts_at)
        .join(Cohort, CourseSession.cohort_id == Cohort.id)
        .where(CourseSession.starts_at > now, CourseSession.status != SessionStatus.CANCELLED)
        .order_by(CourseSession.starts_at)
    )
    if cohort is not None:
        query = query.where(CourseSession.cohort_id == cohort.id)
    found: dict[str, dict[str, Any]] = {}
    for code, name, start in session.execute(query).tuples():
        found.setdefault(code, {"cohort": code, "session": name, "start": start})
    return list(found.values())
