"""Every night a copy of the database; in office hours a look for what is overdue."""

from datetime import datetime

from prefect import get_run_logger

from flows.running import core_flow, core_task, in_core, in_transaction, present, the_app
from vitale_core.domain import labels
from vitale_core.domain.errors import VitaleError
from vitale_core.steps.post import inbox, waiting
from vitale_core.store import copies

KEPT = 14
"""Copies on disk: two weeks of nights."""


class Overdue(VitaleError):
    """Something should have happened and did not."""

    def __init__(self, cohorts: int, mails: int) -> None:
        """Count them."""
        super().__init__(
            f"Al langer dan een uur blijven liggen: {labels.counted(cohorts, 'lichting', 'lichtingen')}, "
            f"{labels.counted(mails, 'mail', 'mails')}.",
            remedy="vitale doctor",
        )
        self.code = "Overdue"


@core_flow("upkeep.nightly", "nightly")
async def nightly() -> None:
    """Forgets what is written in settled mails, and makes a copy of the database."""
    now = await in_transaction(present)
    await let_mails_go(now)
    await back_up(now)


@core_flow("upkeep.overdue", "overdue")
async def look_for_overdue() -> None:
    """Fails, and so mails you, when cohorts or mails are due for more than an hour.

    It is the alarm that leans on nothing but the clock; run it during office hours.
    """
    now, bureau = await in_transaction(present), the_app().bureau
    cohorts, mails = await in_transaction(lambda session: waiting.overdue(session, now=now, bureau=bureau))
    if cohorts or mails:
        raise Overdue(cohorts, mails)


@core_task("let-mails-go")
async def let_mails_go(now: datetime) -> int:
    """Forgets what is written in mails that came in, a month after they came, when nothing waits for them."""
    return await in_transaction(lambda session: inbox.let_go(session, now=now))


@core_task("backup")
async def back_up(now: datetime) -> None:
    """Copies an SQLite database to VITALE_HOME/backups; PostgreSQL is copied by its own tools."""
    settings = the_app().settings
    made = await in_core(copies.back_up, settings.url, settings.home / "backups", now=now, keep=KEPT)
    get_run_logger().info("%s", made.name if made else "PostgreSQL: see docs/scale.md")
