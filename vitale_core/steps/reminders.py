"""Reminders: preparation letters, "the day after tomorrow", lists for the trainer, the weekly digest.

All of it follows from the rules of the programme; this step changes no facts. It drops the tasks that cannot help
any more before it counts them in the digest.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.steps import ledger, outdated
from vitale_core.store.records import Cohort

STEP = "reminders"


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Drop what cannot help any more, and owe the mails of this step that are due."""
    outdated.drop(session, cohort, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)
