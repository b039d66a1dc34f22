"""A cohort keeps the programme it was made with; a version is kept once."""

import pytest
from sqlalchemy import select

from tests.training import BUREAU, DAYS, NOW, document
from vitale_core.domain.programme_checks import ProgrammeError
from vitale_core.steps import cohorts, programmes
from vitale_core.store.records import ProgrammeVersion


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def a_cohort(session, code="2027-voorjaar", **changes):
    """A cohort of the programme with these fields changed."""
    version = programmes.pin(session, {**document(), **changes}, now=NOW)
    cohort, _warnings = cohorts.create(session, code=code, programme=version, days=DAYS, now=NOW, bureau=BUREAU)
    return cohort


def test_a_cohort_keeps_the_programme_it_was_made_with(written):
    cohort, newer = a_cohort(written), a_cohort(written, "later", capacity=8)

    assert programmes.programme_of(cohort).capacity == 12
    assert programmes.programme_of(newer).capacity == 8


def test_the_same_text_is_one_version(written):
    cohort = a_cohort(written)
    again = dict(reversed(document().items()))

    assert programmes.pin(written, again, now=NOW) is cohort.programme
    assert len(written.scalars(select(ProgrammeVersion)).all()) == 1


def test_a_programme_that_does_not_fit_is_not_pinned(written):
    with pytest.raises(ProgrammeError):
        programmes.pin(written, {**document(), "capacity": 0}, now=NOW)
    assert written.scalars(select(ProgrammeVersion)).all() == []


def test_only_so_many_programmes_are_kept_in_memory(written, monkeypatch):
    monkeypatch.setattr(programmes, "KEPT", 2)
    monkeypatch.setattr(programmes, "_BUILT", {})
    made = [a_cohort(written, f"c-{n}", capacity=6 + n) for n in range(3)]

    assert [programmes.programme_of(cohort).capacity for cohort in made * 2] == [6, 7, 8] * 2
    assert len(programmes._BUILT) == 2
