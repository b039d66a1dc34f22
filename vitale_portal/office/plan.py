"""Groups, visits, hosts and what the evaluation brought: read, approve, and record what a host said on the phone."""

import re
from collections.abc import Mapping

from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import contains_eager
from starlette.responses import Response

from vitale_core.domain.errors import NotFound
from vitale_core.domain.pictures import bars, growth, marks_out_of_ten
from vitale_core.domain.states import PlanStatus, SessionKind, SessionStatus, TaskStatus, VisitStatus
from vitale_core.planning import phrase
from vitale_core.steps import groups as group_steps
from vitale_core.steps import report, terugkomdag, werkbezoek
from vitale_core.steps import visits as visit_steps
from vitale_core.steps.content.days import label
from vitale_core.steps.plan import reading as plans
from vitale_core.steps.post import remarks
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import Cohort, CourseSession, Group, Plan, PollOption, Task, Visit
from vitale_portal import reporting
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Form
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office import planning
from vitale_portal.office.deeds import by, chosen, deed, note
from vitale_portal.views import moment_in_words

YES, NO = "ja", "nee"
TEN = 11
ENDED = (VisitStatus.REFUSED, VisitStatus.CANCELLED)

Polls = list[tuple[CourseSession, list[terugkomdag.Standing]]]

_COHORT: BindParameter[int] = bindparam("cohort")
_VISITS = (
    select(Visit)
    .join(Visit.group)
    .join(Plan, Plan.id == Group.plan_id)
    .where(Visit.cohort_id == _COHORT, or_(Plan.status != PlanStatus.SUPERSEDED, Visit.status.in_(ENDED)))
    .options(contains_eager(Visit.group))
    .order_by(Visit.id)
)
_TASKS = select(Task).where(Task.cohort_id == _COHORT, Task.visit_id.is_not(None), Task.status == TaskStatus.OPEN)
_WITH_A_POLL = select(PollOption.session_id).where(PollOption.cohort_id == _COHORT).distinct()


def show(call: Call) -> Response:
    """Show the newest proposal, or the plan in force."""
    cohort = cohort_page.of(call)
    newest = plans.newest(call.session, cohort)
    shown = plans.as_shown(call.session, newest) if newest else None
    form = approve_form(call)
    return call.page(
        "office/plan.html",
        **cohort_page.common(call, cohort, "plan"),
        plan=shown,
        picture=planning.graph(newest, shown) if newest and shown else "",
        table=planning.table(shown) if shown else "",
        names={m.enrolment: m.name for g in shown.groups for m in g.members} if shown else {},
        waits=shown is not None and shown.status is PlanStatus.PROPOSED,
        form=form,
        filled=call.filled or form.shown({}),
    )


def show_reasons(call: Call) -> Response:
    """Tell why each person is in this group; looking for better places takes a moment, hence a page of its own."""
    cohort = cohort_page.of(call)
    plan = plans.newest(call.session, cohort)
    if plan is None:
        raise NotFound("Er is nog geen voorstel.")
    words = plans.labels(call.session, plan)
    explained = plans.explain(call.session, plan)
    return call.page(
        "office/reasons.html",
        **cohort_page.common(call, cohort, "plan"),
        explained=explained,
        reasons=[(words.get(why.person, why.person), _named(why.text, words)) for why in explained.people],
        costs=[
            (phrase(term.term, cause.raw), cause.raw * term.term.weight, [words.get(one, one) for one in cause.people])
            for level in explained.levels
            for term in level.terms
            for cause in term.causes
        ],
        numbers=[g.number for g in plans.show(call.session, cohort, plan.version).groups if not g.settled],
        visits=[no for no in explained.visits if no.offered],
        words=words,
    )


def propose(call: Call) -> Response:
    """Ask for a proposal."""
    cohort = cohort_page.of(call)
    filled = call.fill(deed(call))
    group_steps.propose(call.session, cohort, by=by(call, filled), now=call.now, bureau=call.bureau)
    return call.to(f"{cohort.code}/plan")


def approve(call: Call) -> Response:
    """Let a proposal hold: the very version that was shown."""
    cohort = cohort_page.of(call)
    filled = call.fill(approve_form(call))
    shown, digest = call.sent.get("versie"), call.sent.get("tekst")
    version = int(shown) if isinstance(shown, str) and shown.isdecimal() and len(shown) < 9 else 0  # noqa: PLR2004 - fits the column
    call.chose(f"Je keurt voorstel {version} voor de groepen en bezoeken van {cohort.code} goed.")
    group_steps.approve(
        call.session,
        cohort,
        version,
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
        digest=digest if isinstance(digest, str) else "",
    )
    what = f"Voorstel {version} goedgekeurd."
    remarks.on_deed(
        call.session, what, filled.string("notitie"), cohort_id=cohort.id, by=by(call, filled), now=call.now
    )
    return call.to(f"{cohort.code}/plan")


def approve_form(call: Call) -> Form:
    """Return what an approval asks."""
    return deed(call, note())


def show_hosts(call: Call) -> Response:
    """Show the visits with their hosts."""
    cohort = cohort_page.of(call)
    visits = call.session.scalars(_VISITS, {"cohort": cohort.id}).all()
    tasks = call.session.scalars(_TASKS, {"cohort": cohort.id}).all()
    form = host_form(call)
    return call.page(
        "office/hosts.html",
        **cohort_page.common(call, cohort, "gastheren"),
        visits=[visit for visit in visits if visit.status not in ENDED],
        ended=[visit for visit in visits if visit.status in ENDED],
        told={visit.id: visit_steps.practical_of(visit).rows for visit in visits},
        files={visit.id for visit in visits if reporting.path_of(call.house, visit).exists()},
        tasks=tasks,
        form=form,
        filled=call.filled or form.shown({}),
    )


def answer_host(call: Call) -> Response:
    """Record what a host said on the phone."""
    cohort = cohort_page.of(call)
    visit = call.session.get(Visit, int(call.path["visit"]))
    if visit is None or visit.cohort_id != cohort.id:
        raise NotFound("Dit bezoek is er niet.")
    filled = call.fill(host_form(call))
    name, words = by(call, filled), filled.string("notitie")
    said = "de groep mag komen" if filled.string("antwoord") == YES else "de groep kan niet komen"
    where = f"{visit.project.title}, {moment_in_words(visit.slot.starts_at)}"
    call.chose(f"De gastheer van groep {visit.group.number} ({where}) zei: {said}.")
    if filled.string("antwoord") == YES:
        werkbezoek.confirm_visit(call.session, visit, by=name, now=call.now, bureau=call.bureau)
    else:
        werkbezoek.refuse_visit(call.session, visit, by=name, reason=words, now=call.now, bureau=call.bureau)
    what = "Antwoord van een gastheer aan de telefoon."
    remarks.on_deed(call.session, what, words, cohort_id=cohort.id, visit_id=visit.id, by=name, now=call.now)
    return call.to(f"{cohort.code}/gastheren")


def host_form(call: Call) -> Form:
    """Return the question about a visit."""
    question = Field(
        "antwoord",
        "Wat zei de gastheer?",
        "wat de gastheer zei",
        "choice",
        missing="Kies wat de gastheer zei.",
        options=(Choice(YES, "De groep mag komen"), Choice(NO, "De groep kan niet komen")),
        in_a_row=True,
    )
    return deed(call, question, note("Notitie", required=True, missing="Schrijf op wie je sprak en wanneer."))


def presentation(call: Call) -> Response:
    """Give the presentation of a group."""
    cohort = cohort_page.of(call)
    visit = call.session.get(Visit, int(call.path["visit"]))
    if visit is None or visit.cohort_id != cohort.id:
        raise NotFound("Er is geen presentatie.")
    return reporting.file_of(call.house, visit)


def show_evaluation(call: Call) -> Response:
    """Show what may be told of the evaluation, the poll, and the lists of who was there."""
    cohort = cohort_page.of(call)
    with_sessions(call.session, cohort)
    told = report.cohort_report(call.session, cohort)
    polls = _polls(call, cohort)
    form = date_form(call, polls)
    return call.page(
        "office/evaluation.html",
        **cohort_page.common(call, cohort, "evaluatie"),
        told=told,
        outcomes=_growth(told),
        pictures={one.shown.name: _bars(one) for one in told.rounds},
        sessions=[s for s in _sessions(cohort) if s.starts_at],
        polls=polls,
        form=form,
        filled=call.filled or form.shown({}),
    )


def choose_date(call: Call) -> Response:
    """Choose the date of a terugkomdag out of its poll."""
    cohort = cohort_page.of(call)
    filled = call.fill(date_form(call, _polls(call, cohort)))
    option = call.session.get(PollOption, chosen(filled, "datum"))
    if option is None or option.cohort_id != cohort.id:
        raise NotFound("Deze datum is er niet.")
    meeting = call.session.get_one(CourseSession, option.session_id)
    name = by(call, filled)
    call.chose(f"‘{label(meeting)}’ wordt op {moment_in_words(option.starts_at)}.")
    terugkomdag.choose_date(call.session, meeting, option.id, by=name, now=call.now, bureau=call.bureau)
    what = f"De datum van {meeting.title} gekozen."
    remarks.on_deed(call.session, what, filled.string("notitie"), cohort_id=cohort.id, by=name, now=call.now)
    return call.to(f"{cohort.code}/evaluatie")


def date_form(call: Call, polls: Polls) -> Form:
    """Return the dates to choose from, the best first; nothing when there is no poll."""
    options = []
    for _meeting, places in polls:
        for place in places:
            words = f"Wel: {len(place.coming)}, liever niet: {len(place.if_needed)}, niet: {len(place.cannot)}."
            options.append(Choice(str(place.option.id), moment_in_words(place.option.starts_at), words))
    if not options:
        return Form(())
    question = Field(
        "datum",
        "Welke datum wordt het?",
        "de datum",
        "choice",
        missing="Kies een datum.",
        options=tuple(options),
    )
    return deed(call, question, note())


def _polls(call: Call, cohort: Cohort) -> Polls:
    """Return the gatherings whose date is still to be chosen, with what people said of each date."""
    undated = [s for s in _sessions(cohort) if s.starts_at is None and s.status is not SessionStatus.CANCELLED]
    if not undated:
        return []
    asked = set(call.session.scalars(_WITH_A_POLL, {"cohort": cohort.id}))
    return [(s, terugkomdag.standings(call.session, s)) for s in undated if s.id in asked]


def _sessions(cohort: Cohort) -> list[CourseSession]:
    return [s for s in cohort.sessions if s.kind is not SessionKind.WERKBEZOEK]


def _named(text: str, words: Mapping[str, str]) -> str:
    """Return a sentence of the planner with names for its ids."""
    return re.sub(r"\b[eps]\d+\b", lambda found: words.get(found[0], found[0]), text)


def _growth(told: report.CohortReport) -> str:
    moments = list(dict.fromkeys(point.moment for chart in told.outcomes for point in chart.points))
    rows = [(chart.text, {p.moment: p.mean for p in chart.points}) for chart in told.outcomes if chart.points]
    if not rows:
        return ""
    ordered = [m for m in (report.BEFORE, report.LOOK_BACK, report.DIRECTLY, report.LATER) if m in moments]
    return growth(rows, title="Waar de groep stond, per uitkomst", moments=[(m, m) for m in ordered])


def _bars(one: report.RoundReport) -> list[str]:
    """Return the pictures of a round: scales together, each likelihood from 0 to 10 apart."""
    five = [(b.label, [count for _label, count in b.bars]) for b in one.scales if len(b.bars) == 5]  # noqa: PLR2004 - 1..5
    ten = [b for b in one.scales if len(b.bars) == TEN]
    drawn = [bars(five, title=one.shown.title, ends=("helemaal niet", "helemaal wel"))] if five else []
    return drawn + [marks_out_of_ten([count for _label, count in b.bars], title=b.label) for b in ten]
