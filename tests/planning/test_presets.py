"""Ready-made levels, divisions of people over groups, and reading back."""

import pytest

from tests.planning.cohorts import before, colleagues, host, instance
from vitale_core.planning import Division, divisions, levels, solve


@pytest.mark.parametrize(
    "people, expected",
    [
        (12, [Division(3, 4, 4), Division(4, 3, 3)]),
        (11, [Division(3, 3, 4)]),
        (5, []),
        (4, [Division(1, 4, 4)]),
    ],
)
def test_a_number_of_people_can_be_divided_in_so_many_ways(people, expected):
    assert list(divisions(people)) == expected


def test_a_first_plan_of_groups_alone_has_one_level():
    (only,) = levels(joint=False)

    assert only.name == "goede mix en passend bezoek"
    assert [term.type for term in only.terms] == ["same_pairs"] * 5 + ["theme_gap", "slot_shortage"]


def test_once_people_know_their_group_change_goes_before_the_mix():
    found = levels(joint=True, change="first")

    assert [one.name for one in found] == [
        "iedereen kan mee",
        "zo min mogelijk wijzigen",
        "goede mix en passend bezoek",
        "eerlijk verdeeld",
    ]
    assert [(term.type, term.weight) for term in found[1].terms] == [("moved", 1), ("visit_changed", 1)]


def test_before_people_were_told_a_change_has_a_price_in_the_mix():
    found = levels(joint=True, change="priced", preset="near", mix={"role": 7})

    weights = {term.type: term.weight for term in found[1].terms}
    assert len(found) == 3
    assert weights == {
        "same_pairs": 7, "theme_gap": 30, "slot_shortage": 25, "travel": 3, "moved": 25, "visit_changed": 15,
    }  # fmt: skip


def test_a_plan_with_ready_made_levels_keeps_colleagues_apart():
    travel = {"Assen": {"Assen": 5}}
    case = instance(
        colleagues(*"AABB"),
        hosts=(host("h1"), host("h2")),
        travel=travel,
        levels=levels(joint=True, change="first"),
        previous=before((["p1", "p3"], "h1", "s1"), (["p2", "p4"], "h2", "s2")),
    )

    plan = solve(case)

    assert [(group.members, group.host, group.slot) for group in plan.groups] == [
        (("p1", "p3"), "h1", "s1"),
        (("p2", "p4"), "h2", "s2"),
    ]
    assert plan.objective[:2] == (0, 0)
