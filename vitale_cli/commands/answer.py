"""`vitale answer`: what somebody said by phone."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import terminal
from vitale_cli.desk import choose, open_desk
from vitale_cli.parser import Code, Who, commands
from vitale_core.domain import labels
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import Answer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.store.records import Cohort, Enrolment, Invitation

app = commands("answer", "Een antwoord noteren dat iemand per telefoon gaf.")

WORDS = {
    "accepted": Answer.ACCEPTED,
    "declined": Answer.DECLINED,
    "tentative": Answer.TENTATIVE,
    "ja": Answer.ACCEPTED,
    "nee": Answer.DECLINED,
    "misschien": Answer.TENTATIVE,
}


@app.command
def record(
    code: Code,
    who: Who,
    session_name: Annotated[str, Parameter(help="sessie, hele dag (day1), of 'offer' voor een aangeboden plek")],
    given: Annotated[str, Parameter(help="accepted, declined of tentative; of ja, nee, misschien")],
    *,
    comment: Annotated[str, Parameter(help="wat iemand erbij zei")] = "",
) -> None:
    """Noteer of iemand komt, of een aangeboden plek neemt."""
    from vitale_core.domain.states import Via
    from vitale_core.steps import cohorts, intake, replies

    said = choose("antwoord", given, WORDS)
    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            cohort = cohorts.get(session, code)
            enrolment = intake.find(session, cohort, who)
            if session_name == "offer":
                take = intake.accept_offer if said is Answer.ACCEPTED else intake.decline_offer
                take(session, enrolment, **desk.at)
                return [{"session": "offer", "answer": said}]
            for invitation in (found := _invitations(session, cohort, enrolment, session_name)):
                replies.answer(session, invitation, said, via=Via.OPERATOR, comment=comment, **desk.at)
            return [{"session": i.session.name, "answer": i.answer} for i in found]

        shown = desk.do(change, what="Antwoord noteren:")
    rows = [(a["session"], labels.of_state(a["answer"])) for a in shown]
    terminal.show({"cohort": code, "answers": shown}, terminal.table(("sessie", "antwoord"), rows))


def _invitations(session: "Session", cohort: "Cohort", enrolment: "Enrolment", name: str) -> "list[Invitation]":
    """Return what somebody was invited to under this name: one session, or all of one day."""
    from sqlalchemy import select

    from vitale_core.store.records import CourseSession, Invitation

    query = (
        select(Invitation)
        .join(CourseSession, Invitation.session_id == CourseSession.id)
        .where(Invitation.enrolment_id == enrolment.id, Invitation.cancelled_at.is_(None))
        .order_by(CourseSession.position)
    )
    found = list(session.scalars(query))
    chosen = [i for i in found if i.session.name == name] or [i for i in found if i.session.day == name]
    if not chosen:
        known = ", ".join(i.session.name for i in found) or "nog niets"
        raise NotFound(
            f"Deelnemer {enrolment.id} is niet uitgenodigd voor '{name}' van {cohort.code}.",
            remedy=f"Uitgenodigd voor: {known}.",
        )
    return chosen
