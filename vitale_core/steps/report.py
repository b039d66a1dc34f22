"""What a cohort brought: the report of its evaluation and the handout of its groups, as plain values.

A page, a document or a spreadsheet draws them. Nothing is in here that `evaluation.report` does not give out: a round
that is open or withheld is named with the reason, without figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import evaluation as rules
from vitale_core.domain.states import PlanStatus, SessionKind, VisitStatus
from vitale_core.steps import evaluation
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Group, Plan, Visit

LEAST_STEP = 0.05
"""A smaller difference of two means shows as +0,0: that is no step to name."""


@dataclass(frozen=True, slots=True)
class Point:
    """One mean of an outcome: which moment ("vooraf"), the mean from 1 to 5, and of how many answers."""

    moment: str
    mean: float
    n: int


@dataclass(frozen=True, slots=True)
class OutcomeChart:
    """How one outcome moved: points in order of time, without what was withheld."""

    nr: int
    text: str
    points: tuple[Point, ...]

    @property
    def step(self) -> float | None:
        """The difference between the last point and the look back (or else the first); None with one point."""
        if len(self.points) < 2:  # noqa: PLR2004 - a step has two ends
            return None
        looked_back = [p for p in self.points if p.moment == LOOK_BACK]
        return round(self.points[-1].mean - (looked_back or [self.points[0]])[0].mean, 1)


@dataclass(frozen=True, slots=True)
class Bars:
    """One question with a few possible answers: how often each was given, for a bar."""

    name: str
    label: str
    n: int
    bars: tuple[tuple[str, int], ...]  # label of the answer, count
    mean: float | None


@dataclass(frozen=True, slots=True)
class Texts:
    """One open question, with its answers in no order."""

    name: str
    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoundReport:
    """One round: its state and, when released, its charts. `few` lists questions with too few answers."""

    shown: evaluation.RoundShown
    scales: tuple[Bars, ...]
    choices: tuple[Bars, ...]
    texts: tuple[Texts, ...]
    few: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CohortReport:
    """The whole report. `summary` tells it in at most five Dutch sentences."""

    code: str
    title: str
    days: tuple[datetime, ...]
    summary: tuple[str, ...]
    outcomes: tuple[OutcomeChart, ...]
    rounds: tuple[RoundReport, ...]
    visits: int


@dataclass(frozen=True, slots=True)
class HandoutPart:
    """What one group brought back from its visit; people are not named."""

    group: int
    project: str
    organisation: str
    place: str
    when: datetime
    report: str
    recommendations: tuple[str, ...]


BEFORE, LOOK_BACK, DIRECTLY, LATER = "vooraf", "vooraf, achteraf bekeken", "na de training", "bij de terugkomdag"
_MOMENTS = {evaluation.BASELINE: BEFORE, "direct": DIRECTLY, "transfer": LATER}


def cohort_report(session: Session, cohort: Cohort) -> CohortReport:
    """Return the report of a cohort as it may be told now."""
    programme = programme_of(cohort)
    shown = [evaluation.report(session, cohort, plan.name) for plan in programme.rounds]
    outcomes = tuple(_outcome(nr, text, shown) for nr, text in enumerate(programme.outcomes, start=1))
    days = session.scalars(
        select(CourseSession.starts_at)
        .where(CourseSession.cohort_id == cohort.id, CourseSession.kind != SessionKind.WERKBEZOEK)
        .order_by(CourseSession.starts_at)
    )
    visits = len(handout(session, cohort))
    return CohortReport(
        code=cohort.code,
        title=programme.title,
        days=tuple(dict.fromkeys(day for day in days if day)),
        summary=tuple(_summary(shown, outcomes, visits)),
        outcomes=outcomes,
        rounds=tuple(_round(one) for one in shown),
        visits=visits,
    )


def handout(session: Session, cohort: Cohort) -> tuple[HandoutPart, ...]:
    """Return the reports and recommendations of all groups in one list, for dagdeel 3."""
    query = (
        select(Visit)
        .join(Group, Visit.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .where(
            Visit.cohort_id == cohort.id,
            Visit.status == VisitStatus.REPORTED,
            Plan.status == PlanStatus.APPROVED,
        )
        .order_by(Group.number, Visit.id)
    )
    return tuple(
        HandoutPart(
            group=visit.group.number,
            project=visit.project.title,
            organisation=visit.project.host.organisation,
            place=visit.project.place,
            when=visit.slot.starts_at,
            report=visit.report,
            recommendations=tuple(line for line in map(_item, visit.recommendations.splitlines()) if line),
        )
        for visit in session.scalars(query)
    )


def _outcome(nr: int, text: str, shown: Sequence[evaluation.RoundShown]) -> OutcomeChart:
    points = []
    for one in shown:
        moment = _MOMENTS.get(one.name, one.title)
        for name, label in ((rules.look_back(nr), LOOK_BACK), (rules.outcome(nr), moment)):
            question = _questions(one).get(name)
            if question and "mean" in question:
                points.append(Point(label, float(question["mean"]), int(question["n"])))
    return OutcomeChart(nr, text, tuple(points))


def _questions(shown: evaluation.RoundShown) -> Mapping[str, Mapping[str, Any]]:
    return {q["name"]: q for q in shown.report["questions"]} if shown.report else {}


def _round(shown: evaluation.RoundShown) -> RoundReport:
    own = [q for q in _questions(shown).values() if q["about"] == "question"]
    told = [q for q in own if "withheld" not in q]
    return RoundReport(
        shown=shown,
        scales=tuple(_bars(q) for q in told if q["kind"] in {"scale", "number"}),
        choices=tuple(_bars(q) for q in told if q["kind"] in {"choice", "several"}),
        texts=tuple(Texts(q["name"], q["label"], tuple(q["texts"])) for q in told if "texts" in q),
        few=tuple(q["label"] for q in own if "withheld" in q),
    )


def _bars(question: Mapping[str, Any]) -> Bars:
    labels = question.get("labels", {})
    bars = tuple((labels.get(value, value), count) for value, count in question["counts"].items())
    return Bars(question["name"], question["label"], question["n"], bars, question.get("mean"))


def _summary(shown: Sequence[evaluation.RoundShown], outcomes: Sequence[OutcomeChart], visits: int) -> list[str]:
    """Tell the report in a few sentences; nothing that a chart does not show."""
    told = [(one.title, one.report) for one in shown if one.report]
    lines = [f"{title}: ingevuld door {r['answers']} van de {r['invited']} mensen." for title, r in told]
    steps = [(chart.step, chart) for chart in outcomes if chart.step is not None and chart.step >= LEAST_STEP]
    if steps:
        step, chart = max(steps, key=lambda pair: pair[0])
        lines.append(f"De grootste stap ({_decimal(step)}): “{chart.text}”")
    if visits:
        lines.append(f"{visits} {'groep deed' if visits == 1 else 'groepen deden'} verslag van een werkbezoek.")
    return lines[:5] or ["Er is nog niets te melden."]


def _decimal(number: float) -> str:
    return f"{number:+.1f}".replace(".", ",")


def _item(line: str) -> str:
    """Return one recommendation without the bullet that people type before it."""
    return line.strip().lstrip("-*•–").strip()
