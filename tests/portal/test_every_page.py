"""Every page at every stage: it answers, it is whole, it is small, and looking changes nothing."""

import re
from collections import Counter

import pytest
from sqlalchemy import text

from tests.portal.stages import pages, walk
from tests.portal.visitor import Page

ALLOWED = {200, 404, 409}
LARGEST = 30 * 1024  # with the style sheet, without pictures
BUTTON_ONLY = ("/agenda", "/mail/1")  # the button is all that is asked
PICTURE = re.compile(r"<svg.*?</svg>", re.DOTALL)


def state_of(world):
    """Return how many rows each table has, and every cohort's version: what a GET must leave alone."""
    with world.database.read() as session:
        tables = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        counts = {table: session.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in tables}
        versions = session.execute(text("SELECT id, version, next_due_at FROM cohort")).all()
    return counts, versions


def asks_nothing(page):
    """Say whether a form has a button and nothing to fill in: closed pages must not have one."""
    return any(set(form.names) == {"zegel"} and form.buttons and not form.button for form in page.forms)


def weight_of_style(visitor):
    """Return how many bytes of style a first page takes along, as browsers ask for it."""
    path = re.search(r'href="(/stijl-[^"]+)"', visitor.open("/").text)[1]
    packed = visitor.open(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == visitor.open(path, headers={"accept-encoding": "identity"}).content
    return int(packed.headers["content-length"])


@pytest.mark.slow
def test_every_page_answers_at_every_stage_and_changes_nothing(world, visitor):
    seen = Counter()
    sheet = weight_of_style(visitor)
    for stage in walk(world):
        addresses = list(pages(world, stage))
        before = state_of(world)
        for who, path in addresses:
            response = visitor.open(path)

            place = f"{stage.name}, {who}: {re.sub(r'/[A-Za-z0-9_-]{40,}', '/...', path)} -> {response.status_code}"
            assert response.status_code in ALLOWED, place
            seen[response.status_code] += 1
            if response.headers["content-type"].startswith("text/html") and not path.endswith("/brief"):
                page = Page(response.text)
                assert page.title, place
                assert response.text.count("<h1") == 1, place
                assert not asks_nothing(page) or path.endswith(BUTTON_ONLY), place
                assert "None" not in page.words.split(), place
                weight = len(PICTURE.sub("", response.text).encode()) + sheet
                assert weight <= LARGEST, (place, weight)
        assert state_of(world) == before, stage.name
    assert seen[200] > 400
