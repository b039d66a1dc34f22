"""The operator's pages: groups, visits and hosts."""

from tests.portal.deeds import BASE, deed
from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import PlanStatus, VisitStatus
from vitale_core.store.records import Plan, Visit


def test_a_plan_is_approved_as_it_was_shown(world, visitor):
    at(world, "proposed")

    deed(visitor, f"{BASE}/plan", {"naam": "Anja"})

    plan = world.one(Plan, status=PlanStatus.APPROVED)
    assert plan.approved_by == "Anja"
    assert {v.status for v in world.visits()} == {VisitStatus.ASKED}


def test_a_plan_that_was_replaced_meanwhile_is_not_approved(world, visitor):
    stage = at(world, "proposed")
    form = Page(visitor.open(f"{BASE}/plan").text).forms[0]
    world.groups(stage.cohort, approve=False)

    answer = visitor.post(f"{BASE}/plan", form.known | {"naam": "Anja", "zeker": "ja"})

    assert answer.status_code == 409
    assert not [p for p in world.all(Plan) if p.status is PlanStatus.APPROVED]


def test_why_everybody_is_where_they_are_is_told_with_names(world, visitor):
    at(world, "proposed")

    page = Page(visitor.open(f"{BASE}/plan/waarom").text)

    assert "Noor de Jong" in page.words
    assert " e2 " not in page.words


def newest_plan(world):
    return max(world.all(Plan), key=lambda plan: plan.version)


def members_of(plan, number):
    return [int(m[1:]) for g in plan.solution["groups"] if g["number"] == number for m in g["members"]]


def test_a_change_by_hand_is_priced_before_it_is_made(world, visitor):
    at(world, "proposed")
    page = Page(visitor.open(f"{BASE}/plan/wijzig").text)
    before = newest_plan(world)
    one, other = (min(members_of(before, number)) for number in (1, 2))

    weighed = Page(visitor.open(f"{BASE}/plan/wijzig?p{one}=2&p{other}=1").text)

    assert "Wat dit kost" not in page.words
    assert "Wat dit kost" in weighed.words
    assert "naar groep 2" in weighed.words
    assert newest_plan(world).version == before.version
    form = weighed.forms[0]
    assert visitor.post(form.action, form.known | {"naam": "Anja"}).status_code == 303
    newest = newest_plan(world)
    assert newest.version == before.version + 1
    assert newest.made_by == "Anja"
    assert len(newest.solution["edits"]) == 2
    assert "met de hand gemaakt" in Page(visitor.open(f"{BASE}/plan").text).words


def test_a_change_that_leaves_a_group_empty_or_nothing_at_all_is_refused(world, visitor):
    at(world, "proposed")
    members = members_of(newest_plan(world), 1)
    every = "&".join(f"p{one}=2" for one in members)

    assert "geen indeling" in Page(visitor.open(f"{BASE}/plan/wijzig?{every}").text).words
    form = Page(visitor.open(f"{BASE}/plan/wijzig?p{members[0]}=2").text).forms[0]
    seal = {name: form.known[name] for name in ("zegel", "versie")}
    assert visitor.post(form.action, seal | {"naam": "Anja"}).status_code == 409
    assert visitor.post(form.action, form.known | {"naam": "Anja", "versie": "7"}).status_code == 409


def test_another_plan_can_be_taken(world, visitor):
    at(world, "proposed")
    page = Page(visitor.open(f"{BASE}/plan/keuzes").text)

    form = next(form for form in page.forms if form.action.endswith("/keuzes"))
    answer = visitor.post(form.action, form.known | {"naam": "Anja"})

    assert "Plan B" in page.words
    assert answer.status_code == 303
    assert newest_plan(world).claim == "plan B, gekozen door Anja"


def test_each_visit_stands_once_among_the_hosts(world, visitor):
    """A proposal that another took the place of is over, and so are its visits."""
    at(world, "visits booked")

    words = Page(visitor.open(f"{BASE}/gastheren").text).words

    assert {plan.status for plan in world.all(Plan)} == {PlanStatus.SUPERSEDED, PlanStatus.APPROVED}
    assert words.count("Groep 1:") == 1
    assert "voorgesteld" not in words


def test_what_a_host_said_on_the_phone_is_recorded(world, visitor):
    at(world, "hosts asked")
    visit = world.visits()[0]
    forms = Page(visitor.open(f"{BASE}/gastheren").text).forms
    nr = next(n for n, form in enumerate(forms) if form.action.endswith(f"/{visit.id}"))

    deed(visitor, f"{BASE}/gastheren", {"antwoord": "ja", "notitie": "Belde met Greet.", "naam": "Anja"}, nr=nr)

    assert world.one(Visit, id=visit.id).status is VisitStatus.CONFIRMED
