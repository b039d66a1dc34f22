"""A small bureau with one cohort, built by the real steps, at the moment a test wants."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import yaml
from sqlalchemy import select

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.states import Presence, SessionStatus, VisitStatus
from vitale_core.steps import (
    answers,
    attendance,
    cohorts,
    evaluation,
    groups,
    hosts,
    intake,
    lifecycle,
    links,
    programmes,
    werkbezoek,
)
from vitale_core.store.database import Database
from vitale_core.store.records import Cohort, Enrolment, Host, Person, Slot, Visit
from vitale_portal.guard import Pace
from vitale_portal.web import portal

PROGRAMME = Path(__file__).parents[2] / "templates" / "programmes" / "overheidsparticipatie.yaml"
NAMES = (
    "Noor de Jong", "Sam Bakker", "Ilse van Dijk", "Boaz Visser", "Senn Mulder", "Bibi Smit",
    "Youssef Amrani", "Femke Postma", "Daan Kuiper", "Mila Hofstra", "Teun Brouwer", "Anouk Veldman",
    "Rachid Benali", "Lotte Zijlstra",
)  # fmt: skip
PLACES = ("gemeente Assen", "gemeente Emmen", "provincie Drenthe", "waterschap Hunze en Aa’s")
HOSTS = (
    ("Buurttuin De Kring", "Greet Hovinga", "Emmen"),
    ("Energiecoöperatie Zonrand", "Wim Oosting", "Hoogeveen"),
    ("Dorpshuis De Spil", "Ali Yilmaz", "Beilen"),
    ("Wijkraad Noorderpark", "Janny Boer", "Assen"),
)
NOW = datetime(2027, 1, 12, 9, tzinfo=UTC)
DAYS = {"day1": date(2027, 3, 18), "day2": date(2027, 4, 22)}
EASY = Pace(per_token=1_000_000, per_address=1_000_000)


@dataclass
class World:
    """One bureau. `now` is what its clock says; a test moves it."""

    database: Database
    home: Path
    now: datetime = NOW
    bureau: Bureau = field(default_factory=lambda: Bureau(secret=b"s" * 32))
    settings: dict = field(default_factory=dict)
    pace: Pace = EASY

    @property
    def app(self):
        settings = {
            "base_url": self.bureau.base_url,
            "templates": None,
            "home": self.home,
            "login_header": "",
            "portal_host": "127.0.0.1",
        }
        return SimpleNamespace(
            settings=SimpleNamespace(**(settings | self.settings)),
            bureau=self.bureau,
            database=self.database,
            renderer=self.renderer,
            secret=self.bureau.secret,
        )

    @property
    def renderer(self):
        """Makes the bytes of a mail, as the app does."""
        from vitale_core.adapters.letters import MessageRenderer, load_letters
        from vitale_core.steps.content import content

        return MessageRenderer(load_letters(), self.bureau, self.bureau.secret, content)

    def portal(self):
        return portal(self.app, clock=lambda: self.now, pace=self.pace)

    def later(self, **spans):
        self.now += timedelta(**spans)

    # ------------------------------------------------------------------------------------------ facts

    def cohort(self, *, code="2027-voorjaar", days=None, document=None, **options):
        """Set up a cohort; return its id."""
        with self.database.write() as session:
            version = programmes.pin(session, document or programme_document(), now=self.now)
            made, _warnings = cohorts.create(
                session,
                code=code,
                programme=version,
                days=days or DAYS,
                now=self.now,
                bureau=self.bureau,
                **{
                    "location": "De Nieuwe Kolk, Assen",
                    "trainer_name": "Marit Veenstra",
                    "trainer_email": "marit@vitale.example",
                }
                | options,
            )
            return made.id

    def person(self, cohort_id, nr=0, *, confirmed=True, **given):
        """Let somebody apply and, unless told otherwise, be confirmed; return the enrolment's id."""
        name = given.pop("name", NAMES[nr % len(NAMES)])
        address = given.pop("email", f"{name.split()[0].lower()}{nr}@deelnemer.example")
        with self.database.write() as session:
            cohort = session.get_one(Cohort, cohort_id)
            form = intake.Application(
                name=name,
                email=address,
                **{"organisation": PLACES[nr % len(PLACES)], "function": "beleidsadviseur"} | given,
            )
            enrolment = intake.apply(session, cohort, form, source="test", now=self.now, bureau=self.bureau)
            if confirmed:
                intake.confirm(session, enrolment, by="operator", now=self.now, bureau=self.bureau)
            return enrolment.id

    def people(self, cohort_id, count):
        """Let so many people be confirmed."""
        return [self.person(cohort_id, nr) for nr in range(count)]

    def go(self, cohort_id):
        """Let the cohort go ahead."""
        with self.database.write() as session:
            cohorts.go(session, session.get_one(Cohort, cohort_id), by="operator", now=self.now, bureau=self.bureau)

    def tick(self):
        """Let the clock do what is due by now, until nothing changes."""
        for _ in range(3):
            with self.database.write() as session:
                for number in lifecycle.due_cohorts(session, self.now):
                    cohort = session.get_one(Cohort, number)
                    for step in lifecycle.steps_due(session, cohort, now=self.now, bureau=self.bureau):
                        lifecycle.advance(session, cohort, step, now=self.now, bureau=self.bureau)
                    lifecycle.settle(session, cohort, now=self.now, bureau=self.bureau)

    def until(self, year, month, day, hour=9, minute=0):
        """Move the clock to a moment (UTC), and let what is due be done."""
        self.now = datetime(year, month, day, hour, minute, tzinfo=UTC)
        self.tick()

    def hosts(self, count=4):
        """Let so many hosts offer half days between the training days; return the ids of their contacts."""
        rows = [
            {
                "project": project,
                "organisation": f"Stichting {project}",
                "contact": contact,
                "email": f"{contact.split()[0].lower()}@gastheer.example",
                "place": place,
                "slots": "2027-04-06T13:00/15:30; 2027-04-08T13:00/15:30; 2027-04-13T09:30/12:00",
                "practical": "Bel aan bij de zij-ingang.",
            }
            for project, contact, place in HOSTS[:count]
        ]
        with self.database.write() as session:
            hosts.import_hosts(session, rows, now=self.now)
            return [person.id for person in session.scalars(select(Person).join(Host, Host.contact_id == Person.id))]

    def intakes(self, enrolments):
        """Let these people fill in the intake."""
        with self.database.write() as session:
            slots = [str(slot.id) for slot in session.scalars(select(Slot))]
            for nr, number in enumerate(enrolments):
                form = answers.IntakeForm(
                    role="projectleider",
                    casus=f"We maken met bewoners een plan voor wijk {nr + 1}. De meningen lopen uiteen.",
                    experience=nr % 5 + 1,
                    themes=["wonen", "groen"][: nr % 2 + 1],
                    available=slots,
                    home="Assen",
                    seats=2 if nr % 3 == 0 else 0,
                    wish_with=NAMES[nr + 1] if nr == 0 else "",
                    baseline={str(n): (nr + n) % 5 + 1 for n in range(1, 6)},
                )
                enrolment = session.get_one(Enrolment, number)
                answers.answer_intake(session, enrolment, form, now=self.now, bureau=self.bureau)

    def groups(self, cohort_id, *, approve=True):
        """Propose groups and visits, or approve the proposal that waits."""
        with self.database.write() as session:
            cohort = session.get_one(Cohort, cohort_id)
            plan = groups.newest(session, cohort)
            if plan is None or not approve:
                plan = groups.propose(session, cohort, by="Anja", now=self.now, bureau=self.bureau)
            if approve:
                groups.approve(session, cohort, plan.version, by="Anja", now=self.now, bureau=self.bureau)

    def confirm_visits(self):
        """Let every host who was asked say yes."""
        with self.database.write() as session:
            for visit in session.scalars(select(Visit).where(Visit.status == VisitStatus.ASKED)).all():
                werkbezoek.confirm_visit(session, visit, by="gastheer", now=self.now, bureau=self.bureau)

    def attend(self, cohort_id):
        """Note that everybody was there, at everything that is over."""
        with self.database.write() as session:
            cohort = session.get_one(Cohort, cohort_id)
            for meeting in cohort.sessions:
                if meeting.ends_at and meeting.ends_at <= self.now and meeting.status is not SessionStatus.CANCELLED:
                    attendance.close(
                        session, meeting, by="Marit", now=self.now, bureau=self.bureau, rest=Presence.PRESENT
                    )

    def evaluate(self, enrolments, name):
        """Let these people fill in an evaluation."""
        with self.database.write() as session:
            for nr, number in enumerate(enrolments):
                enrolment = session.get_one(Enrolment, number)
                given = {
                    q.name: {"scale": 3 + nr % 3, "number": 6 + nr % 5}.get(q.kind) or (q.values or ("Mooi zo.",))[0]
                    for q in evaluation.questions(enrolment.cohort, name)
                }
                evaluation.answer_round(session, enrolment, name, given, now=self.now)

    def link(self, purpose="participant", *, enrolment=None, person=None, cohort=None):
        """Return the path of a page."""
        with self.database.write() as session:
            if enrolment is not None:
                found = session.get_one(Enrolment, enrolment)
                person, cohort = found.person_id, found.cohort_id
            if purpose == "trainer":
                person = session.get_one(Cohort, cohort).trainer_id
            address = links.url(
                session,
                purpose=purpose,
                person_id=person,
                cohort_id=cohort,
                enrolment_id=enrolment if purpose == "participant" else None,
                now=self.now,
                bureau=self.bureau,
                secret=self.bureau.secret,
            )
            return address.removeprefix(self.bureau.base_url)

    def visits(self):
        """Return the visits of plans that were approved."""
        return [visit for visit in self.all(Visit) if visit.status is not VisitStatus.PROPOSED]

    @property
    def file(self):
        """The file of the database."""
        return Path(self.database.engine.url.database or "")

    def all(self, record):
        """Return every row of a table."""
        with self.database.read() as session:
            found = session.scalars(select(record).order_by(*record.__mapper__.primary_key)).all()
            session.expunge_all()
            return found

    def one(self, record, **values):
        """Return the one row with these values."""
        (found,) = [row for row in self.all(record) if all(getattr(row, k) == v for k, v in values.items())]
        return found


def programme_document():
    return yaml.safe_load(PROGRAMME.read_text(encoding="utf-8"))
