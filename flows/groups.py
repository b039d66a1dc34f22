"""Group forming: propose groups with their visits, and approve exactly the proposal that was looked at."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from flows.running import Done, core_flow, decide, step_task, the_app
from vitale_core.domain.errors import Refused
from vitale_core.steps import cohorts, groups
from vitale_core.steps.plan import reading as plans


class Decision(StrEnum):
    """What becomes of a proposal."""

    APPROVE = "approve"
    PROPOSE_ANEW = "propose-anew"


advance = step_task("groups")


@core_flow("groups.propose-groups", "propose-groups {cohort}")
async def propose_groups(cohort: str, by: str = "operator") -> str:
    """Makes a proposal for groups and visits from what is known now. Nobody hears of it before it is approved.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        by: who asks
    """
    bureau = the_app().bureau

    def work(session: Session, now: datetime) -> Done:
        row = cohorts.get(session, cohort)
        plan = groups.propose(session, row, by=by, now=now, bureau=bureau)
        return Done(
            row.code, f"Voorstel {plan.version} van {row.code}: {plan.claim}. Bekijk het voor je het goedkeurt."
        )

    return await decide(work)


@core_flow("groups.approve-groups", "{decision} {cohort} v{version}")
async def approve_groups(cohort: str, version: int, decision: Decision, approver: str, note: str = "") -> str:
    """Approves one version of the groups: hosts are asked, participants hear their group. Or asks for another one.

    Only the newest proposal can be approved: if it changed since you looked, this is refused.

    Args:
        cohort: code of the cohort, as `vitale cohort list` shows it
        version: the version that you looked at
        decision: approve it, or have a new one made
        approver: your name
        note: anything to remember; write no names of participants, because Prefect keeps this text
    """
    bureau = the_app().bureau
    del note  # kept by Prefect with the run

    def work(session: Session, now: datetime) -> Done:
        row = cohorts.get(session, cohort)
        if decision is Decision.APPROVE:
            plan = groups.approve(session, row, version, by=approver, now=now, bureau=bureau)
            return Done(row.code, f"Voorstel {plan.version} van {row.code} geldt. Gastheren worden gevraagd.")
        newest = plans.newest(session, row)
        if newest is None or newest.version != version:
            raise Refused(
                f"Voorstel {version} van {row.code} is niet het nieuwste.", remedy=f"vitale groups show {row.code}"
            )
        plan = groups.propose(session, row, by=approver, now=now, bureau=bureau)
        return Done(row.code, f"Voorstel {plan.version} van {row.code} komt in de plaats van {version}.")

    return await decide(work)
