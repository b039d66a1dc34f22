"""The operator's own hand in a plan: what each change would cost, and a new version with these changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import PlanStatus, VisitStatus
from vitale_core.planning import changes, differences
from vitale_core.planning.scoring import Difference, Score
from vitale_core.steps import visits
from vitale_core.steps.plan import drafting
from vitale_core.steps.plan import reading as plans
from vitale_core.steps.plan.drafting import Draft, DraftGroup
from vitale_core.steps.plan.instance import Document
from vitale_core.store.records import Cohort, Plan, Slot

BY_HAND = "met de hand gemaakt"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: a person goes to a group or, without a person, a group goes in another half day."""

    group: int
    enrolment: int | None = None
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """What one change costs per level, after the changes before it (their prices add up), and why (Dutch).

    `price` is None when the groups are no plan at that moment, such as one that is empty for a while.
    """

    edit: Edit
    price: tuple[int, ...] | None
    why: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A plan with changes by hand, not kept. `levels` are the names, `price` is what all of it costs more per level."""

    draft: Draft
    levels: tuple[str, ...]
    objective: tuple[int, ...]
    price: tuple[int, ...]
    why: str
    edits: tuple[Priced, ...]
    broken: tuple[str, ...]


def weigh(
    session: Session,
    cohort: Cohort,
    version: int,
    moves: Mapping[int, int],
    *,
    now: datetime,
    bureau: Bureau,
    slots: Mapping[int, int] | None = None,
) -> Weighed:
    """Say what changes by hand would cost; nothing is stored.

    `moves` maps enrolment ids to group numbers, `slots` group numbers to slot ids. Rules that break are named: they
    are the operator's choice.
    """
    base = plans.get(session, cohort, version)
    if base.status is PlanStatus.SUPERSEDED:
        raise Refused(f"Versie {version} is vervangen.", remedy=f"vitale groups show {cohort.code}")
    situation = drafting.look(session, cohort, now=now, bureau=bureau)
    before = as_drafted(base, situation)
    edits = [Edit(number, enrolment=who) for who, number in moves.items()]
    edits += [Edit(number, slot=slot) for number, slot in (slots or {}).items()]
    open_slots = {s.id: s for s in situation.slots}
    _, was = drafting.judge(session, situation, before)
    steps = list(_steps(session, situation, before, was, edits, open_slots))
    after = steps[-1].groups if steps else before
    document, judged = drafting.judge(session, situation, after)
    price, why = _compared(was, judged)
    made = Draft(
        groups=drafting.with_reserves(situation, document, after),
        document=document,
        claim=BY_HAND,
        facts={
            "status": "feasible" if judged.feasible else "infeasible",
            "objective": list(judged.objective),
            "price": list(price),
            "edits": [_as_document(step.priced) for step in steps],
            "broken": list(judged.broken),
            "from": version,
        },
    )
    return Weighed(
        draft=made,
        levels=tuple(level["name"] for level in document["objective"]),
        objective=judged.objective,
        price=price,
        why=why,
        edits=tuple(step.priced for step in steps),
        broken=judged.broken,
    )


def edit(
    session: Session,
    cohort: Cohort,
    version: int,
    moves: Mapping[int, int],
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    slots: Mapping[int, int] | None = None,
) -> Plan:
    """Propose a version with changes by hand, with what `weigh` says about it."""
    cohort = drafting.open_to_planning(session, cohort)
    weighed = weigh(session, cohort, version, moves, now=now, bureau=bureau, slots=slots)
    situation = drafting.look(session, cohort, now=now, bureau=bureau)
    return drafting.keep(session, situation, weighed.draft, by=by, now=now)


def as_drafted(plan: Plan, situation: drafting.Situation) -> tuple[DraftGroup, ...]:
    """Return the groups of a stored plan that can still change; who left is no longer in them."""
    settled = {g.number for g in situation.settled}
    present = {e.id for e in situation.people}
    made = []
    for group in plan.groups:
        if group.number not in settled:
            visit = next((v for v in group.visits if v.status in visits.LIVE | {VisitStatus.PROPOSED}), None)
            members = tuple(m.enrolment_id for m in group.members if m.enrolment_id in present)
            slot, reserve = (visit.slot, visit.reserve_slot) if visit else (None, None)
            open_ids = {s.id for s in situation.slots}
            made.append(
                DraftGroup(group.number, members, slot, reserve if reserve and reserve.id in open_ids else None)
            )
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Step:
    groups: tuple[DraftGroup, ...]
    priced: Priced


def _steps(
    session: Session,
    situation: drafting.Situation,
    groups: tuple[DraftGroup, ...],
    was: Score,
    edits: list[Edit],
    open_slots: Mapping[int, Slot],
) -> Iterator[_Step]:
    """Do the changes one by one; a change after which there is no plan has its price in the next one that has."""
    for one in edits:
        groups = _with(groups, one, open_slots)
        try:
            _, judged = drafting.judge(session, situation, groups)
        except Refused:
            if one is edits[-1]:
                raise
            yield _Step(groups, Priced(one, None, ""))
        else:
            price, why = _compared(was, judged)
            yield _Step(groups, Priced(one, price, why))
            was = judged


def _compared(before: Score, after: Score) -> tuple[tuple[int, ...], str]:
    price = tuple(new - old for new, old in zip(after.objective, before.objective, strict=True))
    weighing: list[Difference] = [one for one in differences(before, after) if one.cost]
    return price, changes(weighing)


def _with(groups: tuple[DraftGroup, ...], one: Edit, open_slots: Mapping[int, Slot]) -> tuple[DraftGroup, ...]:
    numbers = sorted(g.number for g in groups)
    if one.group not in numbers:
        raise NotFound(f"Groep {one.group} is er niet of ligt al vast.", remedy=f"Kies uit {numbers}.")
    if one.slot is not None and one.slot not in open_slots:
        raise NotFound(f"Dagdeel {one.slot} is niet vrij.", remedy="vitale host list")
    made = []
    for g in groups:
        members, slot = set(g.members), g.slot
        if one.enrolment is not None:
            members.discard(one.enrolment)
        if g.number == one.group:
            members |= {one.enrolment} if one.enrolment is not None else set()
            slot = open_slots[one.slot] if one.slot is not None else slot
        made.append(replace(g, members=tuple(sorted(members)), slot=slot))
    return tuple(made)


def _as_document(priced: Priced) -> Document:
    return {
        "group": priced.edit.group,
        "enrolment": priced.edit.enrolment,
        "slot": priced.edit.slot,
        "price": None if priced.price is None else list(priced.price),
        "why": priced.why,
    }
