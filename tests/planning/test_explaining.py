"""What the planner tells about a plan, and what it never tells."""

import json
from dataclasses import replace
from itertools import product

import pytest

from tests.planning.checker import Judge
from tests.planning.cohorts import colleagues, host, instance, level, person, rule, same, term
from tests.planning.generate import problem
from vitale_core.planning import Instance, Plan, PlannedGroup, as_json, changes, explain, score, solve


def test_the_levels_tell_what_each_criterion_costs():
    case = instance(
        colleagues(*"AABBCC"),
        count=2,
        levels=(level(same("organisation", 40), term("theme_gap", weight=2), name="mix"),),
    )

    told = explain(case, solve(case))

    assert [(part.level, part.name, part.cost) for part in told.levels] == [(1, "mix", 12)]
    assert [(one.term.id, one.raw, one.cost) for one in told.levels[0].terms] == [
        ("organisation", 0, 0),
        ("theme_gap", 6, 12),
    ]
    assert (told.claim, told.objective, told.bound) == ("bewezen het beste", (12,), (12,))


def elsewhere(judge, plan, one):
    """The best plan with this person with at most half of the companions, by looking at all plans."""
    mates = next(set(group.members) for group in plan.groups if one in group.members)
    most = (len(mates) - 1) // 2
    found = []
    for groups in judge.plans():
        members = next(set(members) for members, _, _ in groups if one in members)
        if members != mates and len(members & mates - {one}) <= most:
            found.append(judge.plan(groups)[1])
    return min(found, default=None)


@pytest.mark.parametrize(
    "shape", [{"people": 8, "count": 2}, {"people": 6, "count": 2, "hosts": 3, "slots": 3}, {"people": 6, "count": 3}]
)
@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_being_elsewhere_is_exact(seed, shape):
    document = problem(seed, rules=1, **shape)
    judge, case = Judge(document), Instance.from_json(document)
    plan = solve(case)

    told = explain(case, plan)

    assert {why.person for why in told.people} == {one for group in plan.groups for one in group.members}
    for why in told.people:
        best = elsewhere(judge, plan, why.person)
        price = None if best is None else tuple(new - old for new, old in zip(best, plan.objective, strict=True))
        assert (why.price, why.exact) == (price, True)


def test_the_price_is_told_in_one_sentence():
    case = instance(
        colleagues(*"AABB"),
        levels=(level(same("organisation", 40), name="mix"),),
        rules=(rule("r", "together", who=("p1", "p3")),),
    )

    told = explain(case, solve(case))

    assert told.people[0].text == "De regels laten geen andere plek toe."
    assert told.people[0].price is None


@pytest.mark.parametrize(
    "kinds, text",
    [
        ("ABCD", "Een andere plek is voor het geheel even goed. De volgorde van de lijst gaf de doorslag."),
        ("AABC", "Een andere plek is voor het geheel even goed. De volgorde van de lijst gaf de doorslag."),
    ],
)
def test_equally_good_places_are_called_so(kinds, text):
    case = instance(colleagues(*kinds), levels=(level(same("organisation", 40)),))

    told = explain(case, solve(case))

    assert told.people[0].text == text


def test_a_dearer_place_is_told_with_points_and_reasons():
    people = [replace(one, themes=(theme,)) for one, theme in zip(colleagues(*"AABB"), "xyxy", strict=True)]
    case = instance(people, levels=(level(same("organisation", 40), term("theme_gap", weight=1), name="mix"),))

    told = explain(case, solve(case))

    assert solve(case).groups == (PlannedGroup(("p1", "p3")), PlannedGroup(("p2", "p4")))
    assert (
        told.people[0].text == "Een andere plek kost het geheel 2 punten op ‘mix’: 2 mensen zonder passend thema meer."
    )
    assert changes(told.people[0].differences) == "2 mensen zonder passend thema meer"


def test_a_plan_that_is_not_the_best_may_have_cheaper_places():
    case = instance(colleagues(*"AABB"), levels=(level(same("organisation", 1)),))
    made = (PlannedGroup(("p1", "p2")), PlannedGroup(("p3", "p4")))

    told = explain(case, Plan("feasible", made, score(case, made).objective))

    assert told.people[0].price == (-2,)
    assert told.people[0].text.startswith("Een andere plek scheelt het geheel 2 punten: 2 tweetallen")


def test_every_visit_that_is_not_made_has_a_reason_or_a_price():
    people = [person("p1", available=("s1", "s2")), *[person(f"p{number}") for number in range(2, 5)]]
    hosts = (
        host("h1", max_visits=2, slots={"s1": 0, "s2": 0}),
        host("h2", slots={"s1": 4, "s2": 7}),
        host("h3", min_people=3, slots={"s1": 0, "s3": 0}),
    )
    case = instance(
        people,
        hosts=hosts,
        rules=(rule("weg", "exclude", host="h2", slots=("s2",)), rule("anders", "distinct_hosts")),
        levels=(level(term("slot_pref", weight=1)),),
    )
    plan = solve(case)

    told = {(why.group, why.host, why.slot): why for why in explain(case, plan).visits}

    assert [(group.host, group.slot) for group in plan.groups] == [("h1", "s1"), ("h2", "s1")]
    assert set(told) == set(product((0, 1), ("h1", "h2", "h3"), ("s1", "s2", "s3"))) - {
        (0, "h1", "s1"),
        (1, "h2", "s1"),
    }
    assert told[0, "h1", "s2"].price == (0,)
    assert told[0, "h1", "s3"].reason == "het project biedt dit dagdeel niet aan"
    assert told[0, "h2", "s1"].reason == "een andere groep is daar dan"
    assert (told[1, "h2", "s2"].reason, told[1, "h2", "s2"].rule) == ("regel ‘weg’", "weg")
    assert told[0, "h3", "s1"].reason == "het project ontvangt 3 tot 1000000000 mensen"
    assert told[1, "h1", "s2"].reason == "het project ontvangt al een andere groep"


def test_the_price_of_another_visit_counts_the_worst_off_of_all_groups():
    people = [person("p1"), person("p2"), person("p3", home="Emmen"), person("p4", home="Emmen")]
    travel = {"Assen": {"A": 10, "B": 30, "C": 50}, "Emmen": {"A": 80, "B": 20, "C": 60}}
    hosts = (host("h1", place="A"), host("h2", place="B"), host("h3", place="C"))
    case = instance(
        people, hosts=hosts, travel=travel, levels=(level(term("travel_max")), level(term("travel"), number=2))
    )
    plan = solve(case)

    told = {(why.group, why.host, why.slot): why.price for why in explain(case, plan).visits}

    assert plan.objective == (20, 60)
    assert told[0, "h3", "s1"] == (30, 80)
    assert told[1, "h3", "s1"] == (40, 80)


def test_health_needs_are_never_told():
    people = [person("p1", needs=("rolstoel",)), person("p2"), person("p3"), person("p4")]
    hosts = (host("h1", access=("rolstoel",)), host("h2"), host("h3"))
    case = instance(people, hosts=hosts, rules=(rule("toegang", "access"),), levels=(level(term("absent")),))
    plan = solve(case)

    told = explain(case, plan)
    text = json.dumps(as_json(told))

    assert plan.groups[0].host == "h1"
    assert "toegang" not in text
    assert "rolstoel" not in text
    assert (
        next(why for why in told.visits if why.host == "h3" and why.group == 0).reason
        == "dit past praktisch niet bij de groep"
    )


def test_people_who_did_not_tell_when_they_can_come_are_listed():
    case = instance([person("p1", available=None), person("p2")], count=1)

    assert explain(case, solve(case)).unknown == ("p1",)


def test_without_a_plan_only_the_claim_is_told():
    case = instance(4, rules=(rule("r", "apart", limit=0, who=("p1",)),))

    told = explain(case, solve(case))

    assert (told.claim, told.people, told.levels) == ("bewezen het beste", (), ())


def test_a_long_list_of_differences_ends_with_and():
    case = instance(colleagues(*"AABB"), levels=(level(same("organisation"), term("theme_gap", weight=1)),))
    found = explain(case, solve(case)).people[0].differences

    assert changes(()) == ""
    assert changes(found * 3).count(" en ") == (1 if found else 0)


def test_an_attribute_of_the_bureaus_own_is_quoted():
    people = [person(f"p{number}", attrs={"lievelingskleur": "rood"}) for number in range(1, 5)]
    case = instance(people, levels=(level(same("lievelingskleur")),))
    worse = (PlannedGroup(("p1", "p2", "p3")), PlannedGroup(("p4",)))

    extra = score(case, worse).terms[0]

    assert extra.raw == 3
    assert "gelijke ‘lievelingskleur’" in explain(case, Plan("feasible", worse, (30,))).people[3].text
