"""Terugkomdag: the date poll, and the date that a person chooses from it."""

from datetime import datetime

from sqlalchemy.orm import Session

from flows.running import Done, core_flow, decide, step_task, the_app
from vitale_core.steps import cohorts, terugkomdag

advance = step_task("terugkomdag")


@core_flow("terugkomdag.choose-date", "choose-date {cohort} {session}")
async def choose_date(cohort: str, option: int, by: str = "operator", session: str = "terugkomdag") -> str:
    """Chooses one date of the poll; everybody is invited for it.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        option: number of the date, as the task "kies een datum" shows it
        by: who chooses
        session: name of the session, when there is more than one terugkomdag
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = cohorts.get(facts, cohort)
        meeting = cohorts.find_session(facts, row, session)
        terugkomdag.choose_date(facts, meeting, option, by=by, now=now, bureau=bureau)
        return Done(row.code, f"{session} van {row.code} heeft een datum.")

    return await decide(work)
