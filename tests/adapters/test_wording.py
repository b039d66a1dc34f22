"""Dutch as it stands in a mail."""

from datetime import UTC, date, datetime

import pytest

from vitale_core.adapters import wording

SUMMER, WINTER = datetime(2027, 4, 22, 7, 30, tzinfo=UTC), datetime(2027, 3, 18, 8, 30, tzinfo=UTC)


def test_a_moment_is_written_as_the_clock_in_amsterdam_shows_it():
    assert [wording.clock(moment) for moment in (SUMMER, WINTER)] == ["09.30 uur", "09.30 uur"]
    assert wording.day(datetime(2027, 3, 17, 23, 30, tzinfo=UTC)) == "donderdag 18 maart 2027"


def test_a_day_may_come_without_a_time():
    assert wording.day(date(2027, 3, 18)) == "donderdag 18 maart 2027"
    assert wording.day_short(date(2027, 3, 18)) == "18 maart"
    assert wording.day_name(date(2027, 3, 18)) == "donderdag 18 maart"


def test_a_period_names_its_day_once():
    assert wording.period(WINTER, WINTER.replace(hour=15)) == "donderdag 18 maart 2027, 09.30 tot 16.30 uur"


def test_a_period_of_two_days_names_both():
    assert wording.period(WINTER, WINTER.replace(day=19)) == (
        "donderdag 18 maart 2027, 09.30 uur, tot vrijdag 19 maart 2027, 09.30 uur"
    )


@pytest.mark.parametrize(
    "names, words",
    [([], ""), (["Noor"], "Noor"), (["Noor", "Sam"], "Noor en Sam"), (["Noor", "Sam", "Ilse"], "Noor, Sam en Ilse")],
)
def test_names_are_listed_as_people_say_them(names, words):
    assert wording.listed(names) == words


@pytest.mark.parametrize("count, words", [(0, "nul"), (1, "één"), (12, "twaalf"), (13, "13"), (-1, "-1")])
def test_numbers_up_to_twelve_are_words(count, words):
    assert wording.number(count) == words


@pytest.mark.parametrize(
    "given, shown",
    [
        ("+31650266175", "06 50 26 61 75"),
        ("+31 6 5026 6175", "06 50 26 61 75"),
        ("0592 123456", "0592 123456"),
        ("", ""),
    ],
)
def test_a_mobile_number_is_written_as_people_say_it(given, shown):
    assert wording.phone(given) == shown


def test_only_the_first_letter_becomes_a_capital():
    assert wording.capital("dag 1 in Assen") == "Dag 1 in Assen"


@pytest.mark.parametrize("given, shown", [("ziek", "ziek."), ("ziek.", "ziek."), ("ziek?", "ziek?")])
def test_a_reason_ends_as_a_sentence(given, shown):
    assert wording.sentence(given) == shown


def test_what_nobody_can_see_is_left_out_everywhere():
    facts = {"a": "x\x00\u202ey\r\nz\u2028", "b": [{"c": "\ufeff\ud800é"}], "d": 3, "e": ("q\r",)}

    assert wording.visible(facts) == {"a": "xy\nz\n", "b": [{"c": "?é"}], "d": 3, "e": ["q\n"]}


def test_a_family_of_emoji_stays_together():
    assert wording.visible("👩‍👩‍👧") == "👩‍👩‍👧"
