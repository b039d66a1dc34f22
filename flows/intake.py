"""Intake: seats, offers, the waiting list and who has not answered; and what a person decides about them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from flows.running import Done, core_flow, decide, found, step_task, the_app
from vitale_core.domain import labels
from vitale_core.steps import cohorts, intake
from vitale_core.store.records import Enrolment


class Decision(StrEnum):
    """What becomes of an aanmelding."""

    CONFIRM = "confirm"
    REJECT = "reject"


class GoOrNoGo(StrEnum):
    """Whether a cohort takes place."""

    GO = "go"
    NO_GO = "no-go"


advance = step_task("intake")


@core_flow("intake.decide-applicant", "decide-applicant {enrolment} {decision}")
async def decide_applicant(enrolment: int, decision: Decision, by: str = "operator", reason: str = "") -> str:
    """Confirms or rejects somebody who applied. Mail about a rejection waits for approval.

    Args:
        enrolment: number of the aanmelding, as `vitale person list` shows it
        decision: confirm gives a seat, or a place on the waiting list when there is none
        by: who decides
        reason: why not, for your own records; write no names, because Prefect keeps this text
    """
    bureau = the_app().bureau

    def work(session: Session, now: datetime) -> Done:
        row = found(session, Enrolment, enrolment, "Aanmelding")
        if decision is Decision.CONFIRM:
            row = intake.confirm(session, row, by=by, now=now, bureau=bureau)
        else:
            row = intake.reject(session, row, by=by, reason=reason, now=now)
        return Done(row.cohort.code, f"Aanmelding {enrolment} is nu: {labels.of_state(row.status)}.")

    return await decide(work)


@core_flow("intake.go-or-no-go", "{decision} {cohort}")
async def go_or_no_go(cohort: str, decision: GoOrNoGo, by: str = "operator", reason: str = "") -> str:
    """Lets a cohort go ahead, which invites everybody; or cancels it, which tells everybody.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        decision: go sends the invitations; no-go cancels the cohort
        by: who decides
        reason: why it is cancelled; participants read this
    """
    bureau = the_app().bureau

    def work(session: Session, now: datetime) -> Done:
        row = cohorts.get(session, cohort)
        if decision is GoOrNoGo.GO:
            row = cohorts.go(session, row, by=by, now=now, bureau=bureau)
        else:
            row = cohorts.cancel(session, row, by=by, reason=reason, now=now, bureau=bureau)
        return Done(row.code, f"Lichting {row.code} is nu: {labels.of_state(row.status)}.")

    return await decide(work)
