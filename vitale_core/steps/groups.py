"""Groups and their visits: propose, edit and approve a plan.

A plan holds for people only after the operator approved the very version that was shown. Until then it is a row of
ids: nobody is told anything, no host is asked, no half day is taken.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vitale_core.domain import labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.states import (
    BOOKS_THE_SLOT,
    PLAN,
    VISIT,
    CohortStatus,
    EnrolmentStatus,
    PlanEvent,
    PlanStatus,
    VisitEvent,
    VisitStatus,
    after,
)
from vitale_core.steps import audit, facts, hosts, ledger, tasks, visits
from vitale_core.steps.plan import drafting, regrouping
from vitale_core.steps.plan.drafting import Draft
from vitale_core.steps.plan.editing import as_drafted, edit
from vitale_core.steps.plan.instance import Solver, solve_document
from vitale_core.steps.plan.reading import approved, get, newest, show
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort, Enrolment, Intake, Plan, Visit

STEP = "groups"
RESERVE = "het reservebezoek; verder is niets veranderd"
ASKS = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING})


def propose(
    session: Session,
    cohort: Cohort,
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    solve: Solver = solve_document,
    without: Collection[str] = (),
    count: int | None = None,
) -> Plan:
    """Propose groups with a visit each, or groups alone when no host has a half day free.

    With an approved plan it keeps as much of that as possible; groups whose visit began stay as they are.
    `without` leaves rules out by id, `count` fixes the number of groups. Raises Refused with the rules that clash
    and the ways out; nothing is stored then.
    """
    cohort = drafting.open_to_planning(session, cohort)
    situation = drafting.look(session, cohort, now=now, bureau=bureau)
    window = hosts.visit_window(cohort, bureau=bureau)
    if window is not None and window[1] <= now:
        last = worktime.in_words(worktime.local(window[1]).date())
        raise Refused(
            f"De periode van de werkbezoeken eindigde voor {last}.",
            remedy="Spreek voor wie nog geen bezoek had een vervangende opdracht af.",
        )
    made = drafting.draft(session, situation, solve=solve, without=without, count=count)
    return drafting.keep(session, situation, made, by=by, now=now)


def change_group(
    session: Session, enrolment: Enrolment, number: int, *, by: str, now: datetime, bureau: Bureau
) -> Plan:
    """Let somebody go with another group of the plan in force: at once, in the calendars of those it concerns.

    Everybody else stays where he is. A proposal that waited is replaced: it no longer fits.
    """
    cohort = drafting.open_to_planning(session, enrolment.cohort)
    plan = approved(session, cohort)
    if plan is None:
        raise Refused(f"{cohort.code} heeft nog geen groepen die gelden.", remedy=f"vitale groups show {cohort.code}")
    if enrolment.status is not EnrolmentStatus.CONFIRMED:
        raise Refused(f"Deelnemer {enrolment.id} heeft geen plek in {cohort.code}.")
    if enrolment.id in {m.enrolment_id for g in plan.groups if g.number == number for m in g.members}:
        return plan
    made = edit(session, cohort, plan.version, {enrolment.id: number}, by=by, now=now, bureau=bureau)
    session.flush()
    session.expire_all()  # its groups were added one by one
    return approve(session, cohort, made.version, by=by, now=now, bureau=bureau)


def approve(
    session: Session,
    cohort: Cohort,
    version: int,
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    digest: str | None = None,
) -> Plan:
    """Let a proposal hold: hosts are asked, and who is in it hears so through the agenda.

    Only the newest proposal, with the `digest` that was shown, for exactly the people who are in now: otherwise
    Refused. Visits that stay go on as they are, so nobody is asked or told twice; what disappears is cancelled.
    """
    cohort = lock_cohort(session, cohort.id)
    plan = get(session, cohort, version)
    _check_approval(session, cohort, plan, digest)
    before = approved(session, cohort)
    kept = _carry_over(session, plan, before, now=now)
    for visit in visits.of_cohort(session, cohort, {VisitStatus.ASKED, VisitStatus.CONFIRMED}):
        if visit not in kept:
            reason = "De groep gaat op een ander moment of naar een ander project."
            visits.cancel(session, cohort, visit, reason=reason, by=by, now=now, bureau=bureau)
    if before is not None:
        before.status = after(PLAN, before.status, PlanEvent.SUPERSEDE)
    plan.status = after(PLAN, plan.status, PlanEvent.APPROVE)
    plan.approved_at, plan.approved_by = now, by
    session.flush()
    _ask(session, plan, now=now)
    for kind in (drafting.APPROVE, drafting.STUCK, "propose-groups", visits.WITHOUT, "seat-free"):
        tasks.close_tasks_of(session, cohort_id=cohort.id, kind=kind, by=by, now=now)
    detail = {"version": plan.version, "digest": plan.digest}
    audit.note(
        session,
        what="groups approved",
        actor=by,
        cohort_id=cohort.id,
        object_kind="plan",
        object_id=plan.id,
        detail=detail,
        now=now,
    )
    return plan


def replace_visit(
    session: Session, cohort: Cohort, visit: Visit, *, by: str, now: datetime, bureau: Bureau, solve: Solver
) -> Plan:
    """Propose the least change after a visit fell away: its reserve if everybody can come, or else a new plan."""
    situation = drafting.look(session, cohort, now=now, bureau=bureau)
    made = _with_reserve(session, situation, visit)
    if made is None:
        return propose(session, cohort, by=by, now=now, bureau=bureau, solve=solve)
    return drafting.keep(session, situation, made, by=by, now=now)


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau, solve: Solver = solve_document) -> None:
    """Propose by itself when everybody told what they want, or the answering time is over, and after a change.

    What cannot be planned becomes a task for the operator. Then owe the mails of this step.
    """
    if not programme_of(cohort).has_visits:
        return
    if cohort.status in ASKS and _proposal_wanted(session, cohort, now=now, bureau=bureau):
        try:
            propose(session, cohort, by=audit.CLOCK, now=now, bureau=bureau, solve=solve)
        except Refused as no:
            tell_stuck(session, cohort, no, now=now)
    if cohort.status in ASKS:
        regrouping.answer_declines(session, cohort, now=now, bureau=bureau, solve=solve)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def tell_stuck(session: Session, cohort: Cohort, no: Refused, *, now: datetime) -> None:
    """Put on the operator's list that no plan can be made, why, and the ways out."""
    tasks.owe_task(
        session,
        key=f"{drafting.STUCK}/{cohort.id}",
        kind=drafting.STUCK,
        what=f"Voor {cohort.code} is geen voorstel voor groepen te maken. {no.message} {no.remedy}".strip(),
        command=f"vitale groups propose {cohort.code}",
        cohort_id=cohort.id,
        now=now,
    )


def _confirmed(session: Session, cohort: Cohort) -> set[int]:
    query = select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.status == EnrolmentStatus.CONFIRMED)
    return set(session.scalars(query))


def _members(plan: Plan) -> set[int]:
    return {m.enrolment_id for g in plan.groups for m in g.members}


def _left_since(plan: Plan, confirmed: set[int]) -> set[int]:
    """Return who left, of the people whose group can still change."""
    settled = {int(m[1:]) for g in plan.solution["groups"] if g.get("settled") for m in g["members"]}
    return _members(plan) - settled - confirmed


def _check_approval(session: Session, cohort: Cohort, plan: Plan, digest: str | None) -> None:
    """Refuse what was not shown, is not the newest, or does not fit the people any more."""
    show = f"vitale groups show {cohort.code}"
    if cohort.status not in ASKS:
        status = f"{cohort.code} heeft de status '{labels.of_state(cohort.status)}'"
        if cohort.status in {CohortStatus.DRAFT, CohortStatus.OPEN}:
            go = f"vitale cohort go {cohort.code}"
            raise Refused(f"{status}: gastheren worden pas gevraagd als het doorgaat.", remedy=go)
        raise Refused(f"{status}: gastheren worden niet meer gevraagd.", remedy=show)
    if plan.status is PlanStatus.APPROVED:
        raise Refused(f"Versie {plan.version} is al goedgekeurd.", remedy=show)
    if plan.status is PlanStatus.SUPERSEDED:
        raise Refused(f"Versie {plan.version} is vervangen door een nieuwere.", remedy=show)
    if digest is not None and digest != plan.digest:
        raise Refused(f"Versie {plan.version} is niet wat je zag.", remedy=show)
    confirmed = _confirmed(session, cohort)
    if confirmed - _members(plan) or _left_since(plan, confirmed):
        raise Refused("De deelnemers zijn veranderd sinds dit voorstel.", remedy=f"vitale groups propose {cohort.code}")


def _carry_over(session: Session, plan: Plan, before: Plan | None, *, now: datetime) -> set[Visit]:
    """Move the visits that stay from the old plan to the new one; return them."""
    old = {v.slot_id: v for g in (before.groups if before else ()) for v in g.visits if v.status in visits.LIVE}
    kept = set()
    for group in plan.groups:
        for new in list(group.visits):
            same = old.pop(new.slot_id, None)
            if same is not None:
                reserve = new.reserve_slot_id
                session.delete(new)
                same.group, same.reserve_slot_id = group, reserve
                kept.add(same)
    settled = {g["number"] for g in plan.solution["groups"] if g.get("settled")}
    numbers = {g.number: g for g in plan.groups if g.number in settled}
    for visit in [v for v in old.values() if visits.begun(v, now)]:
        if visit.group.number not in numbers:
            raise Refused("Er begon een werkbezoek sinds dit voorstel.", remedy="Maak een nieuw voorstel.")
        visit.group = numbers[visit.group.number]
        kept.add(visit)
    session.flush()
    for group in plan.groups:
        session.expire(group, ["visits"])
    return kept


def _ask(session: Session, plan: Plan, *, now: datetime) -> None:
    """Ask the hosts of the new visits; the database refuses a half day that another cohort took."""
    remedy = "Maak een nieuw voorstel: vitale groups propose."
    for group in plan.groups:
        for visit in group.visits:
            if visit.status is VisitStatus.PROPOSED:
                taken = select(Visit.id).where(Visit.slot_id == visit.slot_id, Visit.status.in_(BOOKS_THE_SLOT))
                when = worktime.moment_in_words(visit.slot.starts_at)
                if visit.slot.starts_at <= now or visit.slot.withdrawn_at or session.scalar(taken):
                    raise Refused(f"Het dagdeel op {when} (groep {group.number}) is niet meer vrij.", remedy=remedy)
                visit.status = after(VISIT, visit.status, VisitEvent.ASK)
                visit.asked_at = now
    try:
        session.flush()
    except IntegrityError:
        raise Refused("Een van de dagdelen is net door een ander cohort bezet.", remedy=remedy) from None


def _with_reserve(session: Session, situation: drafting.Situation, visit: Visit) -> Draft | None:
    """Return the plan in force with one visit replaced by its reserve; None when that does not hold for everybody."""
    plan, reserve = situation.approved, visit.reserve_slot
    if plan is None or reserve is None or reserve not in situation.slots or visit.group.plan_id != plan.id:
        return None
    if reserve.project_id == visit.project_id:
        return None  # that host just said no: look whether somebody else can
    groups = [
        replace(g, slot=reserve, reserve=None) if g.number == visit.group.number else g
        for g in as_drafted(plan, situation)
    ]
    everybody = {m for g in groups for m in g.members} == {e.id for e in situation.people}
    if not everybody or any(g.slot is None for g in groups):
        return None
    document, judged = drafting.judge(session, situation, groups)
    absent = sum(t.raw for t in judged.terms if t.term.type == "absent")
    if not judged.feasible or absent:
        return None
    facts_of = {"status": "feasible", "objective": list(judged.objective), "reserve_of": visit.id}
    return Draft(groups=tuple(groups), document=document, claim=RESERVE, facts=facts_of)


def _proposal_wanted(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> bool:
    """Say whether a proposal is to be made without anybody asking."""
    plan = newest(session, cohort)
    confirmed = _confirmed(session, cohort)
    if plan is None:
        answered = set(session.scalars(select(Intake.enrolment_id).where(Intake.cohort_id == cohort.id)))
        return bool(confirmed) and (confirmed <= answered or _answering_is_over(session, cohort, now, bureau))
    if confirmed - _members(plan) or (plan.status is PlanStatus.PROPOSED and _left_since(plan, confirmed)):
        return True
    programme = programme_of(cohort)
    bare = False
    for group in plan.groups:
        living = [v for v in group.visits if v.status in visits.LIVE | {VisitStatus.PROPOSED}]
        if any(visits.begun(v, now) for v in living):
            continue
        left = sum(1 for m in group.members if m.enrolment_id in confirmed)
        least = max([programme.group_min, *(v.project.min_people for v in living)])
        if left < min(least, len(group.members)):
            return True
        bare |= not living
    return bare and bool(hosts.open_slots(session, cohort, now=now, bureau=bureau))


def _answering_is_over(session: Session, cohort: Cohort, now: datetime, bureau: Bureau) -> bool:
    deadline = shared_anchors(facts.load(session, cohort, bureau=bureau)).get("rsvp_deadline")
    return deadline is not None and deadline <= now


__all__ = [
    "advance",
    "approve",
    "approved",
    "change_group",
    "edit",
    "get",
    "newest",
    "propose",
    "replace_visit",
    "show",
    "tell_stuck",
]
