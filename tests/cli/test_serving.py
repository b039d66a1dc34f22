"""One part apart: its port, and the clock it goes by."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from vitale_cli.server import LOOPBACK
from vitale_cli.serving import clock_of
from vitale_core.app import build
from vitale_core.domain.errors import Refused
from vitale_core.steps import clock


def test_a_port_that_another_program_has_is_told_with_what_to_do(vitale, settings):
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        settings(PORTAL_PORT=str(port))

        said = vitale("serve portal")

    assert (said.code, said.out) == (6, "")
    assert f"Poort {port} van {LOOPBACK} is niet vrij." in said.err
    assert "VITALE_PORTAL_PORT" in said.err
    assert "Pagina's op" not in said.err


def test_a_mailbox_whose_port_is_taken_says_so(vitale, settings):
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        settings(SMTP_PORT=str(port))

        said = vitale("serve mailbox")

    assert (said.code, said.out) == (6, "")
    assert f"Poort {port} van {LOOPBACK} is niet vrij." in said.err
    assert "VITALE_SMTP_PORT" in said.err
    assert "De postbus luistert" not in said.err


def test_on_a_virtual_clock_the_pages_stand_where_the_last_command_left_it(vitale):
    vitale("tick", "--now", "2027-04-23T09:00")
    app = build()
    now = clock_of(app)

    assert now() == datetime(2027, 4, 23, 7, tzinfo=UTC)
    vitale("tick", "--now", "2027-04-26T09:00")
    assert now() == datetime(2027, 4, 26, 7, tzinfo=UTC)
    app.database.dispose()


def test_on_the_real_clock_the_pages_go_by_that(settings, vitale):
    settings(CLOCK="real")
    app = build()

    assert abs(clock_of(app)() - datetime.now(UTC)) < timedelta(minutes=1)
    app.database.dispose()


def test_pages_on_a_virtual_clock_are_refused_where_people_were_mailed_on_the_real_one(vitale):
    app = build()
    with app.database.write() as session:
        clock.mailed_for_real(session)

    with pytest.raises(Refused, match="echte klok"):
        clock_of(app)()
    app.database.dispose()


def test_a_virtual_clock_that_goes_back_is_refused_and_when_forced_says_what_stays(vitale):
    vitale.going_ahead()
    vitale("tick", "--now", "2027-01-20T09:00")

    refused = vitale("tick", "--now", "2027-01-12T09:00")
    stood = vitale("tick")
    forced = vitale("tick", "--now", "2027-01-12T09:00", "--set-back")

    assert refused.code == 2
    assert "De klok staat op woensdag 20 januari 2027, 09.00 uur en gaat niet terug" in refused.err
    assert "--set-back" in refused.err
    assert "woensdag 20 januari 2027" in stood.out
    assert "dinsdag 12 januari 2027" in forced.out
    assert "wordt niet teruggedraaid: " in forced.err
    assert "verstuurd" in forced.err
