"""Werkbezoek planning: hosts are asked and reminded; their answer can also be given here, after a telephone call."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from flows.running import Done, carry_out, core_flow, decide, found, step_task, the_app
from vitale_core.domain import labels
from vitale_core.steps import werkbezoek
from vitale_core.store.records import Cohort, Slot, Visit


class HostAnswer(StrEnum):
    """What a host said."""

    YES = "yes"
    NO = "no"


advance = step_task("werkbezoek")


@core_flow("werkbezoek.answer-for-host", "host-says-{answer} visit {visit}")
async def answer_for_host(visit: int, answer: HostAnswer, by: str = "operator", note: str = "") -> str:
    """Records what a host said by phone. Yes invites the group and the host; no makes a new proposal.

    Args:
        visit: number of the visit, as `vitale visit list` shows it
        answer: yes, the group may come; no, it cannot
        by: who took the call
        note: with yes, practical information for the group; with no, the reason. Write no names of participants
    """
    bureau = the_app().bureau

    def work(session: Session, now: datetime) -> Done:
        row = found(session, Visit, visit, "Bezoek")
        if answer is HostAnswer.YES:
            werkbezoek.confirm_visit(session, row, by=by, now=now, bureau=bureau, note=note or None)
        else:
            werkbezoek.refuse_visit(session, row, by=by, reason=note, now=now, bureau=bureau)
        code = session.get_one(Cohort, row.cohort_id).code
        return Done(code, f"Bezoek {visit} van {code} is nu: {labels.of_state(row.status)}.")

    return await decide(work)


@core_flow("werkbezoek.move-visit", "move visit {visit} to slot {slot}")
async def move_visit(
    visit: int, slot: int, by: str = "operator", *, agreed: bool = False, only_look: bool = False
) -> str:
    """Lets a group go at another half day, of the same host or of another one, who is then asked.

    Args:
        visit: number of the visit, as `vitale visit list` shows it
        slot: number of the half day, as `vitale visit slots` shows it
        by: who does it
        agreed: the host said yes on the phone
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(session: Session, now: datetime) -> Done:
        row, half_day = found(session, Visit, visit, "Bezoek"), found(session, Slot, slot, "Dagdeel")
        moved = werkbezoek.move_visit(session, row, half_day, agreed=agreed, by=by, now=now, bureau=bureau)
        code = session.get_one(Cohort, moved.cohort_id).code
        return Done(
            code,
            f"Bezoek {visit} van {code} is verplaatst; het is nu bezoek {moved.id}: {labels.of_state(moved.status)}.",
        )

    return await carry_out(work, only_look=only_look)
