"""One person in one cohort, with all that is needed to help them: one document for `--json`, and the same as text."""

from typing import TYPE_CHECKING, Any

from vitale_cli import documents, terminal
from vitale_core.domain import labels
from vitale_core.domain.states import Criterion

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.store.records import Enrolment


def document(session: "Session", enrolment: "Enrolment") -> dict[str, Any]:
    """Return somebody's place in a cohort with stable keys."""
    from sqlalchemy import select

    from vitale_core.domain.states import TaskStatus
    from vitale_core.steps import answers
    from vitale_core.steps.post import postbook
    from vitale_core.store.records import Invitation, Task

    person = enrolment.person
    invitations = select(Invitation).where(Invitation.enrolment_id == enrolment.id, Invitation.cancelled_at.is_(None))
    tasks = select(Task).where(Task.enrolment_id == enrolment.id, Task.status == TaskStatus.OPEN)
    mails = [
        m
        for m in postbook.list_messages(session, person_id=person.id, limit=200)
        if m.enrolment_id in {enrolment.id, None}
    ]
    told = {name: value for name, value in enrolment.screening.items() if not name.startswith("answer:")}
    intake = enrolment.intake
    return documents.enrolment(enrolment) | {
        "cohort": enrolment.cohort.code,
        "department": person.department,
        "function": person.function,
        "phone": person.phone,
        "screening": told,
        "intake": None if intake is None else {"role": intake.role, "themes": intake.themes, "home": intake.home},
        "intake_missing": answers.missing(intake) or [],
        "answers": {i.session.name: i.answer for i in session.scalars(invitations)},
        "tasks": [documents.task(t) for t in session.scalars(tasks)],
        "mails": [documents.message(m) for m in mails],
    }


def _criterion(name: str, seen: str) -> str:
    """Return how somebody looks beside one criterion, or the reason of who was refused."""
    if name == "reason":
        return f"reden: {seen}"
    return f"{name}: {labels.of_state(Criterion(seen))}"


def _intake(story: dict[str, Any]) -> str:
    if story["intake"] is None:
        return "nog niet"
    missing = story["intake_missing"]
    return f"deels ingelezen, nog te vullen: {', '.join(missing)}" if missing else "ingevuld"


def text(story: dict[str, Any]) -> str:
    """Return the same as tables."""
    source = labels.SOURCES.get(story["source"], story["source"])
    head = terminal.facts(
        {
            "nr": f"{story['id']} in {story['cohort']}",
            "naam": story["name"],
            "e-mail": story["email"],
            "telefoon": story["phone"],
            "organisatie": story["organisation"],
            "afdeling": story["department"],
            "functie": story["function"],
            "status": labels.of_state(story["status"]),
            "aangemeld": f"{documents.short(story['applied_at'])} ({source})",
            "screening": ", ".join(_criterion(name, seen) for name, seen in story["screening"].items()),
            "intake": _intake(story),
        }
    )
    answers = terminal.table(("sessie", "antwoord"), [(n, labels.of_state(a)) for n, a in story["answers"].items()])
    tasks = terminal.table(("wacht op jou", "opdracht"), [(t["what"], t["command"]) for t in story["tasks"]])
    mails = [
        (
            m["id"],
            documents.short(m["leaves_at"]),
            labels.of_kind(m["kind"]),
            labels.of_state(m["status"]),
            m["outcome"],
        )
        for m in story["mails"]
    ]
    post = terminal.table(("mail", "wanneer", "welke", "status", "uitkomst"), mails)
    return "\n\n".join(part for part in (head, answers, tasks, post) if part)
