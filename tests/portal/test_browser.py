"""Every page in a real browser: for every eye, every width, by keyboard."""

import re

import httpx
import pytest

from tests.machine import AXE, require
from tests.portal.site import window
from tests.portal.stages import at, pages, walk
from tests.portal.visitor import Page
from vitale_core.domain.states import Answer
from vitale_core.store.records import Invitation, Message

pytestmark = [pytest.mark.browser, pytest.mark.slow]


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


LOOK = """async (runOnly) => {
  const found = await axe.run(document, {runOnly, resultTypes: ['violations'], preload: false});
  return found.violations.map(v => [v.id, v.nodes.slice(0, 2).map(n => n.target.join(' ') + ' ' + n.failureSummary)]);
}"""


TOO_WIDE = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


SMALL = """() => [...document.querySelectorAll('button, a.button, .option, .links a, summary, .tabs a,' +
  '.numbers a, .skip, input:not([type=hidden]):not([type=radio]):not([type=checkbox]), textarea')]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 0)
  .filter(e => e.getBoundingClientRect().height < 43.5 || e.getBoundingClientRect().width < 43.5)
  .filter(e => !e.classList.contains('skip'))
  .map(e => e.outerHTML.slice(0, 90))"""


def different_pages(world, site, *, every):
    """Give pages that look different from the ones before, at every stage: (stage, who, path, contrast).

    A page looks different when something on it has a kind and class that nothing had before, or when it is another
    page; with `every`, when one page has another set of such things than it had. `contrast` says whether there is
    something new on it, whose colours must be looked at.
    """
    looks, doors, sets = set(), set(), set()
    with httpx.Client(base_url=site, timeout=120) as reader:
        for stage in walk(world):
            for who, path in pages(world, stage):
                response = reader.get(path)
                if response.headers["content-type"].startswith("text/html") and not path.endswith("/brief"):
                    door = re.sub(r"/[A-Za-z0-9_-]{40,}", "/...", path).rstrip("0123456789")
                    shape = shape_of(response.text)
                    new = shape - looks
                    if new or door not in doors or (every and (door, shape) not in sets):
                        yield stage.name, who, path, bool(new)
                    looks |= shape
                    doors.add(door)
                    sets.add((door, shape))


def shape_of(text):
    """Return which sorts of elements a page has, whatever its words and however many."""
    return frozenset(re.findall(r"<(\w+)(?:[^>]*?class=\"([^\"]*)\")?(?:[^>]*?type=\"(\w+)\")?", text))


class Looker:
    """One window that reads pages with axe-core, narrow and wide, light and dark, and keeps what is wrong."""

    def __init__(self, page):
        self.page, self.looked, self.wrong, self.seen = page, 0, [], set()

    def look(self, place, *, contrast):
        """Read the page that is open: everything once, the colours of what is new in the dark too."""
        self.looked += 1
        page = self.page
        found = page.evaluate(LOOK, {"type": "tag", "values": RULES})
        narrow = page.evaluate(TOO_WIDE), page.evaluate(SMALL)
        wide = 0
        if contrast:
            page.set_viewport_size({"width": 1280, "height": 800})
            page.emulate_media(color_scheme="dark")
            found += page.evaluate(LOOK, {"type": "rule", "values": ["color-contrast"]})
            wide = page.evaluate(TOO_WIDE)
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": 320, "height": 800})
        if found or narrow[0] > 0 or narrow[1] or wide > 0:
            self.wrong.append((place, found, *narrow, wide))

    def send_empty(self, place, *, every):
        """Send the form of the open page as it is, when it has one, and read what comes back."""
        send = self.page.locator("main form[method=post] button:not([name])")
        if not send.count():
            return
        send.first.evaluate("button => button.closest('details')?.setAttribute('open', '')")
        with self.page.expect_navigation():
            send.first.click()
        shape = shape_of(self.page.content())
        if every or shape - self.seen:
            self.look(f"{place}, sent empty", contrast=bool(shape - self.seen))
        self.seen |= shape


@pytest.mark.timeout(900)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.release)])
def test_pages_in_their_states_are_accessible_narrow_and_wide_light_and_dark(world, site, browser, every):
    """Each page, and each thing that can stand on one; in the release set each page in each of its states."""
    require("axe")
    with window(browser, width=320, scripts=True, brings=AXE) as page:
        looker = Looker(page)
        for stage, who, path, contrast in different_pages(world, site, every=every):
            place = f"{stage}, {who}, {re.sub('/[A-Za-z0-9_-]{40,}', '/...', path)}"
            page.goto(site + path)
            looker.look(place, contrast=contrast)
            if stage != "applied" and "/agenda" not in path and "/mail/" not in path:
                looker.send_empty(place, every=every)
    assert not looker.wrong, "\n".join(map(str, looker.wrong))
    assert looker.looked > (150 if every else 60)


def test_by_keyboard_alone_somebody_answers_and_is_brought_to_what_is_missing(world, site, browser):
    stage = at(world, "goes ahead")
    own = world.link(enrolment=stage.people[0])
    with window(browser, width=1280, scripts=True) as page:
        page.goto(f"{site}{own}/collega")
        tabs_to(page, "Geef mijn plek door")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        focused = page.evaluate("document.activeElement.id")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        first = page.evaluate("document.activeElement.id || location.hash")

        page.goto(f"{site}{own}/rsvp")
        tabs_to(page, "Ja, ik kom")
        page.keyboard.press("Space")
        tabs_to(page, "Bewaar je antwoord")
        page.keyboard.press("Enter")
        page.get_by_text("Genoteerd").wait_for()

    assert focused == "fouten"
    assert first.removeprefix("#") == "f-naam-1"
    assert Answer.ACCEPTED in {i.answer for i in world.all(Invitation)}


def tabs_to(page, words):
    """Press Tab until something with these words has the focus, and see that the focus can be seen."""
    told = """() => { const e = document.activeElement; const l = e.labels && e.labels[0];
      const box = e.closest('.option') || e; const s = getComputedStyle(box);
      return [(l || e).innerText || '', s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2]; }"""
    for _ in range(60):
        page.keyboard.press("Tab")
        text, visible = page.evaluate(told)
        assert visible or not text, text
        if words in text:
            return
    raise AssertionError(words)


def test_at_twice_the_size_everything_still_fits(world, site, browser):
    stage = at(world, "visits booked")
    own, trainer = world.link(enrolment=stage.people[0]), world.link("trainer", cohort=stage.cohort)
    paths = ["/", *(own + page for page in ("", "/rsvp", "/intake", "/gegevens")), trainer, "/beheer/2027-voorjaar"]
    beyond = {}
    with window(browser, width=640, height=400, scripts=True) as page:
        for path in paths:
            page.goto(site + path)
            page.add_style_tag(content="html { font-size: 200% }")
            beyond[path.rpartition("/")[2][:20]] = page.evaluate(TOO_WIDE)

    assert not [path for path, pixels in beyond.items() if pixels > 0]


def test_a_mail_in_its_frame_reaches_nothing(world, site, browser):
    at(world, "goes ahead")
    number = world.all(Message)[0].id
    asked = []
    with window(browser, width=1280, scripts=True) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}/beheer/mail/{number}")
        page.get_by_role("button", name="Maak de tekst").click()
        page.frame_locator("iframe").locator("body").wait_for()
        text = page.frame_locator("iframe").locator("body").inner_text()

    assert "Dag " in text
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {site.split("/")[2]}


def test_words_of_a_page_are_read_by_the_reader_of_the_tests():
    """The small reader that other tests lean on sees what a browser sees."""
    page = Page('<title>T</title><main><form><input name="a" value="1"><textarea name="b">\nx</textarea></form></main>')

    assert (page.title, page.forms[0].known) == ("T", {"a": "1", "b": "x"})
