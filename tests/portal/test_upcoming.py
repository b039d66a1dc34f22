"""Many cohorts: a page at a time, the nearest first, none twice and none forgotten."""

import re
from datetime import date, timedelta

import pytest

from tests.portal.visitor import Page
from vitale_core.domain.states import CohortStatus, SessionStatus
from vitale_core.store.records import Cohort
from vitale_portal.upcoming import page_of


def many(world, count):
    """Set up cohorts that begin a day after each other, the last made first; return their codes in order of time."""
    for nr in reversed(range(count)):
        first = date(2027, 3, 1) + timedelta(days=nr)
        world.cohort(code=f"lichting-{nr:02}", days={"day1": first, "day2": first + timedelta(days=35)})
    return [f"lichting-{nr:02}" for nr in range(count)]


def change(world, code, status, *, over):
    """Give a cohort another state; `over`: nothing of it is still to come."""
    with world.database.write() as session:
        cohort = session.query(Cohort).filter_by(code=code).one()
        cohort.status = status
        for gathering in cohort.sessions if over else []:
            gathering.status = SessionStatus.CANCELLED


def walked(visitor, path, link, pattern):
    """Follow a link to the next page until there is none; return what each page lists."""
    found = []
    while path:
        page = Page(visitor.open(path).text)
        found.append(list(dict.fromkeys(re.findall(pattern, " ".join(page.links)))))
        following = re.search(rf'<a href="([^"]+)">{link}</a>', page.text)
        path = following[1].replace("&amp;", "&").partition("#")[0] if following else ""
        path = f"/beheer{path}" if path.startswith("?") else path
    return found


def test_the_front_page_shows_eight_and_leads_to_the_rest(world, visitor):
    codes = many(world, 10)

    pages = walked(visitor, "/", "Latere data", r"/aanmelden/(lichting-\d\d)")

    assert pages == [codes[:8], codes[8:]]
    assert "Eerdere data" in Page(visitor.open("/?blad=2").text).words


def test_a_training_that_began_or_was_cancelled_is_not_offered(world, visitor):
    codes = many(world, 3)
    change(world, codes[1], CohortStatus.CANCELLED, over=False)
    world.until(2027, 3, 1, 12)

    assert walked(visitor, "/", "Latere data", r"/aanmelden/(lichting-\d\d)") == [codes[2:]]


def test_the_operator_reaches_every_cohort(world, visitor):
    codes = many(world, 34)
    for code in codes[:3]:
        change(world, code, CohortStatus.EVALUATING, over=True)
    change(world, codes[33], CohortStatus.CLOSED, over=True)

    pages = walked(visitor, "/beheer", "Volgende lichtingen", r"/beheer/(lichting-\d\d)\b")

    nearest, rest = pages
    assert nearest == codes[3:33]
    assert sorted(rest) == codes[:3]


@pytest.mark.parametrize(
    "text,page", [("", 1), ("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("1e3", 1), ("9" * 9, 1)]
)
def test_an_address_that_asks_for_no_page_gets_the_first(text, page):
    assert page_of(text) == page
