"""Read a plan of groups and visits: as people see it, with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import PlanStatus, VisitStatus
from vitale_core.planning import Instance, PlannedGroup
from vitale_core.planning import Plan as Planned
from vitale_core.planning.explaining import Explanation
from vitale_core.planning.explaining import explain as explained
from vitale_core.steps import visits
from vitale_core.steps.plan import availability, instance
from vitale_core.store.gather import OWNERS, gather
from vitale_core.store.records import Cohort, Enrolment, Group, GroupMember, Needs, Plan, Project, Slot, Visit


@dataclass(frozen=True, slots=True)
class MemberShown:
    """One person in a group: enrolment id, name, organisation."""

    enrolment: int
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class VisitShown:
    """Where and when a group goes; moments in UTC."""

    id: int
    status: VisitStatus
    slot: int
    project: str
    place: str
    start: datetime
    end: datetime
    cannot: tuple[int, ...]  # enrolment ids of members who cannot come then
    unknown: tuple[int, ...]  # of whom that is not known
    reserve: tuple[str, str, datetime] | None  # project, place and start
    reserve_cannot: tuple[int, ...]  # of the reserve: members who cannot come then


@dataclass(frozen=True, slots=True)
class GroupShown:
    """One group of a plan."""

    number: int
    members: tuple[MemberShown, ...]
    visit: VisitShown | None
    settled: bool  # the visit began: it stays as it is


@dataclass(frozen=True, slots=True)
class PlanShown:
    """One version of the plan as the operator sees it; `digest` is what an approval binds to.

    `levels` gives name and cost per level. `options` compares the numbers of groups, `price` what a choice or an edit
    by hand costs more per level, `edits` the same for each change of it, `broken` the rules it breaks.
    """

    version: int
    status: PlanStatus
    digest: str
    claim: str
    made_at: datetime
    made_by: str
    groups: tuple[GroupShown, ...]
    levels: tuple[tuple[str, int], ...]
    options: tuple[Mapping[str, Any], ...]
    price: tuple[int, ...]
    edits: tuple[Mapping[str, Any], ...]
    broken: tuple[str, ...]
    unread_wishes: tuple[int, ...]
    unknown_travel: tuple[int, ...]


_NEWEST = (
    select(Plan)
    .where(Plan.cohort_id == bindparam("cohort"), Plan.status != PlanStatus.SUPERSEDED)
    .order_by(Plan.version.desc())
    .limit(1)
)
_GROUPS = select(Group, Group.plan_id).where(Group.plan_id.in_(OWNERS)).order_by(Group.number)
_MEMBERS = (
    select(GroupMember, GroupMember.group_id)
    .where(GroupMember.group_id.in_(OWNERS))
    .options(joinedload(GroupMember.enrolment))
    .order_by(GroupMember.enrolment_id)
)
_VISITS = (
    select(Visit, Visit.group_id)
    .where(Visit.group_id.in_(OWNERS))
    .options(
        joinedload(Visit.project).lazyload(Project.host),
        joinedload(Visit.reserve_slot).joinedload(Slot.project).lazyload(Project.host),
    )
    .order_by(Visit.id)
)


def get(session: Session, cohort: Cohort, version: int) -> Plan:
    """Return one version of the plan."""
    plan = session.scalar(select(Plan).where(Plan.cohort_id == cohort.id, Plan.version == version))
    if plan is None:
        raise NotFound(
            f"{cohort.code} heeft geen plan met versie {version}.", remedy=f"vitale groups show {cohort.code}"
        )
    return plan


def approved(session: Session, cohort: Cohort) -> Plan | None:
    """Return the plan in force."""
    return session.scalar(select(Plan).where(Plan.cohort_id == cohort.id, Plan.status == PlanStatus.APPROVED))


def newest(session: Session, cohort: Cohort) -> Plan | None:
    """Return the proposal that waits, or else the plan in force."""
    return session.scalar(_NEWEST, {"cohort": cohort.id})


def show(session: Session, cohort: Cohort, version: int | None = None) -> PlanShown:
    """Return a version of the plan, or the newest one that counts; NotFound when there is none."""
    plan = newest(session, cohort) if version is None else get(session, cohort, version)
    if plan is None:
        raise NotFound(f"{cohort.code} heeft nog geen groepen.", remedy=f"vitale groups propose {cohort.code}")
    return as_shown(session, plan)


def as_shown(session: Session, plan: Plan) -> PlanShown:
    """Return a plan as the operator sees it."""
    solution, document = plan.solution, plan.instance
    gather(session, [plan], Plan.groups, _GROUPS)
    gather(session, plan.groups, Group.members, _MEMBERS)
    gather(session, plan.groups, Group.visits, _VISITS)
    told = availability.told_by(session, [m.enrolment_id for g in plan.groups for m in g.members])
    settled = {g["number"] for g in solution["groups"] if g.get("settled")}
    names = [level["name"] for level in document["objective"]]
    notes = document["notes"]
    return PlanShown(
        version=plan.version,
        status=plan.status,
        digest=plan.digest,
        claim=plan.claim,
        made_at=plan.made_at,
        made_by=plan.made_by,
        groups=tuple(_group(g, told, settled=g.number in settled) for g in plan.groups),
        levels=tuple(zip(names, solution["objective"], strict=True)),
        options=tuple(solution.get("options", ())),
        price=tuple(solution.get("price", ())),
        edits=tuple(solution.get("edits", ())),
        broken=tuple(solution.get("broken", ())),
        unread_wishes=tuple(int(e[1:]) for e in notes["wishes"]),
        unknown_travel=tuple(int(e[1:]) for e in notes["travel"]),
    )


def explain(session: Session, plan: Plan) -> Explanation:
    """Explain a stored plan: cost per criterion, per person why here, per project why not.

    Ids are those of the document; `labels` tells what they stand for. Groups whose visit began are not in it.
    """
    return explained(*as_planned(session, plan))


def as_planned(session: Session, plan: Plan) -> tuple[Instance, Planned]:
    """Return the problem and the answer of a stored plan, as the planner knows them; without settled groups."""
    groups = [g for g in plan.solution["groups"] if not g.get("settled")]
    planned = tuple(PlannedGroup(tuple(g["members"]), g.get("host", ""), g.get("slot", "")) for g in groups)
    document = _with_needs(session, plan.instance)
    sizes = [len(group.members) for group in planned]
    limits = document["groups"]
    if sizes and limits["max"] - limits["min"] > 1:  # made by hand, and judged whatever its sizes
        document = {**document, "groups": {**limits, "min": min(sizes), "max": max(sizes)}}
    bound = plan.solution.get("bound")
    return Instance.from_json(document), Planned(
        status="optimal" if plan.solution["status"] == "optimal" else "feasible",
        groups=planned,
        objective=tuple(plan.solution["objective"]),
        bound=tuple(bound) if bound else None,
        claim=plan.claim,
    )


def labels(session: Session, plan: Plan) -> dict[str, str]:
    """Return what the ids in a document stand for: names, projects, half days. For a page, not for a log."""
    document = plan.instance
    people = [int(p["id"][1:]) for p in document["participants"]]
    found = {
        f"e{e.id}": e.person.name or "(gewist)"
        for e in session.scalars(select(Enrolment).where(Enrolment.id.in_(people)))
    }
    projects = [int(h["id"][1:]) for h in document["hosts"]]
    found |= {f"p{p.id}": p.title for p in session.scalars(select(Project).where(Project.id.in_(projects)))}
    slots = [int(s["id"][1:]) for s in document["slots"]]
    rows = session.scalars(select(Slot).where(Slot.id.in_(slots)))
    return found | {f"s{s.id}": worktime.moment_in_words(s.starts_at) for s in rows}


def forget(session: Session, enrolment_id: int) -> int:
    """Take one person's answers out of every stored document; return how many documents had them.

    For erasing: who was in which group stays as ids, themes, times and travel go.
    """
    gone, changed = f"e{enrolment_id}", 0
    cohort_id = session.get_one(Enrolment, enrolment_id).cohort_id
    for plan in session.scalars(select(Plan).where(Plan.cohort_id == cohort_id)):
        document = plan.instance
        if any(p["id"] == gone for p in document["participants"]):
            bare = [{"id": gone, "home": gone} if p["id"] == gone else p for p in document["participants"]]
            trips = dict.fromkeys(document["travel"].get(gone, ()), instance.UNKNOWN_MINUTES)
            travel = {**document["travel"], **({gone: trips} if trips else {})}
            plan.instance = {**document, "participants": bare, "travel": travel}
            changed += 1
    return changed


def _with_needs(session: Session, document: instance.Document) -> instance.Document:
    """Give the document back what may not be kept in it."""
    ids = [int(p["id"][1:]) for p in document["participants"]]
    needs = {f"e{n.enrolment_id}": n for n in session.scalars(select(Needs).where(Needs.enrolment_id.in_(ids)))}
    people = [
        {**p, "needs": [str(code).casefold() for code in needs[p["id"]].access]} if p["id"] in needs else p
        for p in document["participants"]
    ]
    return {**document, "participants": people}


def _group(group: Group, told: availability.Told, *, settled: bool) -> GroupShown:
    members = tuple(
        MemberShown(m.enrolment_id, m.enrolment.person.name or "(gewist)", m.enrolment.person.organisation or "")
        for m in group.members
    )
    shown = [v for v in group.visits if v.status in visits.LIVE | {VisitStatus.PROPOSED}]
    return GroupShown(group.number, members, _visit(shown[-1], members, told) if shown else None, settled)


def _visit(visit: Visit, members: tuple[MemberShown, ...], told: availability.Told) -> VisitShown:
    spare = visit.reserve_slot
    start, end = visit.slot.starts_at, visit.slot.ends_at
    people = [m.enrolment for m in members]
    can = told.who_can(people, start, end)
    then = told.who_can(people, spare.starts_at, spare.ends_at) if spare else {}
    return VisitShown(
        id=visit.id,
        status=visit.status,
        slot=visit.slot_id,
        project=visit.project.title,
        place=visit.project.place,
        start=start,
        end=end,
        cannot=tuple(e for e, free in can.items() if free is False),
        unknown=tuple(e for e, free in can.items() if free is None),
        reserve=(spare.project.title, spare.project.place, spare.starts_at) if spare else None,
        reserve_cannot=tuple(e for e, free in then.items() if free is False),
    )
