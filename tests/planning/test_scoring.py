"""The judgement of groups that somebody made by hand."""

import pytest

from tests.planning.cohorts import before, colleagues, host, instance, level, person, rule, same, term
from vitale_core.planning import PlannedGroup, differences, phrase, score
from vitale_core.planning.criteria import TERMS, Cause
from vitale_core.planning.rulebook import RULES, Violation
from vitale_core.planning.wording import SINGULAR_PLURAL


def groups(*members, visits=()):
    """Groups of the people with these numbers, with visits when given."""
    found = [tuple(f"p{number}" for number in some) for some in members]
    chosen = visits or [("", "")] * len(found)
    return [PlannedGroup(some, *visit) for some, visit in zip(found, chosen, strict=True)]


def test_a_pair_of_colleagues_is_counted_with_their_names_and_their_employer():
    case = instance(colleagues("Assen", "Assen", "Emmen", "Emmen"), levels=(level(same("organisation", 40)),))

    judged = score(case, groups((1, 2), (3, 4)))

    assert judged.objective == (80,)
    assert judged.terms[0].causes == (Cause(0, 1, ("p1", "p2"), "Assen"), Cause(1, 1, ("p3", "p4"), "Emmen"))
    assert phrase(judged.terms[0].term, judged.terms[0].raw) == "2 tweetallen met dezelfde organisatie"


def test_the_difference_between_two_plans_names_what_changes():
    case = instance(colleagues("Assen", "Assen", "Emmen", "Emmen"), levels=(level(same("organisation", 40)),))

    found = differences(score(case, groups((1, 2), (3, 4))), score(case, groups((1, 3), (2, 4))))

    assert [(one.term.id, one.raw, one.cost) for one in found] == [("organisation", -2, -80)]


@pytest.mark.parametrize(
    "made, complaint",
    [
        (groups((1, 2), (3,)), "deelnemer 'p4' is 0 keer geplaatst"),
        (groups((1, 2), (2, 3, 4)), "deelnemer 'p2' is 2 keer geplaatst"),
        (groups((1, 2), (3, 4, 9)), "deelnemer 'p9' hoort niet bij deze groepen"),
        (groups((1, 2, 3, 4), ()), "groep 2 is leeg"),
    ],
)
def test_groups_that_are_no_division_get_no_score(made, complaint):
    judged = score(instance(4, levels=(level(same("organisation")),)), made)

    assert complaint in judged.background
    assert (judged.objective, judged.feasible) == ((), False)


@pytest.mark.parametrize("visit", [("h9", "s1"), ("h1", "s9"), ("", "")])
def test_a_visit_that_nobody_offers_gets_no_score(visit):
    case = instance(2, count=1, hosts=(host("h1"),))

    judged = score(case, groups((1, 2), visits=[visit]))

    assert judged.background == ("groep 1 heeft geen bezoek dat wordt aangeboden",)


def test_sizes_and_full_projects_are_complaints_without_a_rule():
    case = instance(4, hosts=(host("h1", max_people=2), host("h2", max_visits=2)))

    lopsided = score(case, groups((1, 2, 3), (4,), visits=[("h1", "s1"), ("h1", "s1")]))
    alone = score(case, groups((1, 2, 3, 4), visits=[("h2", "s1")]))

    assert lopsided.background == (
        "groep 1 telt 3 mensen",
        "project 'h1' ontvangt 0 tot 2 mensen (groep 1)",
        "groep 2 telt 1 mensen",
        "project 'h1' krijgt 2 bezoeken",
        "project 'h1' krijgt twee groepen tegelijk",
    )
    assert alone.background == ("1 groepen in plaats van 2", "groep 1 telt 4 mensen")


BROKEN = [
    (rule("r", "together", who=("p1", "p3")), [Violation("r", 0, ("p1",)), Violation("r", 1, ("p3",))]),
    (rule("r", "apart", limit=1, who=("p1", "p2")), [Violation("r", 0, ("p1", "p2"))]),
    (rule("r", "attr_max", limit=1, attr="organisation"), [Violation("r", 0, ("p1", "p2"))]),
    (rule("r", "attr_min", limit=1, attr="organisation", values=("Assen",)), [Violation("r", 1, ("p3", "p4"))]),
    (rule("r", "common_slots", limit=1), [Violation("r", 1, ("p3", "p4"))]),
    (rule("r", "theme_cover", limit=1), [Violation("r", 1, ("p3", "p4"))]),
    (rule("r", "attend", limit=0), [Violation("r", 1, ("p4",))]),
    (rule("r", "must_attend", who=("p4",)), [Violation("r", 1, ("p4",))]),
    (rule("r", "travel_max", limit=30), [Violation("r", 0, ("p2",))]),
    (rule("r", "access"), [Violation("r", 1)]),
    (rule("r", "transport"), [Violation("r", 1, ("p3", "p4"))]),
    (rule("r", "distinct_hosts"), [Violation("r", 1)]),
    (rule("r", "exclude", host="h1", slots=("s2",)), [Violation("r", 1)]),
    (rule("r", "exclude", host="h1"), [Violation("r", 0), Violation("r", 1)]),
    (rule("r", "pin", who=("p3",), slot="s1"), [Violation("r", 1, ("p3",))]),
    (rule("r", "pin", who=("p1",), host="h2"), [Violation("r", 0, ("p1",))]),
]


@pytest.mark.parametrize("broken, expected", BROKEN)
def test_a_broken_rule_names_the_group_and_the_people(broken, expected):
    people = [
        person("p1", attrs={"organisation": "Assen"}, themes=("zorg",), seats=2),
        person("p2", attrs={"organisation": "Assen"}, themes=("zorg",), home="Emmen"),
        person("p3", available=("s2",), needs=("rolstoel",)),
        person("p4", available=("s1",)),
    ]
    hosts = (host("h1", max_visits=2, themes=("zorg",), transit=False), host("h2"))
    travel = {"Assen": {"Assen": 5}, "Emmen": {"Assen": 40}}
    case = instance(people, hosts=hosts, travel=travel, rules=(broken,))

    judged = score(case, groups((1, 2), (3, 4), visits=[("h1", "s1"), ("h1", "s2")]))

    assert list(judged.violations) == expected
    assert judged.broken == ("r",)


COSTS = [
    (term("same_pairs", attr="organisation"), [Cause(0, 1, ("p1", "p2"), "Assen")]),
    (term("spread", attr="experience", target=3), [Cause(0, 3, ("p1", "p2"), "1-1")]),
    (term("theme_gap"), [Cause(1, 2, ("p3", "p4"))]),
    (term("slot_shortage", target=2), [Cause(1, 2, ("p3", "p4"))]),
    (term("wish_together", pairs=(("p1", "p3"), ("p1", "p2"), ("p1", "weg"))), [Cause(0, 1, ("p1", "p3"))]),
    (term("wish_apart", pairs=(("p3", "p4"), ("p1", "p3"))), [Cause(1, 1, ("p3", "p4"))]),
    (term("absent"), [Cause(1, 1, ("p4",))]),
    (term("travel"), [Cause(0, 5, ("p1",)), Cause(0, 40, ("p2",)), Cause(1, 5, ("p3",)), Cause(1, 5, ("p4",))]),
    (term("travel_max"), [Cause(0, 40, ("p2",))]),
    (term("host_rank"), [Cause(0, 1, ("p1",)), Cause(1, 2, ("p3",))]),
    (term("host_rank_max"), [Cause(1, 2, ("p3",))]),
    (term("host_history"), [Cause(0, 3, (), "h1"), Cause(1, 3, (), "h1")]),
    (term("slot_pref"), [Cause(1, 2, (), "h1")]),
    (term("moved"), [Cause(1, 1, ("p4",)), Cause(0, 1, ("p2",))]),
    (term("visit_changed"), [Cause(0, 1, ("p2",)), Cause(1, 1, ("p4",))]),
]


@pytest.mark.parametrize("criterion, expected", COSTS)
def test_a_criterion_adds_up_from_parts_that_name_who_causes_them(criterion, expected):
    people = [
        person("p1", attrs={"organisation": "Assen", "experience": 1}, themes=("zorg",), prefs=("h2", "h1")),
        person("p2", attrs={"organisation": "Assen", "experience": 1}, themes=("zorg",), home="Emmen"),
        person("p3", attrs={"experience": 1}, available=("s2",), prefs=("h2", "h3")),
        person("p4", attrs={"experience": 5}, available=("s1",), prefs=("h1",)),
    ]
    hosts = (
        host("h1", max_visits=2, themes=("zorg",), visits_done=3, slots={"s1": 0, "s2": 2}),
        host("h2"),
    )
    case = instance(
        people,
        hosts=hosts,
        travel={"Assen": {"Assen": 5}, "Emmen": {"Assen": 40}},
        levels=(level(criterion),),
        previous=before((["p1", "p4", "weg"], "h1", "s1"), (["p3", "p2"], "h1", "s2")),
    )

    judged = score(case, groups((1, 2), (3, 4), visits=[("h1", "s1"), ("h1", "s2")]))

    assert list(judged.terms[0].causes) == expected
    assert judged.objective == (sum(cause.raw for cause in expected),)


def test_without_projects_the_theme_is_the_one_that_most_members_share():
    people = [person("p1", themes=("a", "b")), person("p2", themes=("b",)), person("p3", themes=("c",)), person("p4")]
    case = instance(people, count=1, levels=(level(term("theme_gap")),))

    assert score(case, groups((1, 2, 3, 4))).terms[0].causes == (Cause(0, 2, ("p3", "p4")),)
    assert score(instance(1, count=1, levels=(level(term("theme_gap")),)), groups((1,))).objective == (1,)


def test_every_kind_of_rule_and_criterion_is_tested_and_has_words():
    assert {broken.type for broken, _ in BROKEN} == set(RULES)
    assert {criterion.type for criterion, _ in COSTS} == set(TERMS) == set(SINGULAR_PLURAL)
