"""The nights: a copy; and in office hours an alarm for what stays lying."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from flows import upkeep
from tests.training import NOW, a_cohort, mails_of
from vitale_core.store.records import Cohort

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]


def make_due(app, moment):
    with app.database.write() as session:
        number = a_cohort(session).id
    with app.database.write() as session:
        session.execute(update(Cohort).where(Cohort.id == number).values(next_due_at=moment))


def test_a_night_leaves_a_copy(app, prefect_server):
    asyncio.run(upkeep.nightly())

    assert [path.name for path in (app.settings.home / "backups").iterdir()] == [f"vitale-{NOW:%Y%m%dT%H%M%SZ}.db"]


def test_nothing_overdue_is_quiet(app, prefect_server):
    make_due(app, NOW + timedelta(days=1))

    asyncio.run(upkeep.look_for_overdue())

    with app.database.read() as session:
        assert mails_of(session, "failure") == []


def test_what_stays_lying_mails_the_operator(app, prefect_server):
    make_due(app, NOW - timedelta(hours=2))

    with pytest.raises(upkeep.Overdue, match="1 lichting, 0 mails"):
        asyncio.run(upkeep.look_for_overdue())

    with app.database.read() as session:
        [mail] = mails_of(session, "failure")
        assert mail.payload["error_code"] == "Overdue"
