"""The clock of an installation: real, or told by the operator; never both."""

from datetime import timedelta

import pytest

from tests.training import NOW
from vitale_core.domain.errors import Refused
from vitale_core.steps import clock

LATER = NOW + timedelta(days=30)


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def test_the_real_clock_is_the_clock(written):
    assert clock.moment(written, virtual=False, told=None, real=NOW) == NOW


def test_the_real_clock_cannot_be_told(written):
    with pytest.raises(Refused, match="--now"):
        clock.moment(written, virtual=False, told=LATER, real=NOW)


def test_a_virtual_clock_is_where_it_was_put_last(written):
    first = clock.moment(written, virtual=True, told=None, real=NOW)
    clock.stand_at(written, LATER)
    stood = clock.moment(written, virtual=True, told=None, real=NOW)
    clock.stand_at(written, LATER + timedelta(hours=1))

    assert (first, stood) == (NOW, LATER)
    assert clock.moment(written, virtual=True, told=None, real=NOW) == LATER + timedelta(hours=1)
    assert clock.moment(written, virtual=True, told=NOW, real=LATER, back=True) == NOW


def test_a_virtual_clock_does_not_go_back_by_mistake(written):
    clock.stand_at(written, LATER)

    for goes_back in (
        lambda: clock.moment(written, virtual=True, told=NOW, real=NOW),
        lambda: clock.stand_at(written, NOW),
    ):
        with pytest.raises(Refused, match="blijft staan") as refused:
            goes_back()
        assert "--set-back" in refused.value.remedy
    assert clock.put_at(written) == LATER
    clock.stand_at(written, NOW, back=True)
    assert clock.put_at(written) == NOW


def test_who_mailed_on_the_real_clock_never_gets_a_virtual_one(written):
    clock.mailed_for_real(written)
    clock.mailed_for_real(written)

    with pytest.raises(Refused, match="echte klok"):
        clock.moment(written, virtual=True, told=None, real=NOW)
    assert clock.moment(written, virtual=False, told=None, real=NOW) == NOW
