"""Evaluation: rounds open and close by themselves; a person closes the attendance and releases the report."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from flows.running import Done, core_flow, decide, step_task, the_app
from vitale_core.domain import labels
from vitale_core.domain.states import Presence
from vitale_core.steps import attendance, cohorts, evaluation


class Rest(StrEnum):
    """What holds for everybody of whom nothing was noted."""

    ASK = "ask"
    PRESENT = "present"
    ABSENT = "absent"


advance = step_task("evaluation")


@core_flow("evaluation.close-attendance", "close-attendance {cohort} {session}")
async def close_attendance(cohort: str, session: str, by: str = "operator", rest: Rest = Rest.ASK) -> str:
    """Closes the list of who was there. Whoever meets the rule gets a certificate.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        session: name of the session, such as dagdeel-4 or terugkomdag
        by: who closes it
        rest: of whom nothing was noted was present or absent; ask refuses when somebody was forgotten
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        meeting = cohorts.find_session(facts, row, session)
        unknown = None if rest is Rest.ASK else Presence(rest)
        attendance.close(facts, meeting, by=by, now=now, bureau=bureau, rest=unknown)
        return Done(row.code, f"De presentie van {session} van {row.code} is gesloten.")

    return await decide(work)


@core_flow("evaluation.release", "release {cohort} {round_name}")
async def release(cohort: str, round_name: str, by: str = "operator") -> str:
    """Releases the report of an evaluation round; with fewer than five answers it is withheld.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        round_name: baseline, direct or transfer
        by: who releases it
    """

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        done = evaluation.release(facts, row, round_name, by=by, now=now)
        return Done(row.code, f"Evaluatie {round_name} van {row.code} is nu: {labels.of_state(done.status)}.")

    return await decide(work)
