"""The date of the terugkomdag."""

from vitale_core.planning import Moment, choose_date
from vitale_core.planning.polling import Vote


def test_the_best_three_come_back_with_who_cannot():
    votes: dict[str, dict[str, Vote]] = {
        "an": {"a": "yes", "b": "no", "c": "yes", "d": "yes"},
        "bo": {"a": "no", "b": "yes", "c": "if_needed", "d": "yes"},
        "cas": {"a": "yes", "c": "yes"},
    }

    found = choose_date([Moment("a"), Moment("b"), Moment("c"), Moment("d", possible=False)], votes)

    assert [choice.moment.id for choice in found] == ["c", "a", "b"]
    assert (found[0].coming, found[0].if_needed, found[0].cannot, found[0].silent) == (("an", "cas"), ("bo",), (), ())
    assert found[1].cannot == ("bo",)
    assert found[2].silent == ("cas",)


def test_who_must_come_goes_before_how_many_come():
    votes: dict[str, dict[str, Vote]] = {
        "trainer": {"a": "no", "b": "yes"},
        "an": {"a": "yes", "b": "no"},
        "bo": {"a": "yes", "b": "no"},
    }

    found = choose_date([Moment("a"), Moment("b")], votes, must_come={"trainer"})

    assert [choice.moment.id for choice in found] == ["b", "a"]
    assert found[1].must_cannot == ("trainer",)


def test_a_full_yes_goes_before_if_needed_and_nobody_misses_twice():
    votes: dict[str, dict[str, Vote]] = {
        "an": {"a": "if_needed", "b": "yes", "c": "no", "d": "yes"},
        "bo": {"a": "yes", "b": "yes", "c": "yes", "d": "no"},
    }

    found = choose_date([Moment(one) for one in "abcd"], votes, missed_last={"an"}, count=4)

    assert [choice.moment.id for choice in found] == ["b", "a", "d", "c"]
    assert found[3].twice_absent == ("an",)
