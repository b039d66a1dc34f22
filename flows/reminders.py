"""Reminders: only what is still true and useful, to whom it concerns; and an answer that came by phone."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from flows.running import Done, core_flow, decide, step_task, the_app
from vitale_core.domain import labels
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import Answer, Via
from vitale_core.steps import cohorts, intake, replies
from vitale_core.store.records import Invitation


class Said(StrEnum):
    """What somebody answered."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


advance = step_task("reminders")


@core_flow("reminders.record-answer", "record-answer {cohort} {enrolment} {answer}")
async def record_answer(cohort: str, enrolment: int, session: str, answer: Said, by: str = "operator") -> str:
    """Records whether somebody comes, told by phone; then no reminder follows.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        enrolment: number of the participant, as `vitale person list` shows it
        session: name of the session, such as dagdeel-1 or terugkomdag
        answer: what was said
        by: who took the call
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        person = intake.find(facts, row, str(enrolment))
        meeting = cohorts.find_session(facts, row, session)
        asked = select(Invitation).where(
            Invitation.session_id == meeting.id, Invitation.enrolment_id == person.id, Invitation.cancelled_at.is_(None)
        )
        invitation = facts.scalar(asked.order_by(Invitation.id.desc()).limit(1))
        if invitation is None:
            raise NotFound(f"Deelnemer {enrolment} is niet uitgenodigd voor {session} van {row.code}.")
        replies.answer(
            facts, invitation, Answer(answer), via=Via.OPERATOR, now=now, bureau=bureau, comment=f"genoteerd door {by}"
        )
        return Done(
            row.code,
            f"Deelnemer {enrolment} antwoordde voor {session} van {row.code}: {labels.of_state(Answer(answer))}.",
        )

    return await decide(work)
