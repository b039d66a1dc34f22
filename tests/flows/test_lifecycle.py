"""The tick: what is due is done once, one trouble stops nothing else, and Prefect learns nothing about people."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from flows import lifecycle, running
from flows.intake import GoOrNoGo, go_or_no_go
from flows.lifecycle import NotEverythingDone, tick
from tests.aanmeldingen import apply
from tests.training import a_cohort, a_project, at, mails_of, some_enrolments
from vitale_core.app import App
from vitale_core.domain.errors import NotFound, Refused, TemporaryFailure
from vitale_core.domain.states import CohortStatus, MessageStatus
from vitale_core.steps import lifecycle as core
from vitale_core.steps import privacy
from vitale_core.store.database import AT_ONCE, lock_cohort
from vitale_core.store.records import Cohort, Message, Person

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

OFFICE = at("2027-02-01", "10:05")


def run(now=OFFICE):
    return asyncio.run(tick(now=now))


def a_cohort_with(app, *names, code="2027-voorjaar", **facts):
    with app.database.write() as session:
        cohort = a_cohort(session, code, status=CohortStatus.OPEN, **facts)
        for name in names:
            apply(session, cohort, name, email=f"{name.split()[0].casefold()}@{code}.example")
        return cohort.id


def next_due(app, code="2027-voorjaar"):
    with app.database.read() as session:
        return session.scalar(select(Cohort.next_due_at).where(Cohort.code == code))


def statuses(app, kind):
    with app.database.read() as session:
        return [mail.status for mail in mails_of(session, kind)]


def received(sink):
    return sorted((sink.folder / "new").iterdir())


def a_cohort_that_takes_place(app, code):
    """People who must get their intake and their invitations: two steps with work."""
    with app.database.write() as session:
        cohort = a_cohort(session, code)
        some_enrolments(session, cohort, 2)


def test_a_due_cohort_goes_through_the_steps_with_work_and_its_mail_leaves(app, sink, history):
    a_cohort_that_takes_place(app, "2027-stappen")

    assert run() == {"due": 1}

    assert statuses(app, "intake_request") == [MessageStatus.SENT] * 2
    with app.database.read() as session:
        sent = session.scalar(select(func.count()).where(Message.status == MessageStatus.SENT))
    assert len(received(sink)) == sent
    assert next_due(app, "2027-stappen") > OFFICE
    names = [f"{step}-2027-stappen" for step in ("intake", "invitations", "overview")]
    assert history.tasks(*names) == [(name, "COMPLETED") for name in names]


def test_a_cohort_without_work_shows_no_tasks(app, history):
    a_cohort_with(app, "Noor Dijkstra", code="2027-stil")
    run()

    assert run(OFFICE + timedelta(days=1)) == {"due": 0}

    assert history.rows("SELECT name FROM task_run WHERE name LIKE '%-2027-stil' AND name LIKE 'reminders-%'") == []


def test_a_second_tick_finds_nothing_to_do(app, sink):
    a_cohort_with(app, "Noor Dijkstra")
    run()

    assert run(OFFICE + timedelta(minutes=5)) == {"due": 0}

    assert len(received(sink)) == 1


def test_the_tick_that_sends_the_last_mail_of_somebody_erases_them(app, sink):
    a_cohort_with(app, "Noor Dijkstra")
    with app.database.write() as session:
        person = session.scalars(select(Person).where(Person.name == "Noor Dijkstra")).one()
        assert not privacy.erase(session, person, by="operator", now=OFFICE, bureau=app.bureau)
        number = person.id

    run()

    with app.database.read() as session:
        assert session.scalar(select(Person.name).where(Person.id == number)) is None


def test_ticks_at_the_same_time_send_each_mail_once(app, sink):
    a_cohort_with(app, "Noor Dijkstra", "Sam Bakker", "Ilse Postma")

    async def together():
        await asyncio.gather(*(tick(now=OFFICE) for _ in range(3)))

    asyncio.run(together())

    assert statuses(app, "receipt") == [MessageStatus.SENT] * 3
    assert len(received(sink)) == 3


def test_a_run_is_named_after_its_moment_and_tasks_carry_the_cohort(app, history):
    a_cohort_that_takes_place(app, "2027-namen")

    run(at("2027-02-03", "10:05"))

    history.tasks("intake-2027-namen")
    assert history.rows("SELECT DISTINCT state_type FROM flow_run WHERE name = 'tick 2027-02-03 10.05'") == [
        ("COMPLETED",)
    ]
    [(tags,), *_] = history.rows("SELECT tags FROM task_run WHERE name = 'intake-2027-namen'")
    assert "cohort:2027-namen" in tags


def test_a_step_that_fails_stops_neither_other_steps_nor_other_cohorts(app, sink, monkeypatch, history):
    def falls(_session, cohort, **_facts):
        if cohort.code == "2027-kapot":
            raise KeyError("CANARY Noor Dijkstra")

    a_cohort_that_takes_place(app, "2027-kapot")
    a_cohort_that_takes_place(app, "2027-heel")
    before = core.ADVANCE["groups"]
    monkeypatch.setitem(core.ADVANCE, "groups", lambda *a, **k: (falls(*a, **k), before(*a, **k)))

    with pytest.raises(NotEverythingDone, match="groups-2027-kapot") as trouble:
        run()

    assert "KeyError@" in trouble.value.message
    assert next_due(app, "2027-kapot") <= OFFICE
    assert next_due(app, "2027-heel") > OFFICE
    assert statuses(app, "intake_request") == [MessageStatus.SENT] * 4
    assert dict(history.tasks("groups-2027-kapot", "invitations-2027-kapot", "invitations-2027-heel")) == {
        "groups-2027-kapot": "FAILED",
        "invitations-2027-kapot": "COMPLETED",
        "invitations-2027-heel": "COMPLETED",
    }
    assert history.mentions("CANARY") == []


def test_the_operator_hears_of_a_failure_once_a_day(app, monkeypatch):
    def falls(*_args, **_facts):
        raise ZeroDivisionError("CANARY")

    a_cohort_with(app, "Noor Dijkstra")
    monkeypatch.setitem(core.ADVANCE, "groups", falls)

    for minutes in (0, 5, 10):
        with pytest.raises(NotEverythingDone):
            run(OFFICE + timedelta(minutes=minutes))

    with app.database.read() as session:
        [mail] = mails_of(session, "failure")
        assert mail.payload["flow"] == "lifecycle.tick"
        assert (
            mail.payload["error_code"].startswith("ZeroDivisionError@tests/flows/") or "@" in mail.payload["error_code"]
        )
        assert "CANARY" not in str(mail.payload) + mail.why


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_neither_a_run_that_fails_nor_one_that_succeeds_leaves_a_file_where_it_runs(app, monkeypatch, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    with pytest.raises(NotFound):
        asyncio.run(go_or_no_go("2027-nergens", GoOrNoGo.GO))
    assert run() == {"due": 0}

    assert list(here.iterdir()) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "error,times", [(TemporaryFailure("Even niet."), 3), (Refused("Dat mag niet."), 1), (KeyError("CANARY"), 1)]
)
def test_only_what_passes_by_itself_is_tried_again(app, monkeypatch, error, times):
    tried = []

    def falls(_session, cohort, **_facts):
        tried.append(cohort.code)
        raise error

    a_cohort_with(app, "Noor Dijkstra")
    monkeypatch.setitem(core.ADVANCE, "groups", falls)
    quick = lifecycle.STEPS["groups"].with_options(retry_delay_seconds=0)
    monkeypatch.setitem(lifecycle.STEPS, "groups", quick)

    with pytest.raises(NotEverythingDone, match=type(error).__name__):
        run()

    assert len(tried) == times + 1, "the look, which is taken back, tries it once as well"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_change_during_a_tick_is_looked_at_in_the_same_tick(app, monkeypatch):
    looked = []

    def somebody_applies(session, cohort_id):
        looked.append(cohort_id)
        if len(looked) == 1:
            apply(session, session.get_one(Cohort, cohort_id), "Sam Bakker", email="sam@laat.example")
            session.flush()
        return lock_cohort(session, cohort_id)

    a_cohort_with(app, "Noor Dijkstra")
    monkeypatch.setattr(lifecycle, "lock_cohort", somebody_applies)

    run()

    assert len(looked) == 2
    assert len(statuses(app, "receipt")) == 2
    assert next_due(app) > OFFICE


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_cohort_that_keeps_changing_stays_due_for_the_next_tick(app, monkeypatch):
    rounds = []

    def never_still(session, cohort_id):
        rounds.append(cohort_id)
        session.get_one(Cohort, cohort_id).location = f"zaal {len(rounds)}"
        session.flush()
        return lock_cohort(session, cohort_id)

    a_cohort_with(app, "Noor Dijkstra")
    monkeypatch.setattr(lifecycle, "lock_cohort", never_still)

    run()

    assert len(rounds) == lifecycle.ROUNDS
    assert next_due(app) == AT_ONCE


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_prefect_sees_no_name_no_address_and_no_answer_of_anybody(app, history, caplog):
    """One cohort with a strange name in every field, through ticks, decisions and its page in Prefect."""
    for logger in ("prefect.flow_runs", "prefect.task_runs"):
        caplog.set_level("INFO", logger)
    from flows import overview
    from flows.groups import propose_groups
    from flows.intake import Decision, decide_applicant

    with app.database.write() as session:
        cohort = a_cohort(session, "2027-kanarie", status=CohortStatus.OPEN, location="CANARYhuis")
        for number in range(4):
            a_project(session, f"CANARYtuin {number}", slots=("2027-04-06", "2027-04-08"))
        people = [
            apply(
                session,
                cohort,
                f"Kanarie{n} CANARY",
                email=f"CANARY{n}@canary.example",
                organisation="CANARYgemeente",
                answers={"motivation": "CANARY"},
            ).id
            for n in range(8)
        ]

    async def play():
        await tick(now=OFFICE)
        for number in people:
            await decide_applicant(number, Decision.CONFIRM)
        with pytest.raises(Refused):
            await go_or_no_go("2027-nergens", GoOrNoGo.GO)
        await go_or_no_go("2027-kanarie", GoOrNoGo.GO)
        await tick(now=OFFICE + timedelta(minutes=5))
        await propose_groups("2027-kanarie")
        await overview.publish("2027-kanarie")
        await tick(now=OFFICE + timedelta(days=1))

    asyncio.run(play())

    history.tasks("overview-2027-kanarie", "invitations-2027-kanarie")
    with app.database.read() as session:
        assert session.scalar(select(func.count()).where(Message.status == MessageStatus.SENT)) > 8
    assert history.wait_for("is nu: gaat door", "log"), "what is logged reaches Prefect"
    assert history.mentions("CANARY") == []
    assert {"flow_run", "task_run", "artifact", "log"} <= set(history.mentions("2027-kanarie"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_on_the_real_clock_nobody_can_say_what_time_it_is(app, monkeypatch):
    monkeypatch.setattr(
        running._InUse,
        "app",
        App(
            settings=app.settings.model_copy(update={"clock": "real"}),
            bureau=app.bureau,
            database=app.database,
            templates=app.templates,
        ),
    )

    with pytest.raises(Refused, match="virtuele klok"):
        run()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_with_dispatch_each_due_cohort_gets_one_run_on_the_work_pool(app, monkeypatch, history):
    from flows.serving import find

    settings = app.settings.model_copy(update={"dispatch": "deployment"})
    elsewhere = App(settings=settings, bureau=app.bureau, database=app.database, templates=app.templates)
    monkeypatch.setattr(running._InUse, "app", elsewhere)
    first = a_cohort_with(app, "Noor Dijkstra", code="2027-verdeeld")
    asyncio.run(find("lifecycle.advance").runner().aapply())

    for minutes in (0, 5, 10):
        run(OFFICE + timedelta(minutes=minutes))

    waiting = history.rows("SELECT name, state_type, tags FROM flow_run WHERE name = 'advance-2027-verdeeld'")
    assert [(name, state) for name, state, _ in waiting] == [("advance-2027-verdeeld", "SCHEDULED")]
    assert "cohort:2027-verdeeld" in waiting[0][2]
    asyncio.run(lifecycle.advance(first, OFFICE + timedelta(minutes=15)))
    assert next_due(app, "2027-verdeeld") > OFFICE
    query = "SELECT state_type FROM flow_run WHERE name = 'advance-2027-verdeeld' ORDER BY state_type"
    assert history.rows(query) == [("COMPLETED",), ("SCHEDULED",)]


def test_the_moment_in_a_name_may_come_as_text():
    moment = datetime(2027, 2, 1, 9, tzinfo=UTC)

    assert lifecycle.moment_of(moment.isoformat()) == lifecycle.moment_of(moment) == moment
