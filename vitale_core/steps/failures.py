"""Tell the operator that something did not work: one mail a day for the same trouble."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import Kind
from vitale_core.steps import ledger
from vitale_core.steps.people import person_for
from vitale_core.store.records import Message

USEFUL = timedelta(days=7)


def tell(session: Session, *, flow: str, run: str, code: str, now: datetime, bureau: Bureau) -> Message | None:
    """Owe a mail about a failed run; None when the same trouble was told today.

    `flow` is its name, `run` the id of the run and `code` what went wrong, all without personal data.
    """
    operator = person_for(session, bureau.operator_address, name=bureau.operator_name, now=now)
    return ledger.owe(
        session,
        None,
        kind=Kind.FAILURE,
        person_id=operator.id,
        subject=f"{flow}/{code}/{worktime.local(now).date():%Y%m%d}",
        why=f"{flow} is niet gelukt: {code}.",
        at=now,
        stale_at=now + USEFUL,
        about=now,
        now=now,
        bureau=bureau,
        payload={"flow": flow, "run": run, "error_code": code},
    )
