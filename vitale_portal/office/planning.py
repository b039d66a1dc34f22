"""The operator's hand in a plan: what each change costs, seen before it is made, and other plans to choose from."""

from collections.abc import Mapping

from starlette.responses import Response

from vitale_core.domain import places
from vitale_core.domain.errors import Refused
from vitale_core.domain.plan_pictures import Dot, Stop, groups, plan_map
from vitale_core.steps.plan import choosing, drafting, editing
from vitale_core.steps.plan import reading as plans
from vitale_core.store.records import Plan
from vitale_portal.doors import Call
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office.deeds import by, deed
from vitale_portal.views import moment_in_words

FAR_SOUTH = 0.0


def show_edit(call: Call) -> Response:
    """Show who sits where with a choice for each, and what the chosen changes would cost. Looking keeps nothing."""
    cohort = cohort_page.of(call)
    shown = plans.show(call.session, cohort)
    situation = drafting.look(call.session, cohort, now=call.now, bureau=call.bureau)
    moves, slots = _wanted(call, shown)
    weighed, problem = None, ""
    if moves or slots:
        try:
            weighed = editing.weigh(
                call.session, cohort, shown.version, moves, slots=slots, now=call.now, bureau=call.bureau
            )
        except Refused as no:
            problem = no.message
    form = deed(call)
    return call.page(
        "office/edit.html",
        **cohort_page.common(call, cohort, "plan"),
        plan=shown,
        moves=moves,
        slots=slots,
        free=situation.slots,
        weighed=weighed,
        problem=problem,
        names={m.enrolment: m.name for g in shown.groups for m in g.members},
        form=form,
        filled=call.filled or form.shown({}),
    )


def edit(call: Call) -> Response:
    """Make a proposal of the changes that were weighed."""
    cohort = cohort_page.of(call)
    filled = call.fill(deed(call))
    shown = plans.show(call.session, cohort)
    moves, slots = _wanted(call, shown)
    if call.sent.get("versie") != str(shown.version):
        raise Refused("Er is intussen een ander voorstel.", remedy="Bekijk het nieuwe voorstel eerst.")
    if not moves and not slots:
        raise Refused("Er is niets gewijzigd.", remedy="Kies voor iemand een andere groep.")
    editing.edit(
        call.session,
        cohort,
        shown.version,
        moves,
        slots=slots,
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return call.to(f"{cohort.code}/plan")


def show_choices(call: Call) -> Response:
    """Show the other plans, with what they cost; looking for them takes a moment."""
    cohort = cohort_page.of(call)
    shown = plans.show(call.session, cohort)
    plan = plans.get(call.session, cohort, shown.version)
    form = deed(call)
    return call.page(
        "office/choices.html",
        **cohort_page.common(call, cohort, "plan"),
        plan=shown,
        choices=choosing.choices(call.session, cohort, shown.version),
        words=plans.labels(call.session, plan),
        form=form,
        filled=call.filled or form.shown({}),
    )


def choose(call: Call) -> Response:
    """Make one of them the proposal."""
    cohort = cohort_page.of(call)
    filled = call.fill(deed(call))
    number, version = (_number(call.sent.get(name)) for name in ("keuze", "versie"))
    choosing.choose(
        call.session, cohort, number, version=version, by=by(call, filled), now=call.now, bureau=call.bureau
    )
    return call.to(f"{cohort.code}/plan")


def graph(plan: Plan, shown: plans.PlanShown) -> str:
    """Return the groups as a picture: organisations, shared themes, wishes."""
    document = plan.instance
    themes = {p["id"]: tuple(map(str, p.get("themes", ()))) for p in document["participants"]}
    dots = [
        Dot(f"e{m.enrolment}", m.name.split()[0], g.number, m.organisation, themes.get(f"e{m.enrolment}", ()))
        for g in shown.groups
        for m in g.members
    ]
    wishes = [
        (str(one), str(other))
        for level in document["objective"]
        for term in level.get("terms", ())
        if term.get("type") == "wish_together"
        for one, other in term.get("pairs", ())
    ]
    return groups(dots, wishes, title="De groepen: wie uit welke organisatie, met lijnen voor gedeelde thema’s")


def table(shown: plans.PlanShown) -> str:
    """Return who goes where and when as a picture; places from north to south. Empty without visits."""
    stops = []
    for group in shown.groups:
        if group.visit is not None:
            cannot, unknown = len(group.visit.cannot), len(group.visit.unknown)
            notes = ", ".join(filter(None, [_cannot(cannot), f"{unknown} onbekend" if unknown else ""]))
            stops.append((group.number, group.visit.place, group.visit.start, group.visit.project, notes, False))
            if group.visit.reserve:
                project, place, start = group.visit.reserve
                stops.append((group.number, place, start, project, _cannot(len(group.visit.reserve_cannot)), True))
    if not stops:
        return ""
    moments = sorted({stop[2] for stop in stops})
    return plan_map(
        sorted({stop[1] for stop in stops}, key=_from_north),
        [moment_in_words(moment) for moment in moments],
        [
            Stop(number, place, moment_in_words(start), project, note, spare)
            for number, place, start, project, note, spare in stops
        ],
        title="Wie waar naartoe gaat, en wanneer",
        names={g.number: ", ".join(m.name for m in g.members) for g in shown.groups},
    )


def _cannot(people: int) -> str:
    """Return how many cannot come; empty when everybody can."""
    return f"{people} {'kan' if people == 1 else 'kunnen'} niet" if people else ""


def _from_north(place: str) -> tuple[float, str]:
    known = places.find(place)
    return (-known.north if known else FAR_SOUTH, place)


def _wanted(call: Call, shown: plans.PlanShown) -> tuple[dict[int, int], dict[int, int]]:
    """Return who is to go to which group and which group in which slot, where that differs from the plan."""
    sent: Mapping[str, object] = call.sent or call.query
    now = {m.enrolment: g.number for g in shown.groups if not g.settled for m in g.members}
    moves = {who: number for who, was in now.items() if (number := _number(sent.get(f"p{who}"))) and number != was}
    slots = {
        g.number: number
        for g in shown.groups
        if g.visit is not None
        and not g.settled
        and (number := _number(sent.get(f"g{g.number}")))
        and number != g.visit.slot
    }
    return moves, slots


def _number(text: object) -> int:
    """Return a small whole number that was sent; 0 for anything else."""
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 9 else 0  # noqa: PLR2004 - fits the column
