"""The operator hears of a failure, once a day for the same trouble."""

from datetime import timedelta

from tests.training import BUREAU, NOW, mails_of
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import failures


def tell(session, *, flow="lifecycle.tick", code="KeyError@vitale_core/steps/intake.py:60", now=NOW, run="run-1"):
    return failures.tell(session, flow=flow, run=run, code=code, now=now, bureau=BUREAU)


def test_the_operator_gets_one_mail_with_flow_run_and_code(database):
    with database.write() as session:
        tell(session)

        [mail] = mails_of(session, "failure")
        assert mail.status is MessageStatus.QUEUED
        assert mail.person.email == BUREAU.operator_address
        assert mail.payload == {
            "flow": "lifecycle.tick",
            "run": "run-1",
            "error_code": "KeyError@vitale_core/steps/intake.py:60",
        }


def test_the_same_trouble_is_told_once_a_day(database):
    with database.write() as session:
        told = [tell(session, now=NOW + timedelta(hours=hours), run=f"run-{hours}") for hours in (0, 1, 5, 24)]

    assert [mail is not None for mail in told] == [True, False, False, True]


def test_another_trouble_is_told_at_once(database):
    with database.write() as session:
        tell(session)

        assert tell(session, code="Crashed") is not None
        assert tell(session, flow="upkeep.nightly") is not None


def test_a_failure_in_the_night_is_told_in_the_night(database):
    night = NOW.replace(hour=1)

    with database.write() as session:
        mail = tell(session, now=night)

    assert mail.not_before == night
