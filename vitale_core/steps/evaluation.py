"""Evaluation: rounds that open and close by themselves, answers without a name, one report at closing.

Nobody can join an answer to a person: a receipt says that somebody answered, a sheet what was answered, and neither
has a time. Each new sheet has all sheets of its round written anew in the order of their random keys, so that no
database tells which came last.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from vitale_core.domain import evaluation as rules
from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.programme import RoundPlan
from vitale_core.domain.states import (
    COHORT,
    HAS_A_SEAT,
    ROUND,
    CohortEvent,
    CohortStatus,
    RoundEvent,
    RoundStatus,
    SessionKind,
    SessionStatus,
    after,
)
from vitale_core.steps import audit, certificates, facts, ledger, people, tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import AnswerSheet, Cohort, Enrolment, Intention, Receipt, Round

STEP = "evaluation"
BASELINE = "baseline"
"""The round that opens with the first confirmed seat instead of at its moment: it belongs to the intake."""

_ROUND = select(Round).where(Round.cohort_id == bindparam("cohort"), Round.name == bindparam("name"))
_GAVE = select(Receipt.enrolment_id).where(Receipt.round_id == bindparam("round"))
_COULD = select(func.count()).where(
    Enrolment.cohort_id == bindparam("cohort"), or_(Enrolment.status.in_(HAS_A_SEAT), Enrolment.id.in_(_GAVE))
)

GOING_ON = frozenset({CohortStatus.OPEN, CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING})


@dataclass(frozen=True, slots=True)
class RoundShown:
    """What may be told of a round. `report` is there only when it is released; `why` says why it is not."""

    name: str
    title: str
    status: RoundStatus | None  # None: not open yet
    closes_at: datetime | None
    answered: int
    invited: int
    report: Mapping[str, Any] | None
    why: str


def answer_round(
    session: Session, enrolment: Enrolment, round_name: str, answers: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep the answers of somebody who has a seat, once, without a name.

    Raises NotFound for a round that the programme does not have; Refused when it is not open, was answered before, or
    an answer does not fit.
    """
    cohort = lock_cohort(session, enrolment.cohort_id)
    plan = _plan(cohort, round_name)
    if enrolment.status not in HAS_A_SEAT or cohort.status is CohortStatus.CANCELLED:
        raise Refused("Je doet niet (meer) mee aan deze training.")
    kept = rules.valid(programme_of(cohort), plan, answers)
    found = _round(session, cohort, plan.name)
    if found is None and plan.name == BASELINE:
        found = _open(session, cohort, plan, opens_at=now, closes_at=None, now=now)
    if found is None or found.opens_at > now:
        raise Refused("Deze evaluatie is nog niet open.")
    if found.status is not RoundStatus.OPEN or (found.closes_at is not None and found.closes_at <= now):
        raise Refused("Deze evaluatie is gesloten. Bedankt voor je moeite; bel ons gerust als je iets kwijt wilt.")
    if answered(session, enrolment, plan.name):
        raise Refused(
            "Je hebt deze evaluatie al ingevuld. Omdat we niet weten welk formulier van jou is, kan dat één keer."
        )
    keep_sheet(session, found, enrolment, kept)


def keep_sheet(session: Session, found: Round, enrolment: Enrolment, answers: Mapping[str, Any]) -> None:
    """Store a receipt with a name and a sheet without one, and write the sheets of the round in a new order."""
    session.add(Receipt(cohort_id=found.cohort_id, round_id=found.id, enrolment_id=enrolment.id))
    session.flush()
    sheets = [*_sheets(session, found), {"id": secrets.token_hex(16), "round_id": found.id, "answers": dict(answers)}]
    session.execute(delete(AnswerSheet).where(AnswerSheet.round_id == found.id))
    session.execute(insert(AnswerSheet), sorted(sheets, key=lambda sheet: str(sheet["id"])))


def answered(session: Session, enrolment: Enrolment, round_name: str) -> bool:
    """Say whether somebody answered a round."""
    query = select(Receipt.id).join(Round).where(Receipt.enrolment_id == enrolment.id, Round.name == round_name)
    return session.scalar(query) is not None


def questions(cohort: Cohort, round_name: str) -> tuple[rules.Asked, ...]:
    """Return what a round asks, in order; NotFound when the programme has no such round."""
    return rules.asked(programme_of(cohort), _plan(cohort, round_name))


def report(session: Session, cohort: Cohort, round_name: str) -> RoundShown:
    """Return what may be told of a round: its report when it is released, otherwise why not."""
    plan = _plan(cohort, round_name)
    found = _round(session, cohort, plan.name)
    threshold = programme_of(cohort).threshold
    invited = _invited(session, cohort, found)
    if found is None:
        return RoundShown(plan.name, plan.title, None, None, 0, invited, None, "Deze evaluatie is nog niet geopend.")
    receipts = session.scalar(select(func.count()).where(Receipt.round_id == found.id)) or 0
    why = {
        RoundStatus.OPEN: "De evaluatie is nog open; het verslag komt na het sluiten.",
        RoundStatus.WITHHELD: f"Er zijn minder dan {threshold} antwoorden. Daarom is er geen verslag.",
    }.get(found.status, "")
    shown = found.report if found.status is RoundStatus.RELEASED else None
    return RoundShown(plan.name, plan.title, found.status, found.closes_at, receipts, invited, shown, why)


def _invited(session: Session, cohort: Cohort, found: Round | None) -> int:
    """Return how many could answer: who has a seat, and who answered and left. Once told in a report it stays so."""
    if found is not None and found.report is not None:
        return int(found.report["invited"])
    return session.scalar(_COULD, {"cohort": cohort.id, "round": found.id if found is not None else None}) or 0


def release(session: Session, cohort: Cohort, round_name: str, *, by: str, now: datetime) -> Round:
    """Return a round whose report is out, or withheld for too few answers.

    Rounds are released when they close; a round that is open waits for its moment. Asking twice is harmless.
    """
    cohort = lock_cohort(session, cohort.id)
    found = _round(session, cohort, _plan(cohort, round_name).name)
    if found is None or found.status is RoundStatus.OPEN:
        until = f" (tot {worktime.moment_in_words(found.closes_at)})" if found and found.closes_at else ""
        raise Refused(f"De evaluatie '{round_name}' van {cohort.code} is nog niet gesloten{until}.")
    if found.status is RoundStatus.CLOSED:
        _release(session, cohort, found, by=by, now=now)
    return found


def write_intention(session: Session, enrolment: Enrolment, words: str, now: datetime) -> Intention:
    """Keep what somebody means to do differently, in their own words, to be played back before the terugkomdag."""
    if enrolment.status not in HAS_A_SEAT:
        raise Refused("Je doet niet (meer) mee aan deze training.")
    text = people.clean_text(words, longest=rules.LONGEST)
    if not text:
        raise Refused("Schrijf op wat je anders gaat doen, en wanneer.")
    intention = _intention(session, enrolment, now)
    intention.words, intention.written_at = text, now
    session.flush()
    return intention


def tell_applied(session: Session, enrolment: Enrolment, text: str, now: datetime) -> Intention:
    """Keep what somebody did with the intention; also without one."""
    if enrolment.status not in HAS_A_SEAT:
        raise Refused("Je doet niet (meer) mee aan deze training.")
    applied = people.clean_text(text, longest=rules.LONGEST)
    if not applied:
        raise Refused("Schrijf op wat je hebt toegepast.")
    intention = _intention(session, enrolment, now)
    intention.applied, intention.applied_at = applied, now
    session.flush()
    return intention


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Open and close rounds, let the cohort go from running to evaluating to closed, owe the mails of this step."""
    if cohort.status in GOING_ON:
        cohort = lock_cohort(session, cohort.id)
        known = facts.load(session, cohort, bureau=bureau)
        if cohort.status is CohortStatus.RUNNING and _training_is_over(known, now):
            cohort.status = after(COHORT, cohort.status, CohortEvent.EVALUATE)
            _note(session, cohort, "training over", by=audit.CLOCK, now=now)
        for plan in known.programme.rounds:
            _turn(session, cohort, known, plan, now=now)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)
    if cohort.status is CohortStatus.EVALUATING:
        _finish(session, cohort, facts.load(session, cohort, bureau=bureau), now=now)


def _plan(cohort: Cohort, name: str) -> RoundPlan:
    plan = next((r for r in programme_of(cohort).rounds if r.name == name), None)
    if plan is None:
        names = ", ".join(r.name for r in programme_of(cohort).rounds)
        raise NotFound(f"{cohort.code} heeft geen evaluatie '{name}'.", remedy=f"Er zijn: {names}.")
    return plan


def _round(session: Session, cohort: Cohort, name: str) -> Round | None:
    return session.scalar(_ROUND, {"cohort": cohort.id, "name": name})


def _sheets(session: Session, found: Round) -> list[dict[str, Any]]:
    query = select(AnswerSheet.id, AnswerSheet.round_id, AnswerSheet.answers).where(AnswerSheet.round_id == found.id)
    return [{"id": key, "round_id": number, "answers": answers} for key, number, answers in session.execute(query)]


def _moments(known: CohortFacts, plan: RoundPlan) -> tuple[datetime | None, datetime | None]:
    """Return when a round opens and closes, as far as the dates are known."""
    anchors = {name: moment for name, moment in shared_anchors(known).items() if moment is not None}
    opens, closes = (moment.on(anchors, known.holidays, known.zone) for moment in (plan.opens, plan.closes))
    if plan.name == BASELINE:
        opens = min((e.confirmed_at for e in known.enrolments if e.confirmed_at), default=None)
    return opens, closes


def _turn(session: Session, cohort: Cohort, known: CohortFacts, plan: RoundPlan, *, now: datetime) -> None:
    """Open, postpone or close one round, as its moments say by now."""
    opens, closes = _moments(known, plan)
    found = _round(session, cohort, plan.name)
    if found is None:
        if opens is None or opens > now:
            return
        found = _open(session, cohort, plan, opens_at=opens, closes_at=closes, now=now)
    if found.status is not RoundStatus.OPEN:
        return
    if found.closes_at != closes:
        found.closes_at = closes  # a day moved
    if closes is not None and closes <= now:
        found.status, found.closed_at = after(ROUND, found.status, RoundEvent.CLOSE), now
        session.flush()
        _release(session, cohort, found, by=audit.CLOCK, now=now)


def _open(
    session: Session, cohort: Cohort, plan: RoundPlan, *, opens_at: datetime, closes_at: datetime | None, now: datetime
) -> Round:
    found = Round(cohort_id=cohort.id, name=plan.name, status=RoundStatus.OPEN, opens_at=opens_at, closes_at=closes_at)
    session.add(found)
    session.flush()
    _note(session, cohort, f"round {plan.name} open", by=audit.CLOCK, now=now)
    return found


def _release(session: Session, cohort: Cohort, found: Round, *, by: str, now: datetime) -> None:
    """Make the report, once; with too few answers there is none, and the answers go: nobody may ever read them."""
    sheets: Sequence[rules.Sheet] = [sheet["answers"] for sheet in _sheets(session, found)]
    invited = _invited(session, cohort, found)
    plan = _plan(cohort, found.name)
    found.report = rules.aggregate(programme_of(cohort), plan, sheets, invited=invited)
    event = RoundEvent.WITHHOLD if found.report is None else RoundEvent.RELEASE
    found.status = after(ROUND, found.status, event)
    if found.report is None:
        session.execute(delete(AnswerSheet).where(AnswerSheet.round_id == found.id))
    else:
        found.released_at = now
    session.flush()
    _note(session, cohort, f"round {found.name} {found.status}", by=by, now=now)


def _training_is_over(known: CohortFacts, now: datetime) -> bool:
    """Say whether the last dagdeel has ended."""
    ends = [s.end for s in known.sessions if s.kind is SessionKind.DAGDEEL and s.takes_place and s.end]
    return bool(ends) and max(ends) <= now


def _finish(session: Session, cohort: Cohort, known: CohortFacts, *, now: datetime) -> None:
    """Close the cohort when every gathering and round is over and every list that counts is closed."""
    to_come = [s for s in known.sessions if s.status is not SessionStatus.CANCELLED and (s.end is None or s.end > now)]
    turned = {r.name for r in known.rounds if r.status is not RoundStatus.OPEN}
    waiting = [p for p in known.programme.rounds if p.name not in turned and _moments(known, p)[0] is not None]
    if to_come or waiting:
        return
    query = select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT))
    seated = session.scalars(query.order_by(Enrolment.id)).all()
    if any(s.counted and s.earned is None for s in (certificates.standing(session, e) for e in seated)):
        return
    for enrolment in seated:
        certificates.settle(session, enrolment, now=now)
    cohort.status = after(COHORT, cohort.status, CohortEvent.CLOSE)
    cohort.closed_at = now
    tasks.drop_late_tasks(session, cohort_id=cohort.id, by=audit.CLOCK, now=now)
    _note(session, cohort, "cohort closed", by=audit.CLOCK, now=now)


def _intention(session: Session, enrolment: Enrolment, now: datetime) -> Intention:
    intention = session.scalar(select(Intention).where(Intention.enrolment_id == enrolment.id))
    if intention is None:
        intention = Intention(
            cohort_id=enrolment.cohort_id, enrolment_id=enrolment.id, words="", written_at=now, applied=""
        )
        session.add(intention)
    return intention


def _note(session: Session, cohort: Cohort, what: str, *, by: str, now: datetime) -> None:
    audit.note(session, what=what, actor=by, cohort_id=cohort.id, object_kind="cohort", object_id=cohort.id, now=now)


__all__ = [
    "RoundShown",
    "advance",
    "answer_round",
    "answered",
    "keep_sheet",
    "questions",
    "release",
    "report",
    "tell_applied",
    "write_intention",
]
