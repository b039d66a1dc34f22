"""The operator's pages: what waits, who is where, and deeds whose consequences are shown first."""

import pytest

from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
    TaskStatus,
    Via,
    VisitStatus,
)
from vitale_core.store.records import (
    Attempt,
    AuditEvent,
    Cohort,
    CourseSession,
    Enrolment,
    Invitation,
    Message,
    Plan,
    Task,
    Visit,
)

BASE = "/beheer/2027-voorjaar"


def deed(visitor, path, fields, *, nr=0, sure=True):
    """Send the form of a page, read what it would do, and do it if sure; return the last page."""
    before = Page(visitor.open(path).text).forms[nr]
    shown = visitor.post(before.action or path, before.known | fields)
    if "Dit gebeurt er als je doorgaat" in shown.text:
        assert '<p class="lead choice">' in shown.text, "the page does not say what was chosen"
    if not sure or shown.status_code != 200:
        return shown
    again = Page(shown.text).forms[0]
    done = visitor.post(before.action or path, again.known)
    return visitor.open(done.headers["location"]) if done.status_code == 303 else done


def stage_name(world, enrolment):
    with world.database.read() as session:
        return session.get_one(Enrolment, enrolment).person.name


def test_the_first_page_says_what_waits(world, visitor):
    at(world, "deadline passed")

    words = Page(visitor.open("/beheer").text).words

    assert "Vandaag, donderdag 4 maart 2027" in words
    assert "8 deelnemers antwoordden nog niet op de uitnodiging. Bel even." in words
    assert "Noor de Jong" in words
    assert "Beslis over aanmelding" in words


def test_a_cohort_shows_its_timeline_and_who_is_where(world, visitor):
    at(world, "visits booked")

    page = visitor.open(BASE).text

    assert "<svg" in page
    assert "vandaag" in page
    assert 'role="img" title="intake: te laat">!</i>' in page
    assert 'role="img" title="bezoek staat vast">✓</i>' in page


def test_somebody_is_placed_after_the_consequences_were_shown(world, visitor):
    stage = at(world, "applied")
    path = f"{BASE}/mensen/{stage.undecided}"

    shown = deed(visitor, path, {"besluit": "plaatsen", "naam": "Anja"}, sure=False)
    before = world.one(Enrolment, id=stage.undecided).status
    deed(visitor, path, {"besluit": "plaatsen", "naam": "Anja"})

    assert "Dit gebeurt er als je doorgaat" in Page(shown.text).words
    assert "1 × plaatsing" in Page(shown.text).words
    assert f"Je plaatst {stage_name(world, stage.undecided)}. Lichting: 2027-voorjaar." in Page(shown.text).words
    assert before is EnrolmentStatus.APPLIED
    enrolment = world.one(Enrolment, id=stage.undecided)
    assert (enrolment.status, enrolment.screened_by) == (EnrolmentStatus.CONFIRMED, "Anja")


def test_a_rejection_wants_a_reason_and_a_name(world, visitor):
    stage = at(world, "applied")
    path = f"{BASE}/mensen/{stage.undecided}"

    nameless = deed(visitor, path, {"besluit": "afwijzen", "notitie": "te vroeg"}, sure=False)
    without = deed(visitor, path, {"besluit": "afwijzen", "naam": "Anja"}, sure=False)
    deed(visitor, path, {"besluit": "afwijzen", "naam": "Anja", "notitie": "Nog geen ervaring met beleid."})

    assert "Vul je naam in. Die komt in het logboek." in Page(nameless.text).words
    assert "Schrijf bij een afwijzing op waarom" in Page(without.text).words
    assert world.one(Enrolment, id=stage.undecided).status is EnrolmentStatus.REJECTED


def test_an_answer_by_phone_is_recorded_as_such(world, visitor):
    stage = at(world, "goes ahead")
    path = f"{BASE}/mensen/{stage.people[0]}"
    form = Page(visitor.open(path).text).forms[-1]
    name = next(name for name in form.names if name.startswith("komst-"))

    visitor.post(form.action, form.known | {name: "declined", "notitie": "Belde maandag.", "naam": "Anja"})

    invitation = world.one(Invitation, id=int(name.removeprefix("komst-")))
    assert (invitation.answer, invitation.answer_via) == (Answer.DECLINED, Via.OPERATOR)


def test_an_answer_by_phone_wants_an_answer(world, visitor):
    stage = at(world, "goes ahead")
    form = Page(visitor.open(f"{BASE}/mensen/{stage.people[0]}").text).forms[-1]

    refused = visitor.post(form.action, form.known | {"notitie": "Belde maandag.", "naam": "Anja"})

    assert refused.status_code == 409
    assert {i.answer for i in world.all(Invitation)} == {Answer.NEEDS_ACTION}


@pytest.mark.parametrize("choice,status", [("ja", CohortStatus.CONFIRMED), ("nee", CohortStatus.CANCELLED)])
def test_go_and_no_go(world, visitor, choice, status):
    at(world, "full")

    deed(visitor, f"{BASE}/doorgaan", {"besluit": choice, "notitie": "Genoeg mensen.", "naam": "Anja"})

    assert world.one(Cohort).status is status


def test_a_plan_is_approved_as_it_was_shown(world, visitor):
    at(world, "proposed")

    deed(visitor, f"{BASE}/plan", {"naam": "Anja"})

    plan = world.one(Plan, status=PlanStatus.APPROVED)
    assert plan.approved_by == "Anja"
    assert {v.status for v in world.visits()} == {VisitStatus.ASKED}


def test_a_plan_that_was_replaced_meanwhile_is_not_approved(world, visitor):
    stage = at(world, "proposed")
    form = Page(visitor.open(f"{BASE}/plan").text).forms[0]
    world.groups(stage.cohort, approve=False)

    answer = visitor.post(f"{BASE}/plan", form.known | {"naam": "Anja", "zeker": "ja"})

    assert answer.status_code == 409
    assert not [p for p in world.all(Plan) if p.status is PlanStatus.APPROVED]


def test_why_everybody_is_where_they_are_is_told_with_names(world, visitor):
    at(world, "proposed")

    page = Page(visitor.open(f"{BASE}/plan/waarom").text)

    assert "Noor de Jong" in page.words
    assert " e2 " not in page.words


def newest_plan(world):
    return max(world.all(Plan), key=lambda plan: plan.version)


def members_of(plan, number):
    return [int(m[1:]) for g in plan.solution["groups"] if g["number"] == number for m in g["members"]]


def test_a_change_by_hand_is_priced_before_it_is_made(world, visitor):
    at(world, "proposed")
    page = Page(visitor.open(f"{BASE}/plan/wijzig").text)
    before = newest_plan(world)
    one, other = (min(members_of(before, number)) for number in (1, 2))

    weighed = Page(visitor.open(f"{BASE}/plan/wijzig?p{one}=2&p{other}=1").text)

    assert "Wat dit kost" not in page.words
    assert "Wat dit kost" in weighed.words
    assert "naar groep 2" in weighed.words
    assert newest_plan(world).version == before.version
    form = weighed.forms[0]
    assert visitor.post(form.action, form.known | {"naam": "Anja"}).status_code == 303
    newest = newest_plan(world)
    assert newest.version == before.version + 1
    assert newest.made_by == "Anja"
    assert len(newest.solution["edits"]) == 2
    assert "met de hand gemaakt" in Page(visitor.open(f"{BASE}/plan").text).words


def test_a_change_that_leaves_a_group_empty_or_nothing_at_all_is_refused(world, visitor):
    at(world, "proposed")
    members = members_of(newest_plan(world), 1)
    every = "&".join(f"p{one}=2" for one in members)

    assert "geen indeling" in Page(visitor.open(f"{BASE}/plan/wijzig?{every}").text).words
    form = Page(visitor.open(f"{BASE}/plan/wijzig?p{members[0]}=2").text).forms[0]
    seal = {name: form.known[name] for name in ("zegel", "versie")}
    assert visitor.post(form.action, seal | {"naam": "Anja"}).status_code == 409
    assert visitor.post(form.action, form.known | {"naam": "Anja", "versie": "7"}).status_code == 409


def test_another_plan_can_be_taken(world, visitor):
    at(world, "proposed")
    page = Page(visitor.open(f"{BASE}/plan/keuzes").text)

    form = next(form for form in page.forms if form.action.endswith("/keuzes"))
    answer = visitor.post(form.action, form.known | {"naam": "Anja"})

    assert "Plan B" in page.words
    assert answer.status_code == 303
    assert newest_plan(world).claim == "plan B, gekozen door Anja"


def test_each_visit_stands_once_among_the_hosts(world, visitor):
    """A proposal that another took the place of is over, and so are its visits."""
    at(world, "visits booked")

    words = Page(visitor.open(f"{BASE}/gastheren").text).words

    assert {plan.status for plan in world.all(Plan)} == {PlanStatus.SUPERSEDED, PlanStatus.APPROVED}
    assert words.count("Groep 1:") == 1
    assert "voorgesteld" not in words


def test_what_a_host_said_on_the_phone_is_recorded(world, visitor):
    at(world, "hosts asked")
    visit = world.visits()[0]
    forms = Page(visitor.open(f"{BASE}/gastheren").text).forms
    nr = next(n for n, form in enumerate(forms) if form.action.endswith(f"/{visit.id}"))

    deed(visitor, f"{BASE}/gastheren", {"antwoord": "ja", "notitie": "Belde met Greet.", "naam": "Anja"}, nr=nr)

    assert world.one(Visit, id=visit.id).status is VisitStatus.CONFIRMED


def test_the_date_of_a_terugkomdag_is_chosen_out_of_the_poll(world, visitor):
    at(world, "evaluated")
    form = Page(visitor.open(f"{BASE}/evaluatie").text).forms[0]

    deed(visitor, f"{BASE}/evaluatie", {"datum": form.names["datum"][0], "naam": "Anja"})

    assert world.one(CourseSession, name="terugkomdag").starts_at is not None


def test_released_rounds_are_drawn_and_told_as_a_table(world, visitor):
    at(world, "evaluated")

    page = visitor.open(f"{BASE}/evaluatie").text

    assert page.count("<svg") >= 3
    assert "Dezelfde cijfers als tabel" in page
    assert "6 van de 8 mensen vulden het in" in Page(page).words


def test_an_open_round_tells_nothing_but_how_many(world, visitor):
    stage = at(world, "last dagdeel")
    world.evaluate(stage.people[:4], "direct")

    words = Page(visitor.open(f"{BASE}/evaluatie").text).words

    assert "4 van de 8 mensen" in words
    assert "Mooi zo" not in words


def waiting_mail(world, visitor):
    """Return a mail that waits for approval."""
    at(world, "goes ahead")
    with world.database.write() as session:
        message = session.query(Message).where(Message.kind == "overview").first()
        message.status = MessageStatus.AWAITING_APPROVAL
        return message.id


def test_a_mail_is_approved_with_the_text_that_was_shown(world, visitor):
    number = waiting_mail(world, visitor)
    path = f"/beheer/mail/{number}"
    bare = Page(visitor.open(path).text)
    visitor.send(path)

    shown = visitor.open(path)
    letter = visitor.open(f"{path}/brief")
    form = next(f for f in Page(shown.text).forms if f.action.endswith("/keuren"))
    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Nagelezen."})

    assert "De tekst is nog niet gemaakt" in bare.words
    assert "frame-src 'self'" in shown.headers["content-security-policy"]
    assert "sandbox" in letter.headers["content-security-policy"]
    assert "Dag " in letter.text
    message = world.one(Message, id=number)
    assert (message.status, message.approved_by) == (MessageStatus.QUEUED, "Anja")
    assert "Anja: Nagelezen." in {a.text for a in world.all(Attempt)}


def test_a_mail_whose_text_changed_is_not_approved(world, visitor):
    number = waiting_mail(world, visitor)
    path = f"/beheer/mail/{number}"
    visitor.send(path)
    form = next(f for f in Page(visitor.open(path).text).forms if f.action.endswith("/keuren"))

    answer = visitor.post(form.action, form.known | {"naam": "Anja", "tekst": "0" * 64})

    assert answer.status_code == 409
    assert world.one(Message, id=number).status is MessageStatus.AWAITING_APPROVAL


def test_a_mail_is_skipped_with_a_reason(world, visitor):
    number = waiting_mail(world, visitor)
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/overslaan"))

    without = visitor.post(form.action, form.known | {"naam": "Anja"})
    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Zij weet het al."})

    assert without.status_code == 422
    message = world.one(Message, id=number)
    assert (message.status, message.outcome) == (MessageStatus.CANCELLED, "Overgeslagen door Anja: Zij weet het al.")


def test_a_mail_that_would_leave_is_held_back(world, visitor):
    at(world, "goes ahead")
    number = next(m.id for m in world.all(Message) if m.status is MessageStatus.QUEUED)
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/tegenhouden"))

    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Eerst bellen."})

    assert world.one(Message, id=number).status is MessageStatus.AWAITING_APPROVAL


@pytest.mark.parametrize("choice,status", [("aangekomen", MessageStatus.SENT), ("opnieuw", MessageStatus.QUEUED)])
def test_a_doubtful_mail_is_settled(world, visitor, choice, status):
    number = waiting_mail(world, visitor)
    with world.database.write() as session:
        session.get_one(Message, number).status = MessageStatus.UNCERTAIN
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/afhandelen"))

    visitor.post(form.action, form.known | {"uitkomst": choice, "naam": "Anja", "notitie": "Gebeld."})

    assert world.one(Message, id=number).status is status


def test_a_task_is_ticked_off_with_a_note(world, visitor):
    at(world, "deadline passed")
    task = next(t for t in world.all(Task) if t.status is TaskStatus.OPEN)

    visitor.send(f"/beheer/taak/{task.id}", {"notitie": "Gebeld, komt.", "naam": "Anja"})

    done = world.one(Task, id=task.id)
    assert (done.status, done.closed_by, done.note) == (TaskStatus.DONE, "Anja", "Gebeld, komt.")


def test_deeds_stand_in_the_log_with_the_name(world, visitor):
    stage = at(world, "applied")
    deed(visitor, f"{BASE}/mensen/{stage.undecided}", {"besluit": "plaatsen", "naam": "Anja"})

    words = Page(visitor.open(f"{BASE}/logboek").text).words

    assert "Anja" in words
    assert "Anja" in {event.actor for event in world.all(AuditEvent)}


NOTED = "Overlegd met Marit."
NAMED = {"naam": "Anja", "notitie": NOTED}


def place(world, visitor, stage):
    deed(visitor, f"{BASE}/mensen/{stage.undecided}", {"besluit": "plaatsen"} | NAMED)


def take_out(world, visitor, stage):
    deed(visitor, f"{BASE}/mensen/{stage.people[0]}", {"besluit": "afmelden"} | NAMED)


def go_ahead(world, visitor, stage):
    deed(visitor, f"{BASE}/doorgaan", {"besluit": "ja"} | NAMED)


def approve_plan(world, visitor, stage):
    deed(visitor, f"{BASE}/plan", NAMED)


def host_said_yes(world, visitor, stage):
    deed(visitor, f"{BASE}/gastheren", {"antwoord": "ja"} | NAMED, nr=0)


def host_said_no(world, visitor, stage):
    deed(visitor, f"{BASE}/gastheren", {"antwoord": "nee"} | NAMED, nr=0)


def choose_date(world, visitor, stage):
    form = Page(visitor.open(f"{BASE}/evaluatie").text).forms[0]
    deed(visitor, f"{BASE}/evaluatie", {"datum": form.names["datum"][0]} | NAMED)


@pytest.mark.parametrize(
    "stage,act",
    [
        ("applied", place),
        ("full", take_out),
        ("full", go_ahead),
        ("proposed", approve_plan),
        ("hosts asked", host_said_yes),
        ("hosts asked", host_said_no),
        ("evaluated", choose_date),
    ],
)
def test_a_note_stands_in_the_log_beside_the_name(world, visitor, stage, act):
    act(world, visitor, at(world, stage))

    log = Page(visitor.open(f"{BASE}/logboek").text).words

    assert NOTED in log
    assert "Anja" in log


def test_without_a_note_nothing_is_noted(world, visitor):
    place_only = at(world, "applied")

    deed(visitor, f"{BASE}/mensen/{place_only.undecided}", {"besluit": "plaatsen", "naam": "Anja"})

    assert "remark" not in {task.kind for task in world.all(Task)}


# ------------------------------------------------------------------------------------------------ who may enter


def test_without_a_login_nobody_else_finds_the_pages(world, visit):
    world.cohort()

    assert visit().open("/beheer").status_code == 200
    assert visit(address="192.0.2.7").open("/beheer").status_code == 404
    assert visit(host="training.example").open("/beheer").status_code == 404
    assert visit().open("/beheer", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 404


def test_links_to_another_host_close_the_pages_without_a_login(world, visit):
    import dataclasses

    world.bureau = dataclasses.replace(world.bureau, base_url="https://training.example")

    assert visit().open("/beheer").status_code == 404


def test_behind_a_login_the_proxy_says_who_it_is(world, visit):
    stage = at(world, "applied")
    world.settings = {"login_header": "X-Operator", "portal_host": "0.0.0.0", "base_url": "https://training.example"}  # noqa: S104 - behind a proxy
    browser = visit(address="192.0.2.7")
    path = f"{BASE}/mensen/{stage.undecided}"

    def named(method, where, **options):
        return browser.request(
            method, where, headers={"x-operator": "Anja", "sec-fetch-site": "same-origin"}, **options
        )

    form = Page(named("GET", path).text).forms[0]
    named("POST", path, data=form.known | {"besluit": "plaatsen", "zeker": "ja", "naam": "Iemand anders"})

    assert browser.open(path).status_code == 404
    assert "naam" not in form.names
    assert world.one(Enrolment, id=stage.undecided).screened_by == "Anja"


def test_a_portal_that_others_can_reach_without_a_login_does_not_start(world):
    world.settings = {"portal_host": "0.0.0.0"}  # noqa: S104 - that is what is refused

    with pytest.raises(Refused, match="niemand bewaakt"):
        world.portal()
