"""The least change of the plan in force, after somebody said that he cannot come to his werkbezoek."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import audit
from vitale_core.steps.plan import drafting
from vitale_core.steps.plan.drafting import Draft, DraftGroup
from vitale_core.steps.plan.editing import as_drafted
from vitale_core.steps.plan.instance import Solver
from vitale_core.store.records import Cohort, Plan, Task

DECLINED = "declined-visit"
"""Kind of the task about somebody who cannot come to a werkbezoek."""

NO_BETTER = "Een andere indeling helpt niet."


def answer_declines(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau, solve: Solver) -> None:
    """Ask the planner for the least change, once for each who declined; what it found is written in the task."""
    waiting = select(Task).where(
        Task.cohort_id == cohort.id, Task.kind == DECLINED, Task.status == TaskStatus.OPEN, Task.note == ""
    )
    asked = session.scalars(waiting.order_by(Task.id)).all()
    if not asked:
        return
    note = NO_BETTER
    try:
        situation = drafting.look(session, drafting.open_to_planning(session, cohort), now=now, bureau=bureau)
        made = drafting.draft(session, situation, solve=solve)
        if situation.approved is None or _differs(made, situation.approved, situation):
            plan = drafting.keep(session, situation, made, by=audit.CLOCK, now=now)
            note = f"Voorstel {plan.version} verandert zo min mogelijk. Keur het goed, of laat het zo."
    except Refused as no:
        note = f"{NO_BETTER} {no.message}"
    for task in asked:
        task.note = note


def _differs(made: Draft, plan: Plan, situation: drafting.Situation) -> bool:
    """Say whether a draft has anybody elsewhere, or any group at another half day, than the plan in force."""

    def shape(groups: Iterable[DraftGroup]) -> set[tuple[tuple[int, ...], int | None]]:
        return {(g.members, g.slot.id if g.slot else None) for g in groups}

    return shape(made.groups) != shape(as_drafted(plan, situation))
