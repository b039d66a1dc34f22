"""The frame of a flow: what is told of an error, what is tried again, what time it is."""

import asyncio
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from flows import running
from flows.running import Broken, found, in_core, passes_by_itself, present, tell_operator, tellable
from tests.training import NOW, mails_of
from vitale_core.domain.errors import NotFound, Refused, TemporaryFailure
from vitale_core.store.records import Enrolment


def fall(error):
    raise error


def caught(error):
    with pytest.raises(type(error)) as raised:
        fall(error)
    return raised.value


def failed(error, name="Failed"):
    return SimpleNamespace(data=error, name=name)


def told_of(state, flow="lifecycle.tick"):
    tell_operator(SimpleNamespace(name=flow), SimpleNamespace(id="run-1", parameters={}), state)


def test_an_unknown_error_is_told_by_type_and_place_only():
    told = tellable(caught(KeyError("noor@gemeente.example")))

    assert isinstance(told, Broken)
    assert "noor" not in str(told)
    assert told.code.startswith("KeyError@")


def test_an_error_in_our_own_code_names_its_line():
    with pytest.raises(Broken) as trouble:
        asyncio.run(in_core(_code_that_breaks))

    assert trouble.value.code.startswith("AttributeError@")
    assert trouble.value.__cause__ is None
    assert trouble.value.__context__ is None


def _code_that_breaks():
    from vitale_core.domain import worktime

    moment: Any = "noor@gemeente.example"
    worktime.local(moment)


def test_the_place_is_the_last_one_in_our_own_code():
    with pytest.raises(Broken, match=r"AttributeError@vitale_core/domain/worktime\.py:\d+"):
        asyncio.run(in_core(_code_that_breaks))


def test_our_own_sentences_are_told_as_they_are_without_what_caused_them():
    error = Refused("Dat mag niet.")
    error.__cause__ = KeyError("noor@gemeente.example")

    told = tellable(caught(error))

    assert told is error
    assert told.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT noor", {}, Exception("locked")), ConnectionResetError("noor"), TimeoutError("noor")],
)
def test_a_lost_connection_passes_by_itself(error):
    told = tellable(caught(error))

    assert isinstance(told, TemporaryFailure)
    assert "noor" not in told.message


@pytest.mark.parametrize(
    "error,again",
    [(TemporaryFailure("Even niet."), True), (Refused("Nee."), False), (KeyError("x"), False), (None, False)],
)
def test_only_what_passes_by_itself_is_repeated(error, again):
    assert passes_by_itself(None, None, failed(error)) is again


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_asks_for_something_that_a_rule_refuses_gets_no_mail_about_it(app):
    told_of(failed(Refused("Nee.")), "intake.go-or-no-go")

    with app.database.read() as session:
        assert mails_of(session, "failure") == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_crash_of_which_nothing_is_known_is_told_by_its_state(app):
    told_of(failed(None, "Crashed"))

    with app.database.read() as session:
        [mail] = mails_of(session, "failure")
        assert mail.payload == {"flow": "lifecycle.tick", "run": "run-1", "error_code": "Crashed"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_virtual_clock_is_asked_before_the_last_moment_that_was_told(app, times):
    with app.database.write() as session:
        assert present(session) == times.now
        assert present(session, NOW) == NOW


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_moment_without_a_zone_is_refused(app):
    with app.database.write() as session, pytest.raises(Refused, match="tijdzone"):
        present(session, datetime(2027, 3, 18, 9))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_number_that_does_not_exist_is_named(app):
    with app.database.read() as session, pytest.raises(NotFound, match=r"Aanmelding 4711 bestaat niet\."):
        found(session, Enrolment, 4711, "Aanmelding")


def test_the_app_is_built_once_when_it_is_asked_for(monkeypatch):
    built = []

    def build():
        built.append("app")
        return SimpleNamespace()

    monkeypatch.setattr("vitale_core.app.build", build)
    running.use(None)

    first, second = running.the_app(), running.the_app()

    assert first is second
    assert built == ["app"]
    running.use(None)
