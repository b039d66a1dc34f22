"""The pages in Chromium: clicked through without scripts, read by axe-core, by keyboard, narrow and enlarged."""

import re
from contextlib import contextmanager

import httpx
import pytest

from tests.machine import AXE, require
from tests.portal.site import PICTURES, chromium, serving, window
from tests.portal.stages import at, pages, walk
from tests.portal.visitor import Page
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, VisitStatus
from vitale_core.store.records import (
    Certificate,
    Cohort,
    Enrolment,
    Intake,
    Intention,
    Invitation,
    Message,
    Receipt,
    Visit,
)

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


@pytest.fixture(scope="module")
def browser():
    require("chromium")
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(world):
    with serving(world) as address:
        yield address


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


@pytest.mark.parametrize("width,dark", [(375, False), pytest.param(1280, True, marks=pytest.mark.release)])
def test_the_whole_course_is_clicked_through_without_scripts(world, site, browser, tmp_path, width, dark):
    """One participant, hosts, the trainer and the operator, from aanmelding to bewijs van deelname.

    Each page on the way is kept as a picture, also as it is on the other width in the other colours.
    """
    with window(browser, width=width, dark=dark) as page:
        course = Course(world, site, page, width=width, dark=dark)
        cohort = world.cohort(capacity=8, minimum=4)
        world.hosts()

        course.apply()
        course.place()
        others = [world.person(cohort, nr) for nr in range(1, 8)]
        course.go_ahead()
        world.tick()
        noor = world.one(Enrolment, id=1)
        assert noor.status is EnrolmentStatus.CONFIRMED
        own = world.link(enrolment=noor.id)
        course.intake(own)
        course.answer(own)
        assert world.one(Intake).role == "projectleider"
        assert {i.answer for i in world.all(Invitation) if i.enrolment_id == noor.id} == {Answer.ACCEPTED}
        world.intakes(others)
        world.until(2027, 3, 5)
        course.approve_groups()
        course.hosts_say_yes()
        assert {v.status for v in world.visits()} == {VisitStatus.CONFIRMED}
        world.tick()
        world.until(2027, 3, 18, 9)
        course.attendance("dagdeel-1")
        world.until(2027, 4, 14)
        course.report(own, tmp_path)
        course.host_looks_back()
        world.until(2027, 4, 22, 14)
        course.room()
        assert len([r for r in world.all(Receipt) if r.enrolment_id == noor.id]) == 2
        course.intention(own)
        assert world.one(Intention).words == "Eerst luisteren, dan plannen."
        world.until(2027, 4, 26)
        world.attend(cohort)
        world.until(2027, 5, 12)
        course.poll(own)
        course.certificate(own)
        assert world.all(Certificate)
        course.choose_date()
        assert world.one(Cohort).status in {CohortStatus.RUNNING, CohortStatus.EVALUATING}


class Course:
    """The clicks of a whole course; every page it comes to is kept as a picture."""

    def __init__(self, world, site, page, *, width, dark):
        self.world, self.site, self.page = world, site, page
        self.look, self.other = (width, dark), (1655 - width, not dark)
        self.nr = 0

    @contextmanager
    def at(self, path):
        """Open a page; what people click on it stays in one window, for a page remembers nothing."""
        self.page.goto(self.site + path)
        yield self.page

    def keep(self, page, name):
        """Keep the page as a picture, and as it is on the other width in the other colours."""
        self.nr += 1
        for width, dark in (self.other, self.look):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if dark else "light")
            folder = PICTURES / f"{width}-{'dark' if dark else 'light'}"
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{self.nr:02}-{name}.png", full_page=True)

    def apply(self):
        with self.at("/") as page:
            self.keep(page, "trainingen")
            page.get_by_role("link", name="Meld je aan").first.click()
            page.get_by_role("button", name="Verstuur je aanmelding").click()
            assert page.title().startswith("Fout: ")
            self.keep(page, "aanmelden-fout")
            page.get_by_label("Voornaam en achternaam").fill("Noor de Jong")
            page.get_by_label("Mailadres").fill("noor@assen.example")
            page.get_by_label("Organisatie").fill("gemeente Assen")
            page.get_by_label("Functie").fill("beleidsadviseur")
            page.get_by_label("Ja, we maken plannen samen").check()
            page.get_by_role("button", name="Verstuur je aanmelding").click()
            assert "we hebben je aanmelding" in page.inner_text("main")
            self.keep(page, "aanmelden-klaar")

    def place(self):
        with self.at("/beheer") as page:
            self.keep(page, "beheer")
            page.get_by_role("link", name="Noor de Jong").click()
            page.get_by_label("Plaatsen").check()
            page.get_by_label("Jouw naam").first.fill("Anja")
            page.get_by_role("button", name="Bekijk de gevolgen").click()
            self.keep(page, "beheer-gevolgen")
            page.get_by_role("button", name="Ja, doe het").click()
            self.keep(page, "beheer-deelnemer")

    def go_ahead(self):
        with self.at("/beheer/2027-voorjaar/doorgaan") as page:
            page.get_by_label("Ja, de lichting gaat door").check()
            page.get_by_label("Jouw naam").fill("Anja")
            page.get_by_role("button", name="Bekijk de gevolgen").click()
            page.get_by_role("button", name="Ja, doe het").click()
            self.keep(page, "beheer-lichting")

    def intake(self, own):
        with self.at(own) as page:
            self.keep(page, "overzicht")
            page.get_by_role("link", name="Vul de vragen in").click()
            page.get_by_label("Projectleider").check()
            page.get_by_role("group", name="Hoeveel ervaring").or_(
                page.get_by_role("radiogroup", name="Hoeveel ervaring")
            ).get_by_label("3").check()
            page.get_by_label("Welke casus").fill("Met de buurt maken we een plan voor het plein.")
            for question in page.get_by_role("radiogroup").all()[2:7]:
                question.get_by_label("2").check()
            for moment in page.get_by_role("checkbox", name=re.compile("april 2027")).all():
                moment.check()
            page.get_by_label("Vanuit welke plaats").fill("Assen")
            page.get_by_role("button", name="Bewaar je antwoorden").click()
            assert "je antwoorden zijn bewaard" in page.inner_text("main")
            self.keep(page, "intake-klaar")

    def answer(self, own):
        with self.at(own) as page:
            page.get_by_role("link", name="Laat weten of je komt").click()
            self.keep(page, "rsvp")
            for yes in page.get_by_label("Ja, ik kom").all():
                yes.check()
            page.get_by_role("button", name="Bewaar je antwoord").click()
            assert "Genoteerd" in page.inner_text("main")
            self.keep(page, "rsvp-klaar")

    def approve_groups(self):
        with self.at("/beheer/2027-voorjaar/plan") as page:
            self.keep(page, "beheer-plan")
            page.get_by_label("Jouw naam").first.fill("Anja")
            page.get_by_role("button", name="Bekijk de gevolgen").click()
            page.get_by_role("button", name="Ja, doe het").click()
            assert "goedgekeurd" in page.inner_text("main")

    def hosts_say_yes(self):
        for visit in self.world.visits():
            with self.at(self.host_of(visit)) as page:
                self.keep(page, "gastheer")
                page.get_by_role("link", name="Geef uw antwoord").click()
                self.keep(page, "gastheer-bezoek")
                page.get_by_label("Ja, deze datum is goed").check()
                page.get_by_role("button", name="Verstuur uw antwoord").click()
                assert "het bezoek staat vast" in page.inner_text("main")

    def host_looks_back(self):
        visit = self.world.visits()[0]
        with self.at(self.host_of(visit)) as page:
            page.get_by_role("link", name="Hoe was het?").click()
            page.get_by_label("Ja, graag").check()
            page.get_by_role("button", name="Verstuur uw antwoord").click()
            assert "Dank u wel" in page.inner_text("main")
            self.keep(page, "gastheer-terugblik")

    def host_of(self, visit):
        with self.world.database.read() as session:
            contact = session.get_one(Visit, visit.id).project.host.contact_id
        return self.world.link("host", person=contact, cohort=visit.cohort_id)

    def attendance(self, name):
        with self.at(self.world.link("trainer", cohort=1)) as page:
            self.keep(page, "trainer")
            page.get_by_label("Afwezig").last.check()
            page.get_by_role("button", name="De rest is er allemaal").click()
            assert "Bewaard" in page.inner_text("main"), name
            self.keep(page, "trainer-klaar")

    def report(self, own, folder):
        presentation = folder / "presentatie.pdf"
        presentation.write_bytes(b"%PDF-1.7\n%%EOF\n")
        with self.at(own) as page:
            self.keep(page, "overzicht-na-bezoek")
            page.get_by_role("link", name="Schrijf het op").click()
            page.get_by_label("Wat zagen jullie").fill("Bewoners kookten voor ons.")
            page.get_by_label("Welke aanbevelingen").fill("Vraag eerst, plan daarna.")
            page.get_by_role("button", name="Bewaar het verslag").click()
            page.get_by_role("link", name="Zet een presentatie klaar").click()
            page.get_by_label("Presentatie als PDF").set_input_files(presentation)
            page.get_by_role("button", name="Zet de presentatie klaar").click()
            assert "De presentatie staat klaar" in page.inner_text("main")
            self.keep(page, "presentatie-klaar")

    def room(self):
        with self.at(f"{self.world.link('trainer', cohort=1)}/scherm") as page:
            self.keep(page, "trainer-scherm")
            address = page.inner_text("main code")
        with self.at(address.removeprefix(self.site)) as page:
            self.keep(page, "zaal")
            page.get_by_role("link", name="Noor J").click()
            for question in page.get_by_role("radiogroup").all():
                question.get_by_label("4").check()
            page.get_by_role("button", name="Verstuur je antwoorden").click()
            assert "je antwoorden zijn binnen" in page.inner_text("main")
            self.keep(page, "zaal-klaar")

    def intention(self, own):
        with self.at(f"{own}/evaluatie/direct") as page:
            self.keep(page, "evaluatie-klaar")
            page.get_by_role("link", name="Schrijf je voornemen op").click()
            page.get_by_label("Wat ga je anders doen").fill("Eerst luisteren, dan plannen.")
            page.get_by_role("button", name="Bewaar je voornemen").click()
            self.keep(page, "voornemen-klaar")

    def poll(self, own):
        with self.at(own) as page:
            page.get_by_role("link", name="Kies je data").click()
            for question in page.get_by_role("radiogroup").all():
                question.get_by_label("Ja", exact=True).check()
            self.keep(page, "prikker")
            page.get_by_role("button", name="Bewaar je data").click()
            assert "Je data zijn bewaard" in page.inner_text("main")

    def certificate(self, own):
        with self.at(own) as page:
            self.keep(page, "overzicht-aan-het-eind")
            page.get_by_role("link", name="Bekijk je bewijs").click()
            assert "Dit bewijs van deelname is echt" in page.inner_text("main")
            self.keep(page, "bewijs")

    def choose_date(self):
        with self.at("/beheer/2027-voorjaar/evaluatie") as page:
            self.keep(page, "beheer-evaluatie")
            page.get_by_role("radiogroup", name="Welke datum").get_by_role("radio").first.check()
            page.get_by_label("Jouw naam").fill("Anja")
            page.get_by_role("button", name="Bekijk de gevolgen").click()
            page.get_by_role("button", name="Ja, doe het").click()
        with self.at("/beheer/2027-voorjaar") as page:
            self.keep(page, "beheer-aan-het-eind")
        with self.at("/beheer/2027-voorjaar/mails") as page:
            self.keep(page, "beheer-mails")


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
