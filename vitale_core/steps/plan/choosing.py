"""Other plans to choose from: nearly as good ones, and the way from the least change to the best mix."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.planning import Plan as Planned
from vitale_core.planning import (
    PlannedGroup,
    alternatives,
    as_json,
    changes,
    differences,
    replan_curve,
    reserve_visits,
    score,
)
from vitale_core.planning.choices import moved
from vitale_core.steps.plan import drafting, instance
from vitale_core.steps.plan import reading as plans
from vitale_core.steps.plan.drafting import Draft
from vitale_core.store.records import Cohort, Plan

CHOSEN = "gekozen"


@dataclass(frozen=True, slots=True)
class Choice:
    """Another plan beside the one that is shown.

    `label` says what it is ("plan B", "minste wijziging"), `moved` how many people sit elsewhere than in the plan that
    is shown, `extra` what it costs more per level and `why` by which criteria (Dutch).
    """

    number: int
    label: str
    groups: tuple[PlannedGroup, ...]
    moved: int
    extra: tuple[int, ...]
    why: str


def choices(session: Session, cohort: Cohort, version: int | None = None) -> tuple[Choice, ...]:
    """Return the other plans for the facts of a version: three nearly as good and, with a plan in force, the curve.

    The same version gives the same choices, so their numbers may be used in `choose`.
    """
    plan = _plan(session, cohort, version)
    case, shown = plans.as_planned(session, plan)
    judged = score(case, shown.groups)
    found: list[tuple[str, Sequence[PlannedGroup]]] = [
        (f"plan {letter}", other.plan.groups) for letter, other in zip("BCD", alternatives(case, shown), strict=False)
    ]
    if case.previous:
        found += [(point.label, point.plan.groups) for point in replan_curve(case)]
    made: list[Choice] = []
    for label, groups in found:
        known = [shown.groups, *(choice.groups for choice in made)]
        if any(set(groups) == set(one) for one in known):
            continue
        other = score(case, groups)
        made.append(
            Choice(
                number=len(made) + 1,
                label=label,
                groups=tuple(groups),
                moved=len(moved(shown.groups, groups)),
                extra=tuple(new - old for new, old in zip(other.objective, judged.objective, strict=True)),
                why=changes([one for one in differences(judged, other) if one.cost]),
            )
        )
    return tuple(made)


def choose(
    session: Session, cohort: Cohort, number: int, *, by: str, now: datetime, bureau: Bureau, version: int | None = None
) -> Plan:
    """Make one of the choices the newest proposal; refused when people or half days changed since."""
    cohort = drafting.open_to_planning(session, cohort)
    plan = _plan(session, cohort, version)
    found = choices(session, cohort, plan.version)
    chosen = next((choice for choice in found if choice.number == number), None)
    if chosen is None:
        raise NotFound(f"Keuze {number} is er niet.", remedy=f"vitale groups show {cohort.code} --alternatives")
    situation = drafting.look(session, cohort, now=now, bureau=bureau)
    slots = instance.project_slots(situation.slots)
    people = {f"e{e.id}" for e in situation.people}
    same = {one for group in chosen.groups for one in group.members} == people
    if not same or any(group.host and (group.host, group.slot) not in slots for group in chosen.groups):
        raise Refused(
            "De deelnemers of de vrije dagdelen zijn veranderd sinds dit voorstel.",
            remedy=f"vitale groups propose {cohort.code}",
        )
    case, _ = plans.as_planned(session, plan)
    judged = score(case, chosen.groups)
    spare = reserve_visits(case, chosen.groups)
    solution = Planned("feasible", chosen.groups, judged.objective, reserves=spare)
    made = Draft(
        groups=drafting.groups_of(situation, solution.to_json() | {"reserves": as_json(spare)}),
        document=plan.instance,
        claim=f"{chosen.label}, {CHOSEN} door {by}",
        facts={
            "status": "feasible",
            "objective": list(judged.objective),
            "price": list(chosen.extra),
            "from": plan.version,
        },
    )
    return drafting.keep(session, situation, made, by=by, now=now)


def _plan(session: Session, cohort: Cohort, version: int | None) -> Plan:
    plan = plans.newest(session, cohort) if version is None else plans.get(session, cohort, version)
    if plan is None:
        raise NotFound(f"{cohort.code} heeft nog geen groepen.", remedy=f"vitale groups propose {cohort.code}")
    return plan
