"""After the visits and after the training: the report, the presentation, the evaluations, what came of it."""

import pytest

from tests.portal.stages import at
from tests.portal.visitor import SAME_ORIGIN, Page
from vitale_core.domain.states import CohortStatus, VisitStatus
from vitale_core.store.records import Cohort, Intention, PollAnswer, Receipt, Round, Visit

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"


def test_one_of_the_group_writes_the_report_and_all_read_it(world, visitor):
    stage = at(world, "after the visits")
    noor, other = (world.link(enrolment=number) for number in members(world)[:2])
    told = {"verslag": "Bewoners kookten voor ons.", "aanbevelingen": "Vraag eerst, plan daarna."}

    visitor.send(f"{noor}/verslag", told)

    assert "Bewoners kookten voor ons." in visitor.open(f"{other}/verslag").text
    assert world.visits()[0].status is VisitStatus.REPORTED
    assert stage.people


def test_a_report_before_the_visit_is_not_asked(world, visitor):
    at(world, "visits booked")
    page = Page(visitor.open(f"{world.link(enrolment=members(world)[0])}/verslag").text)

    assert "moet nog komen" in page.words
    assert page.forms == []


TOLD = {"verslag": "Bewoners kookten voor ons.", "aanbevelingen": "Vraag eerst, plan daarna."}


def test_when_the_dagdeel_that_it_is_for_has_begun_the_page_says_the_report_is_closed(world, visitor):
    at(world, "after the visits")
    noor = world.link(enrolment=members(world)[0])
    before = Page(visitor.send(f"{noor}/verslag", TOLD).text)
    world.until(2027, 4, 22, 14)

    after = Page(visitor.open(f"{noor}/verslag").text)
    late = visitor.post(f"{noor}/verslag", before.forms[0].known | {"verslag": "Anders."})

    assert "tot dagdeel 3 begint, op donderdag 22 april 2027, 09.30 uur" in before.words
    assert "Het verslag staat vast" in after.words
    assert "tot dagdeel 3 begon, op donderdag 22 april 2027, 09.30 uur" in after.words
    assert "Bewoners kookten voor ons." in after.words
    assert after.forms == []
    assert late.status_code == 409
    assert world.visits()[0].report == "Bewoners kookten voor ons."


def test_a_report_that_is_late_can_be_sent_once_and_not_after_the_end(world, visitor):
    stage = at(world, "evaluated")
    noor = world.link(enrolment=members(world)[0])
    page = Page(visitor.open(f"{noor}/verslag").text)

    done = Page(visitor.send(f"{noor}/verslag", TOLD).text)
    with world.database.write() as session:
        session.get_one(Cohort, stage.cohort).status = CohortStatus.CLOSED
    other = next(m for m in stage.people if m not in members(world))
    ended = Page(visitor.open(f"{world.link(enrolment=other)}/verslag").text)

    assert "nog één keer insturen" in page.words
    assert "Het verslag staat vast" in done.words
    assert "Er is geen verslag ingestuurd" in ended.words
    assert ended.forms == []


def upload(visitor, page, content, name="groep.pdf"):
    seal = Page(visitor.open(f"{page}/presentatie").text).forms[0].known["zegel"]
    files = {"bestand": (name, content, "application/pdf")}
    return visitor.request("POST", f"{page}/presentatie", data={"zegel": seal}, files=files, headers=SAME_ORIGIN)


def test_a_presentation_is_kept_and_given_to_the_group_and_the_trainer(world, visitor):
    stage = at(world, "after the visits")
    noor, sam = (world.link(enrolment=number) for number in members(world)[:2])

    sent = upload(visitor, noor, PDF, name="../../etc/passwd.pdf")
    got = visitor.open(f"{sam}/presentatie.pdf")
    for_trainer = visitor.open(f"{world.link('trainer', cohort=stage.cohort)}/presentatie/{world.visits()[0].id}")

    assert sent.status_code == 303
    assert got.content == for_trainer.content == PDF
    assert got.headers["content-disposition"].startswith("attachment")
    assert [p.name for p in sorted((world.home / "uploads").rglob("*")) if p.is_file()] == [
        f"visit-{world.visits()[0].id}.pdf"
    ]


def test_another_group_does_not_get_it(world, visitor):
    stage = at(world, "after the visits")
    mine = members(world)
    upload(visitor, world.link(enrolment=mine[0]), PDF)
    outsider = next(number for number in stage.people if number not in mine)

    assert visitor.open(f"{world.link(enrolment=outsider)}/presentatie.pdf").status_code == 404


@pytest.mark.parametrize(
    "content,says",
    [
        (b"", "Dit bestand is leeg"),
        (b"PK\x03\x04 a zip that calls itself a pdf", "Dit bestand is geen PDF"),
        (b"<script>alert(1)</script>%PDF-1.7 %%EOF", "Dit bestand is geen PDF"),
        (b"%PDF-1.7 and then nothing", "Dit bestand is geen PDF"),
        (PDF.replace(b"<<>>", b" " * (10 * 1024 * 1024 - 20)), "groter dan 10 MB"),
    ],
    ids=["empty", "zip", "script", "torn", "too large"],
)
def test_what_is_no_pdf_of_at_most_ten_megabytes_is_refused(world, visitor, content, says):
    at(world, "after the visits")

    answer = upload(visitor, world.link(enrolment=members(world)[0]), content)

    assert answer.status_code == 422
    assert says in Page(answer.text).words
    assert not (world.home / "uploads").exists()


def test_no_file_at_all_is_asked_for(world, visitor):
    at(world, "after the visits")
    page = world.link(enrolment=members(world)[0])

    answer = visitor.send(f"{page}/presentatie")

    assert answer.status_code == 422
    assert "Kies eerst een bestand." in Page(answer.text).words


def test_an_evaluation_is_answered_once_and_leads_to_the_own_intention(world, visitor):
    stage = at(world, "last dagdeel")
    noor = world.link(enrolment=stage.people[0])
    form = Page(visitor.open(f"{noor}/evaluatie/direct").text).forms[0]
    answers = {name: values[0] for name, values in form.names.items() if values}

    done = Page(visitor.send(f"{noor}/evaluatie/direct", answers).text)
    again = visitor.post(f"{noor}/evaluatie/direct", answers | {"zegel": form.known["zegel"]})
    visitor.send(f"{noor}/voornemen", {"voornemen": "Elke maand een rondje door de wijk."})

    assert "je antwoorden zijn binnen" in done.words
    assert again.status_code in {303, 409}
    direct = world.one(Round, name="direct")
    assert len([r for r in world.all(Receipt) if r.round_id == direct.id]) == 1
    assert world.one(Intention).words == "Elke maand een rondje door de wijk."


def test_missing_answers_are_named_one_by_one(world, visitor):
    stage = at(world, "last dagdeel")

    answer = visitor.send(f"{world.link(enrolment=stage.people[0])}/evaluatie/direct", {"outcome-1": "4"})

    words = Page(answer.text).words
    assert answer.status_code == 422
    assert "Kies een cijfer bij uitspraak 2 (nu)." in words
    assert "Kies een cijfer bij uitspraak 2 (vóór de training)." in words


def test_an_evaluation_is_asked_for_once_the_last_dagdeel_began(world, visitor):
    stage = at(world, "after the visits")
    page = world.link(enrolment=stage.people[0])

    world.until(2027, 4, 22, 10)
    world.tick()
    in_the_morning = Page(visitor.open(page).text).words
    world.until(2027, 4, 22, 14)
    in_the_afternoon = Page(visitor.open(page).text).words

    assert "Evaluatie na dag 2" not in in_the_morning
    assert "Evaluatie na dag 2" in in_the_afternoon


def test_a_closed_evaluation_says_so(world, visitor):
    stage = at(world, "evaluated")

    page = Page(visitor.open(f"{world.link(enrolment=stage.people[7])}/evaluatie/direct").text)

    assert "Deze vragenlijst is gesloten" in page.words


def test_own_words_are_played_back(world, visitor):
    stage = at(world, "evaluated")
    noor = world.link(enrolment=stage.people[0])
    visitor.send(f"{noor}/voornemen", {"voornemen": "Eerst luisteren."})

    page = visitor.open(f"{noor}/toepassing")
    visitor.send(f"{noor}/toepassing", {"toegepast": "Twee keer gedaan."})

    assert "Eerst luisteren." in Page(page.text).words
    assert world.one(Intention).applied == "Twee keer gedaan."


def test_a_poll_wants_an_answer_for_every_date_and_can_be_changed(world, visitor):
    stage = at(world, "evaluated")
    noor = world.link(enrolment=stage.people[0])
    names = [name for name in Page(visitor.open(f"{noor}/prikker").text).forms[0].names if name.startswith("datum-")]

    half = visitor.send(f"{noor}/prikker", {names[0]: "yes"})
    visitor.send(f"{noor}/prikker", dict.fromkeys(names, "no"))
    visitor.send(f"{noor}/prikker", {names[0]: "if_needed"})

    assert half.status_code == 422
    assert "Kies of je kunt op" in Page(half.text).words
    assert [a.choice for a in world.all(PollAnswer)] == ["if_needed"] + ["no"] * (len(names) - 1)


def test_a_certificate_can_be_checked_by_anybody(world, visitor):
    stage = at(world, "evaluated")
    page = Page(visitor.open(world.link(enrolment=stage.people[0])).text)
    address = next((link for link in page.links if link.startswith("/c/")), None)

    assert address is not None
    assert "Dit bewijs van deelname is echt" in Page(visitor.open(address).text).words


def members(world):
    """Return the enrolments of the group of the first visit."""
    with world.database.read() as session:
        return [m.enrolment_id for m in session.get_one(Visit, world.visits()[0].id).group.members]


def test_the_report_is_asked_without_a_date_that_is_past_and_never_after_the_end(world, visitor):
    stage = at(world, "evaluated")
    noor = world.link(enrolment=members(world)[0])
    asked = "Wat haalden jullie op bij het werkbezoek?"

    late = Page(visitor.open(noor).text).words
    with world.app.database.write() as session:
        session.get(Cohort, stage.cohort).status = CohortStatus.CLOSED
    over = Page(visitor.open(noor).text).words

    assert asked in late
    assert "Graag vóór donderdag 22 april" not in late
    assert asked not in over
