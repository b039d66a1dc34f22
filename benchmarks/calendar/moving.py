"""Measures what it costs to plan the consequences of moving a day, in a database of many cohorts.

For each size as many cohorts of twelve people are made; then day 2 of every one of them is rehearsed to a week later:
who gets which mail, which calendars change, what clashes; all of it rolled back. Linear means: what one cohort costs
does not depend on how many there are. The sizes are measured in one run.

    python benchmarks/calendar/moving.py [--sizes 10 100 1000] [--people 12]
"""

import argparse
import statistics
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import select

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from vitale_core.adapters import programmes as files  # noqa: E402 - after its folder is known
from vitale_core.adapters.calendar_nl import public_holidays  # noqa: E402 - the same
from vitale_core.domain.bureau import Bureau  # noqa: E402 - the same
from vitale_core.steps import changes, cohorts, intake, persons, programmes  # noqa: E402 - the same
from vitale_core.steps.consequences import rehearse  # noqa: E402 - the same
from vitale_core.store.database import Database, open_database  # noqa: E402 - the same
from vitale_core.store.records import Cohort, Message  # noqa: E402 - the same
from vitale_core.store.schema import upgrade  # noqa: E402 - the same

NOW = datetime(2027, 1, 11, 9, tzinfo=UTC)
BUREAU = Bureau(secret=b"a secret of the benchmark", holidays=public_holidays())
HERE = {"by": "operator", "now": NOW, "bureau": BUREAU}


def fill(database: Database, first: int, last: int, people: int) -> None:
    """Make cohorts that go ahead; what is owed at the start counts as sent."""
    document = files.load(ROOT / "templates" / "programmes", "overheidsparticipatie")
    for number in range(first, last):
        day = date(2027, 3, 2) + timedelta(days=7 * (number % 20))
        with database.write() as session:
            cohort, _warnings = cohorts.create(
                session,
                code=f"lichting-{number}",
                programme=programmes.pin(session, document, now=NOW),
                days={"day1": day, "day2": day + timedelta(weeks=5)},
                trainer_name=f"Trainer {number}",
                trainer_email=f"trainer{number}@bureau.example",
                **HERE,
            )
            for nth in range(people):
                form = intake.Application(name=f"Deelnemer {nth}", email=f"d{nth}@gemeente{number}.example")
                persons.join(session, cohort, form, **HERE)
            cohorts.go(session, cohort, **HERE)
            for message in session.scalars(select(Message).where(Message.cohort_id == cohort.id)):
                message.status, message.attempts = "sent", 1  # type: ignore[assignment]


def plan(database: Database, number: int) -> tuple[float, int]:
    """Rehearse moving day 2 of one cohort a week; return seconds and how many mails it would take."""

    def move(session):  # type: ignore[no-untyped-def]
        cohort = session.get_one(Cohort, number)
        day = next(s.starts_at for s in cohort.sessions if s.day == "day2")
        changes.move_day(session, cohort, "day2", to=day.date() + timedelta(days=1), **HERE)

    began = perf_counter()
    seen = rehearse(database, move, now=NOW, bureau=BUREAU)
    return perf_counter() - began, len(seen.mails)


def main() -> None:
    """Print what one cohort costs at each size, and all of them together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--people", type=int, default=12)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/cohorts.db"
        upgrade(url)
        database, made = open_database(url), 0
        print(f"Consequences of moving day 2, {arguments.people} people a cohort\n")
        print(f"{'cohorts':>8} {'ms each (median)':>18} {'all, s':>8} {'mails':>8}")
        for size in arguments.sizes:
            fill(database, made, size, arguments.people)
            made = size
            with database.read() as session:
                numbers = list(session.scalars(select(Cohort.id).order_by(Cohort.id)))
            found = [plan(database, number) for number in numbers]
            seconds, mails = [second for second, _count in found], sum(count for _second, count in found)
            print(f"{size:8} {1000 * statistics.median(seconds):18.1f} {sum(seconds):8.1f} {mails:8}")
        database.dispose()


if __name__ == "__main__":
    main()
