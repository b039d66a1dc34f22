"""A whole course, clicked through in a real browser."""

import re
from contextlib import contextmanager

import pytest

from tests.portal.site import PICTURES, window
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, VisitStatus
from vitale_core.store.records import Certificate, Cohort, Enrolment, Intake, Intention, Invitation, Receipt, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
