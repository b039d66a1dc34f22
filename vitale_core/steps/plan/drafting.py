"""Make a plan of groups and visits from the facts of a cohort, and keep it as a proposal."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vitale_core.domain import labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    PLAN,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    PlanEvent,
    PlanStatus,
    VisitStatus,
    after,
)
from vitale_core.planning import Instance, PlannedGroup, Score, reserve_visits, score
from vitale_core.steps import audit, hosts, tasks, visits
from vitale_core.steps.plan import instance
from vitale_core.steps.plan.instance import Document, Solver
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort, Enrolment, Group, GroupMember, Message, Plan, Slot, Visit

MOST_COUNTS = 3  # so many numbers of groups are compared
COMPARED_UP_TO = 16  # people; with more a plan takes seconds, and the first number of groups that fits will do
PLANS = frozenset({CohortStatus.OPEN, CohortStatus.CONFIRMED, CohortStatus.RUNNING})
HEARD = frozenset({MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNCERTAIN, MessageStatus.BOUNCED})
APPROVE, STUCK = "groups-approve", "groups-stuck"
"""Kinds of the tasks: a proposal waits; no proposal can be made."""


@dataclass(frozen=True, slots=True)
class DraftGroup:
    """One group of a draft; `settled` is a group whose visit began: it stays as it is."""

    number: int
    members: tuple[int, ...]  # enrolment ids
    slot: Slot | None = None
    reserve: Slot | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that is not kept yet. `facts` goes into the stored solution beside the groups."""

    groups: tuple[DraftGroup, ...]
    document: Document
    claim: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is to be planned: the people to place, where they can go, and what already holds."""

    cohort: Cohort
    programme: Programme
    people: tuple[Enrolment, ...]
    slots: tuple[Slot, ...]
    settled: tuple[Group, ...]
    approved: Plan | None
    announced: bool = False  # people know their group, or a host counts on them: change as little as possible

    @property
    def projects(self) -> int:
        """How many projects have a half day open."""
        return len({slot.project_id for slot in self.slots})

    def previous(self) -> list[Document]:
        """Return the groups of the plan in force that can still change, for the planner."""
        if self.approved is None:
            return []
        half_days = {slot.id: key for key, slot in instance.project_slots(self.slots).items()}
        documents = []
        for group in self.approved.groups:
            if group not in self.settled:
                document: Document = {"members": [f"e{m.enrolment_id}" for m in group.members]}
                for visit in group.visits:
                    if visit.status in visits.LIVE and visit.slot_id in half_days:
                        document["host"], document["slot"] = half_days[visit.slot_id]
                documents.append(document)
        return documents


def open_to_planning(session: Session, cohort: Cohort) -> Cohort:
    """Hold a cohort whose groups can be made now, or refuse."""
    cohort = lock_cohort(session, cohort.id)
    if not programme_of(cohort).has_visits:
        raise Refused(f"Het programma van {cohort.code} heeft geen werkbezoek: er zijn geen groepen nodig.")
    if cohort.status not in PLANS:
        raise Refused(
            f"{cohort.code} heeft de status '{labels.of_state(cohort.status)}': dan worden er geen groepen gemaakt."
        )
    return cohort


def look(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> Situation:
    """Return what there is to plan now."""
    approved = session.scalar(select(Plan).where(Plan.cohort_id == cohort.id, Plan.status == PlanStatus.APPROVED))
    groups = approved.groups if approved else []
    settled = [g for g in groups if any(visits.begun(v, now) for v in g.visits)]
    placed = {m.enrolment_id for g in settled for m in g.members}
    confirmed = session.scalars(
        select(Enrolment)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.status == EnrolmentStatus.CONFIRMED)
        .order_by(Enrolment.id)
    )
    gone_to = {v.project_id for g in settled for v in g.visits if v.status in visits.LIVE}
    slots = [s for s in hosts.open_slots(session, cohort, now=now, bureau=bureau) if s.project_id not in gone_to]
    own = visits.of_cohort(session, cohort, {VisitStatus.ASKED, VisitStatus.CONFIRMED})
    slots += [v.slot for v in own if v.slot not in slots and v.slot.starts_at > now]
    return Situation(
        cohort=cohort,
        programme=programme_of(cohort),
        people=tuple(e for e in confirmed if e.id not in placed),
        slots=tuple(slots),
        settled=tuple(settled),
        approved=approved,
        announced=_announced(session, cohort, own),
    )


def _announced(session: Session, cohort: Cohort, own: Sequence[Visit]) -> bool:
    told = select(Message.id).where(
        Message.cohort_id == cohort.id, Message.kind == Kind.GROUP_PROPOSAL, Message.status.in_(HEARD)
    )
    return any(v.status is VisitStatus.CONFIRMED for v in own) or session.scalar(told.limit(1)) is not None


def draft(
    session: Session, situation: Situation, *, solve: Solver, without: Collection[str] = (), count: int | None = None
) -> Draft:
    """Return the best plan over the possible numbers of groups; raises Refused with the rules that clash.

    Numbers of groups are compared in this order: who cannot come, what changes, fewest hosts, then the mix. With many
    people the smallest number that fits is taken.
    """
    people = len(situation.people)
    if not people:
        raise Refused("Er is niemand om in te delen.", remedy="Bevestig eerst deelnemers: vitale person confirm.")
    if count is not None and not 1 <= count <= people:
        raise Refused(f"{people} mensen passen niet in {count} groepen.")
    sizes = instance.counts(people, situation.programme.group_min, situation.programme.group_max)
    tried = []
    for number in [count] if count else sizes[:MOST_COUNTS]:
        document = instance.build(
            session,
            situation.cohort,
            situation.people,
            slots=situation.slots,
            count=number,
            previous=situation.previous(),
            announced=situation.announced,
            without=without,
        )
        tried.append((document, solve(document)))
        if people > COMPARED_UP_TO and tried[-1][1].get("groups"):
            break
    found = [(document, solution) for document, solution in tried if solution.get("groups")]
    if not found:
        raise _impossible(situation, *tried[0])
    document, solution = min(found, key=lambda both: _rank(*both))
    return Draft(
        groups=groups_of(situation, solution),
        document=document,
        claim=str(solution.get("claim", "")),
        facts={
            "status": solution["status"],
            "objective": solution["objective"],
            "bound": solution.get("bound"),
            "without": sorted(without),
            "options": [_option(*both) for both in tried],
        },
    )


def judge(session: Session, situation: Situation, groups: Sequence[DraftGroup]) -> tuple[Document, Score]:
    """Score groups that were not made by the planner, as they are; raises Refused when they make no plan."""
    moving = [g for g in groups if not g.settled]
    joint = all(g.slot for g in moving)
    slots = situation.slots if joint else ()
    document = instance.build(
        session,
        situation.cohort,
        situation.people,
        slots=slots,
        count=len(moving),
        previous=situation.previous(),
        announced=situation.announced,
    )
    document["groups"] |= {"min": 1, "max": len(situation.people)}
    judged = score(Instance.from_json(document), _planned(moving, slots))
    if not judged.objective:
        raise Refused(f"Dit is geen indeling: {'; '.join(judged.background)}.", remedy="Maak eerst een nieuw voorstel.")
    return document, judged


def with_reserves(situation: Situation, document: Document, groups: Sequence[DraftGroup]) -> tuple[DraftGroup, ...]:
    """Give groups that were made by hand a reserve visit each, as a proposal of the planner has."""
    if not all(g.slot for g in groups):
        return tuple(replace(g, reserve=None) for g in groups)
    rows = instance.project_slots(situation.slots)
    spare = reserve_visits(Instance.from_json(document), _planned(groups, situation.slots))
    found = [rows[visit.host, visit.slot] if visit else None for visit in spare]
    return tuple(replace(g, reserve=slot) for g, slot in zip(groups, found, strict=True))


def _planned(groups: Sequence[DraftGroup], slots: Sequence[Slot]) -> list[PlannedGroup]:
    """Return groups in the ids of a document with these slots."""
    half_days = {slot.id: key for key, slot in instance.project_slots(slots).items()}
    return [
        PlannedGroup(tuple(f"e{m}" for m in g.members), *half_days.get(g.slot.id if g.slot else 0, ("", "")))
        for g in groups
    ]


def keep(session: Session, situation: Situation, made: Draft, *, by: str, now: datetime) -> Plan:
    """Store a draft as the newest proposal; older proposals are superseded and the operator gets a task."""
    cohort = situation.cohort
    for older in session.scalars(select(Plan).where(Plan.cohort_id == cohort.id, Plan.status == PlanStatus.PROPOSED)):
        older.status = after(PLAN, older.status, PlanEvent.SUPERSEDE)
    settled = [DraftGroup(g.number, tuple(m.enrolment_id for m in g.members), settled=True) for g in situation.settled]
    every = sorted((*made.groups, *settled), key=lambda g: g.number)
    solution = {**made.facts, "claim": made.claim, "groups": _documents(situation, every)}
    last = session.scalar(select(func.max(Plan.version)).where(Plan.cohort_id == cohort.id))
    plan = Plan(
        cohort_id=cohort.id,
        version=(last or 0) + 1,
        status=PlanStatus.PROPOSED,
        digest=digest_of(solution),
        claim=made.claim,
        instance=instance.shareable(made.document),
        solution=solution,
        made_at=now,
        made_by=by,
    )
    session.add(plan)
    for group in every:
        row = Group(cohort_id=cohort.id, plan=plan, number=group.number)
        row.members = [GroupMember(cohort_id=cohort.id, enrolment_id=m) for m in sorted(group.members)]
        session.add(row)
        if group.slot:
            session.add(visits.propose(row, group.slot.project, group.slot, reserve=group.reserve))
    session.flush()
    _tell_operator(session, situation, plan, by=by, now=now)
    return plan


def digest_of(solution: Document) -> str:
    """Return the sha256 of a solution in its one canonical form: what an approval binds to."""
    text = json.dumps(solution, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def numbered(new: Sequence[Collection[int]], old: Mapping[int, Collection[int]], taken: Collection[int]) -> list[int]:
    """Give each new group the number of the old group it shares most people with; the rest the lowest free ones."""
    pairs = sorted(
        (-len(set(members) & set(new[place])), number, place)
        for number, members in old.items()
        for place in range(len(new))
    )
    given: dict[int, int] = {}
    for overlap, number, place in pairs:
        if overlap and place not in given and number not in given.values():
            given[place] = number
    free = iter(n for n in range(1, len(new) + len(old) + len(taken) + 1) if n not in {*given.values(), *taken})
    return [given[place] if place in given else next(free) for place in range(len(new))]


def groups_of(situation: Situation, solution: Document) -> tuple[DraftGroup, ...]:
    """Turn the ids of a solution into groups with numbers and slots."""
    rows = instance.project_slots(situation.slots)
    members = [sorted(int(m[1:]) for m in g["members"]) for g in solution["groups"]]
    settled = {g.number for g in situation.settled}
    old = {
        g.number: [m.enrolment_id for m in g.members]
        for g in (situation.approved.groups if situation.approved else ())
        if g.number not in settled
    }
    numbers = numbered(members, old, settled)
    reserves = solution.get("reserves") or [None] * len(members)
    made = []
    for number, people, group, spare in zip(numbers, members, solution["groups"], reserves, strict=True):
        slot = rows.get((group.get("host", ""), group.get("slot", "")))
        reserve = rows.get((spare["host"], spare["slot"])) if spare else None
        made.append(DraftGroup(number, tuple(people), slot, reserve))
    return tuple(sorted(made, key=lambda g: g.number))


def _documents(situation: Situation, groups: Sequence[DraftGroup]) -> list[Document]:
    half_days = {slot.id: key for key, slot in instance.project_slots(situation.slots).items()}
    documents = []
    for group in groups:
        document: Document = {"number": group.number, "members": [f"e{m}" for m in group.members]}
        if group.slot:
            document["host"], document["slot"] = half_days[group.slot.id]
        if group.reserve:
            document["reserve"] = dict(zip(("host", "slot"), half_days[group.reserve.id], strict=True))
        if group.settled:
            document["settled"] = True
        documents.append(document)
    return documents


def _rank(document: Document, solution: Document) -> tuple[list[int], int, list[int]]:
    """Order plans of different numbers of groups: what comes before the mix, fewest groups, the rest."""
    levels = [level["level"] for level in document["objective"]]
    first = sum(1 for level in levels if level < instance.MIX_LEVEL)
    objective = list(solution["objective"])
    return objective[:first], document["groups"]["count"], objective[first:]


def _option(document: Document, solution: Document) -> Document:
    """Return what the operator sees of one number of groups beside the others."""
    wanted = ("status", "objective", "claim", "conflict")
    sizes = document["groups"]
    words = str(sizes["min"]) if sizes["min"] == sizes["max"] else f"{sizes['min']} of {sizes['max']}"
    return {"count": sizes["count"], "sizes": words, **{k: solution[k] for k in wanted if k in solution}}


def _impossible(situation: Situation, document: Document, solution: Document) -> Refused:
    """Say why there is no plan, and the ways out."""
    count, code = document["groups"]["count"], situation.cohort.code
    conflict = solution.get("conflict") or []
    if conflict:
        rules = "; ".join(instance.RULES[name][1] if name in instance.RULES else f"regel '{name}'" for name in conflict)
        return Refused(
            f"Er is geen indeling die aan alle regels voldoet. Deze regels botsen: {rules}.",
            remedy=f"Laat er een los (vitale groups propose {code} --without {conflict[0]}) of vraag meer dagdelen.",
        )
    if solution["status"] == "infeasible":
        return Refused(
            f"Voor {count} groepen zijn er {situation.projects} projecten met {len(situation.slots)} vrije dagdelen, "
            "en dat past niet.",
            remedy="Vraag meer projecten of dagdelen (vitale host import), of ruimere groepsgrenzen.",
        )
    return Refused(
        "De planner vond geen indeling, maar kan niet bewijzen dat er geen is.", remedy="Laat een regel los."
    )


def _tell_operator(session: Session, situation: Situation, plan: Plan, *, by: str, now: datetime) -> None:
    cohort = situation.cohort
    for kind in (APPROVE, STUCK, "propose-groups"):
        tasks.close_tasks_of(session, cohort_id=cohort.id, kind=kind, by=by, now=now)
    first = min((v.slot.starts_at for g in plan.groups for v in g.visits), default=None)
    when = f" Het eerste bezoek is op {worktime.moment_in_words(first)}." if first else ""
    tasks.owe_task(
        session,
        key=f"{APPROVE}/{cohort.id}/{plan.version}",
        kind=APPROVE,
        what=f"Bekijk het voorstel voor de groepen van {cohort.code} (versie {plan.version}) en keur het goed.{when}",
        command=f"vitale groups show {cohort.code}",
        cohort_id=cohort.id,
        due_at=first,
        now=now,
    )
    if not situation.slots and not situation.settled:
        tasks.owe_task(
            session,
            key=f"{hosts.NO_HOSTS}/{cohort.id}",
            kind=hosts.NO_HOSTS,
            what=f"Geen gastheren voor {cohort.code}: er is geen vrij dagdeel in de periode van de werkbezoeken.",
            command="vitale host import BESTAND",
            cohort_id=cohort.id,
            now=now,
        )
    else:
        tasks.close_tasks_of(session, cohort_id=cohort.id, kind=hosts.NO_HOSTS, by=by, now=now)
    audit.note(
        session,
        what="groups proposed",
        actor=by,
        cohort_id=cohort.id,
        object_kind="plan",
        object_id=plan.id,
        detail={"version": plan.version, "groups": len(plan.groups)},
        now=now,
    )
