"""The page of a cohort in Prefect: where everybody is, what waits, what comes; ids and dates, never a name."""

import base64
import re

import pytest

from flows import overview
from tests.training import BUREAU, NAMES, NOW, a_cohort, an_approved_cohort
from vitale_core.steps import cohorts, facts

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def page_of(app, make=an_approved_cohort, now=NOW):
    with app.database.write() as session:
        make(session)
        row = cohorts.get(session, "2027-voorjaar")
        return overview.page(facts.load(session, row, bureau=BUREAU), overview._open_tasks(session, row), now)


def picture_in(page):
    [data] = re.findall(r"data:image/svg\+xml;base64,([^)]+)\)", page)
    return base64.b64decode(data).decode()


def test_the_page_shows_who_is_where_by_number(app):
    page = page_of(app)

    assert page.startswith("# 2027-voorjaar: gaat door\n")
    assert "| deelnemer | status | intake | groep |" in page
    assert len(re.findall(r"^\| \d+ \| geplaatst \| nee \| [123] \|", page, re.MULTILINE)) == 12


def test_the_page_has_a_picture_of_the_days(app):
    picture = picture_in(page_of(app))

    assert picture.startswith("<svg")
    assert "dagdeel-1, dagdeel-2" in picture
    assert "<script" not in picture


def test_the_page_lists_what_comes_with_its_moment(app):
    coming = page_of(app).partition("## Wat komt")[2]

    assert re.search(r"^\| \d\d-\d\d-2027 \d\d\.\d\d \| \w[\w ]+ \|", coming, re.MULTILINE)


def test_no_name_and_no_address_is_on_the_page(app):
    page = page_of(app)
    shown = page + picture_in(page)

    assert not [name for name in NAMES if name in shown or name.split()[0] in shown]
    assert "@" not in shown


def test_an_empty_cohort_has_a_page_too(app):
    page = page_of(app, make=a_cohort)

    assert "Nog niemand." in page


def test_what_waits_for_a_person_stands_on_top_with_its_command(app):
    from vitale_core.steps import tasks

    def with_a_task(session):
        cohort = a_cohort(session)
        tasks.owe_task(
            session,
            key="x",
            kind="decide",
            what="Beslis over aanmelding 3.",
            command="vitale person confirm 3",
            cohort_id=cohort.id,
            due_at=NOW,
            now=NOW,
        )

    page = page_of(app, make=with_a_task)

    assert re.search(r"\| \d+ \| Beslis over aanmelding 3\. \| 01-02-2027 10\.00 \| `vitale person confirm 3` \|", page)


@pytest.mark.parametrize("code,key", [("2027-voorjaar", "cohort-2027-voorjaar"), ("Najaar_2027", "cohort-najaar-2027")])
def test_the_key_is_one_that_prefect_takes(backend, code, key):
    assert overview.key_of(code) == key
