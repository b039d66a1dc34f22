"""Pictures: whole SVG, nothing by colour alone, labels that do not touch, text that stays text."""

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitale_core.domain.pictures import Mark, bars, growth, marks_out_of_ten, timeline
from vitale_core.domain.plan_pictures import Dot, Stop, groups, plan_map
from vitale_core.domain.svg import BOLD_LETTER, LETTER

TODAY = date(2027, 3, 9)
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own text


def mark(day, label="Dag 1", kind="day", note=""):
    return Mark(date.fromordinal(TODAY.toordinal() + day), label, kind, note)


def test_a_timeline_has_its_days_its_deadlines_and_today():
    svg = timeline(
        [mark(9), mark(30, "Werkbezoek", "visit"), mark(-5, "antwoord vóór", "mail", "3 mails")], TODAY, title="T"
    )

    assert {"Dag 1", "18 mrt", "Werkbezoek", "8 apr", "antwoord vóór", "4 mrt, 3 mails", "vandaag", "apr"} <= set(
        texts(svg)
    )
    assert "18 mrt: Dag 1" in ET.fromstring(svg).find(f"{SVG}desc").text  # noqa: S314 - the same


@pytest.mark.parametrize("marks,today", [([], None), ([], TODAY), ([mark(0)], None)])
def test_a_timeline_of_little_is_still_a_picture(marks, today):
    svg = timeline(marks, today, title="Leeg")

    assert ET.fromstring(svg).find(f"{SVG}title").text == "Leeg"  # noqa: S314 - the same
    assert ("vandaag" in texts(svg)) == (today is not None)


def test_today_at_the_far_end_is_written_on_the_inside():
    svg = timeline([mark(-300)], TODAY, title="T")

    assert 'text-anchor="end" font-weight="650"' in svg


@given(
    st.lists(
        st.builds(
            Mark,
            st.dates(date(2027, 1, 1), date(2027, 12, 31)),
            st.text(min_size=1, max_size=30),
            st.sampled_from(["day", "visit", "deadline", "mail"]),
            st.text(max_size=10),
        ),
        max_size=25,
    )
)
def test_labels_never_touch_and_text_stays_text(marks):
    svg = timeline([Mark(m.at, clean(m.label), m.kind, clean(m.note)) for m in marks], TODAY, title="<b>&")

    placed = {}
    for element in ET.fromstring(svg).iter(f"{SVG}text"):  # noqa: S314 - the same
        if element.get("text-anchor") == "middle":
            letter = BOLD_LETTER if element.get("font-weight") else LETTER
            half = letter * len(element.text or "") / 2
            placed.setdefault(element.get("y"), []).append(
                (float(element.get("x")) - half, float(element.get("x")) + half)
            )
    for row in placed.values():
        ordered = sorted(row)
        assert all(left[1] <= right[0] for left, right in pairwise(ordered))


def clean(text):
    return re.sub(r"[^\w &<>\"']", "", text)


def test_bars_show_counts_and_say_when_there_are_none():
    svg = bars([("Dagdeel 1 " * 8, [1, 0, 2, 3, 4]), ("Leeg", [0] * 5)], title="B", ends=("niet", "wel"))

    assert {"1", "2", "3", "4", "geen antwoorden", "niet", "wel"} <= set(texts(svg))
    assert svg.count("<rect") == 4


def test_bars_of_nothing():
    assert texts(bars([], title="B", ends=("niet", "wel"))) == ["niet", "wel"]


def test_growth_draws_each_moment_that_is_known():
    rows = [("Ik kan het.", {"voor": 2.0, "na": 4.25}), ("Ik weet het.", {"na": 3.0})]
    svg = growth(
        rows, title="G", moments=[("voor", "vooraf"), ("terug", "achteraf"), ("na", "na dag 2"), ("later", "later")]
    )

    assert "Ik kan het.: vooraf 2,0, na dag 2 4,2" in ET.fromstring(svg).find(f"{SVG}desc").text  # noqa: S314 - the same
    assert {"vooraf", "achteraf", "na dag 2", "later"} <= set(texts(svg))


def test_marks_out_of_ten_are_dots_with_their_mean():
    svg = marks_out_of_ten([0] * 7 + [1, 2, 1, 0], title="Aanraden")

    assert svg.count("<circle") == 4
    assert "gemiddeld 8,0" in texts(svg)
    assert "2 keer een 8" in svg


def test_no_marks_have_no_mean():
    svg = marks_out_of_ten([0] * 11, title="Aanraden")

    assert "geen cijfers" in svg
    assert not [words for words in texts(svg) if words.startswith("gemiddeld")]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_everybody_stands_in_their_group_once(count):
    people = [Dot(f"e{n}", f"Naam {n}", n % count + 1) for n in range(12)]
    svg = groups(people, [("e0", "e1"), ("e0", str(count)), ("e0", "weg"), ("e0", f"e{count % 12}")], title="Groepen")

    assert sorted(words for words in texts(svg) if words.startswith("Naam")) == sorted(dot.name for dot in people)
    assert len([words for words in texts(svg) if words.startswith("Groep ")]) == count


def test_a_wish_that_crosses_groups_is_dashed():
    people = [Dot("a", "Noor", 1), Dot("b", "Sam", 1), Dot("c", "Ilse", 2)]

    assert "dasharray" not in groups(people, [("a", "b")], title="G")
    assert "dasharray" in groups(people, [("a", "c")], title="G")


def test_no_groups_yet():
    assert texts(groups([], [], title="G")) == []


def test_people_are_numbered_by_organisation_and_tied_by_theme():
    people = [
        Dot("a", "Noor", 1, "Gemeente Assen", ("groen", "wonen")),
        Dot("b", "Sam", 1, "Gemeente Ede", ("groen",)),
        Dot("c", "Ilse", 2, "Gemeente Assen", ("groen",)),
        Dot("d", "Bram", 2),
    ]

    svg = groups(people, [], title="G")

    assert texts(svg).count("1") == 3  # two circles and the legend
    assert svg.count("<line") == 1  # Noor and Sam; Ilse sits elsewhere
    told = ET.fromstring(svg).find(f"{SVG}desc").text  # noqa: S314 - our own text
    assert "Groep 1: Noor (Gemeente Assen), Sam (Gemeente Ede)" in told
    assert "Noor en Sam delen groen" in told
    assert "Groep 2: Ilse (Gemeente Assen), Bram" in told


def test_many_organisations_get_a_legend_of_more_lines():
    people = [Dot(f"e{n}", "Noor", 1, f"Gemeente Met Een Lange Naam {n}") for n in range(12)]

    svg = groups(people, [], title="G")

    assert len({words for words in texts(svg) if words.startswith("Gemeente")}) == 12
    assert len(set(re.findall(r'y="([\d.]+)" fill="#4c5d61" font-size="12.5"', svg))) > 1


def test_the_map_has_a_card_for_each_visit_and_a_dashed_one_for_each_reserve():
    stops = [
        Stop(1, "Assen", "di 6 april, 13.00", "Buurttuin", "1 kan niet"),
        Stop(2, "Assen", "di 6 april, 13.00", "Een project met een heel erg lange naam"),
        Stop(1, "Emmen", "do 8 april, 13.00", "Dorpshuis", spare=True),
    ]

    svg = plan_map(
        ["Assen", "Emmen"], ["di 6 april, 13.00", "do 8 april, 13.00"], stops, title="Plan", names={1: "Noor, Sam"}
    )

    assert svg.count("<rect") == 3
    assert svg.count("dasharray") == 1
    assert {"Assen", "Emmen", "Groep 1", "Groep 2", "Reserve groep 1", "1 kan niet"} <= set(texts(svg))
    assert "Een project met een…" in texts(svg)
    told = ET.fromstring(svg).find(f"{SVG}desc").text  # noqa: S314 - the same
    assert "Groep 1 (Noor, Sam) gaat naar Buurttuin in Assen, di 6 april, 13.00; 1 kan niet" in told
    assert "Groep 1 heeft als reserve Dorpshuis in Emmen" in told


def test_a_map_of_nothing_is_empty():
    assert texts(plan_map([], [], [], title="Plan", names={})) == []
