"""Another training, from its file alone: three dagdelen, no werkbezoek, two terugkomdagen, its own times."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.life import Life
from tests.training import BUREAU, at
from vitale_core.adapters import programmes as programme_files
from vitale_core.adapters.letters import MessageRenderer, load_letters
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    Presence,
    RoundStatus,
    SessionKind,
    SessionStatus,
    Via,
)
from vitale_core.steps import (
    answers,
    attendance,
    certificates,
    cohorts,
    evaluation,
    intake,
    people,
    programmes,
    replies,
    terugkomdag,
)
from vitale_core.steps.content import content
from vitale_core.store.database import open_database
from vitale_core.store.records import Enrolment, Invitation, Message, Round
from vitale_core.store.schema import upgrade

FOLDER = Path(__file__).parents[1] / "programmes"
SECRET = b"a secret of the tests"
OUTCOMES = {"outcome-1": 4, "outcome-2": 4}


class Kort:
    """A cohort of the short training and the people in it."""

    def __init__(self, session) -> None:
        self.session = session
        document = programme_files.load(FOLDER, "kort")
        begins = at("2027-01-11", "10:00")
        self.cohort, self.warnings = cohorts.create(
            session,
            code="kort-1",
            programme=programmes.pin(session, document, now=begins),
            days={"day1": date(2027, 3, 25), "day2": date(2027, 4, 8), "terug1": date(2027, 5, 20)},
            location="Wijkhuis, Assen",
            trainer_name="Roos Hoekstra",
            trainer_email="roos@bureau.example",
            now=begins,
            bureau=BUREAU,
        )
        renderer = MessageRenderer(load_letters(), BUREAU, SECRET, content)
        self.rendered: list[str] = []

        def letter(message, now):
            self.rendered.append(message.kind)
            assert renderer.render(session, message, now=now).mime

        self.life = Life(session, self.cohort, BUREAU, letters=letter)
        self.people: list[Enrolment] = []

    def apply(self, now):
        for number in range(6):
            form = intake.Application(name=f"Deelnemer{number} Jansen", email=f"d{number}@gemeente.example")
            self.people.append(intake.apply(self.session, self.cohort, form, source="portal", now=now, bureau=BUREAU))

    def confirm(self, now):
        for enrolment in self.people:
            intake.confirm(self.session, enrolment, by="operator", now=now, bureau=BUREAU)

    def go(self, now):
        cohorts.go(self.session, self.cohort, by="operator", now=now, bureau=BUREAU)

    def fill_in(self, now):
        """Everybody but the first tells of their work."""
        for enrolment in self.people[1:]:
            form = answers.IntakeForm(casus="Een plein", baseline={"1": 2, "2": 2})
            answers.answer_intake(self.session, enrolment, form, now=now, bureau=BUREAU)

    def say_yes(self, now):
        """Everybody but the first answers the invitations."""
        for invitation in self.session.scalars(select(Invitation)).all():
            if invitation.enrolment_id != self.people[0].id:
                replies.answer(self.session, invitation, Answer.ACCEPTED, via=Via.PAGE, now=now, bureau=BUREAU)

    def note_attendance(self, now):
        for meeting in self.cohort.sessions:
            if meeting.ends_at is not None and meeting.ends_at <= now and meeting.attendance_closed_at is None:
                attendance.close(self.session, meeting, by="Roos", now=now, bureau=BUREAU, rest=Presence.PRESENT)

    def evaluate(self, round_name):
        def fill_in(now):
            extra = {"before-1": 2, "before-2": 2, "trainer": 5} if round_name == "direct" else {}
            for enrolment in self.people[1:]:
                evaluation.answer_round(self.session, enrolment, round_name, {**OUTCOMES, **extra}, now=now)

        return fill_in

    def choose(self, now):
        last = next(s for s in self.cohort.sessions if s.name == "terugkomdag-2")
        options = terugkomdag.options_of(self.session, last)
        chosen = next(o for o in options if o.starts_at > at("2027-05-25"))
        terugkomdag.choose_date(self.session, last, chosen.id, by="operator", now=now, bureau=BUREAU)

    def play(self):
        self.life.play(
            [
                (at("2027-01-15", "10:00"), self.apply),
                (at("2027-01-18", "10:00"), self.confirm),
                (at("2027-01-20", "20:00"), self.fill_in),
                (at("2027-03-12", "10:00"), self.go),
                (at("2027-03-15", "12:00"), self.say_yes),
                (at("2027-03-26", "09:30"), self.note_attendance),
                (at("2027-04-09", "09:30"), self.note_attendance),
                (at("2027-04-09", "20:00"), self.evaluate("direct")),
                (at("2027-04-22", "10:00"), self.choose),
                (at("2027-05-14", "20:00"), self.evaluate("transfer")),
                (at("2027-05-21", "09:30"), self.note_attendance),
                (at("2027-09-30", "10:00"), self.note_attendance),
            ],
            until=at("2028-01-01"),
        )


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The whole life of one cohort, played once for all sentences below."""
    url = f"sqlite:///{tmp_path_factory.mktemp('kort') / 'kort.db'}"
    upgrade(url)
    database = open_database(url)
    with database.write() as session:
        kort = Kort(session)
        kort.play()
        yield kort
    database.dispose()


def told(played, enrolment):
    return played.life.told(enrolment.person_id)


def test_it_goes_from_aanmelding_to_closed_without_a_line_of_code(played):
    assert played.warnings == []
    assert played.cohort.status is CohortStatus.CLOSED
    assert {e.status for e in played.people} == {EnrolmentStatus.COMPLETED}
    assert {(s.kind, s.status) for s in played.cohort.sessions} == {
        (SessionKind.DAGDEEL, SessionStatus.HELD),
        (SessionKind.TERUGKOMDAG, SessionStatus.HELD),
    }
    assert len(played.cohort.sessions) == 5
    assert all(certificates.current(played.session, e) for e in played.people)


def test_each_terugkomdag_has_its_own_round(played):
    rounds = {r.name: r.status for r in played.session.scalars(select(Round))}

    assert rounds == {
        "baseline": RoundStatus.RELEASED,
        "direct": RoundStatus.RELEASED,
        "transfer": RoundStatus.RELEASED,
        "transfer-2": RoundStatus.WITHHELD,  # nobody answered
    }


def test_the_silent_one_hears_all_of_it_at_the_hours_of_the_file(played):
    silent, poll = played.people[0], played.cohort.sessions[-1]
    certificate = certificates.current(played.session, silent)

    assert certificate is not None
    assert told(played, silent) == [
        ("2027-01-15 10:00", f"receipt enrolment-{silent.id}"),
        ("2027-01-18 10:00", f"intake_request enrolment-{silent.id}"),
        ("2027-01-18 10:00", f"seat_confirmed enrolment-{silent.id}"),
        ("2027-01-22 09:00", f"intake_reminder-1 enrolment-{silent.id}"),
        ("2027-03-12 10:00", f"overview enrolment-{silent.id}"),
        ("2027-03-16 09:00", "preparation-1 dagdeel-1"),
        ("2027-03-17 09:00", f"rsvp_reminder-1 enrolment-{silent.id}"),
        ("2027-03-24 10:30", "reminder dagdeel-1"),
        ("2027-03-30 09:00", "preparation-1 dagdeel-3"),  # after the night of the clock, and Easter
        ("2027-04-07 10:30", "reminder dagdeel-3"),
        ("2027-04-09 09:00", "direct_evaluation dagdeel-3"),
        ("2027-04-09 09:30", f"certificate certificate-{certificate.id}"),
        ("2027-04-12 09:00", "direct_reminder-1 dagdeel-3"),
        ("2027-04-13 09:00", f"date_poll poll-{poll.id}"),
        ("2027-04-16 09:00", f"poll_reminder poll-{poll.id}"),
        ("2027-05-12 09:00", "transfer_evaluation terugkomdag-1"),  # five working days, Whit Monday not
        ("2027-05-18 09:00", "transfer_reminder terugkomdag-1"),
        ("2027-05-19 10:30", "reminder terugkomdag-1"),
        ("2027-07-20 09:00", "transfer_evaluation terugkomdag-2"),
        ("2027-07-23 09:00", "transfer_reminder terugkomdag-2"),
        ("2027-07-26 10:30", "reminder terugkomdag-2"),
    ]


def test_who_answers_hears_no_reminders_to_answer(played):
    silent, active = told(played, played.people[0]), told(played, played.people[1])

    missing = {what.split()[0] for _at, what in silent} - {what.split()[0] for _at, what in active}

    assert missing == {"intake_reminder-1", "rsvp_reminder-1", "direct_reminder-1"}
    assert ("2027-05-18 09:00", "transfer_reminder terugkomdag-1") not in active
    assert len(active) == len(silent) - 4


def test_the_trainer_and_the_operator_get_theirs(played):
    assert played.life.told(played.cohort.trainer_id) == [
        ("2027-03-24 08:00", "participant_list dagdeel-1"),
        ("2027-04-07 08:00", "participant_list dagdeel-3"),
        ("2027-05-19 08:00", "participant_list terugkomdag-1"),
        ("2027-07-26 08:00", "participant_list terugkomdag-2"),
    ]
    assert played.life.asked()[6:] == [
        ("2027-03-11 09:00", "go-or-no-go"),
        ("2027-04-09 09:00", "attendance"),
        ("2027-04-20 09:00", "choose-date"),
        ("2027-05-21 09:00", "attendance"),
        ("2027-07-28 09:00", "attendance"),
    ]
    operator = people.find_person(played.session, BUREAU.operator_address)
    assert operator is not None
    assert played.life.told(operator.id) == [("2027-08-02 08:00", "digest week-2027-31")]


def test_every_mail_is_owed_once_and_could_be_made(played):
    keys = played.session.scalars(select(Message.key)).all()

    assert len(keys) == len(set(keys)) == len(played.rendered)
    assert {m.status for m in played.session.scalars(select(Message))} == {MessageStatus.SENT}


def test_the_cohort_was_looked_at_only_when_it_was_due(played):
    assert len(played.life.looks) == len(set(played.life.looks))
    assert len(played.life.looks) < 100
    assert played.cohort.next_due_at is None
