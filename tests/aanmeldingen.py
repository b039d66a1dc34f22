"""An aanmelding in tests: apply, be confirmed, wait."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from tests.training import BUREAU, NOW
from vitale_core.steps import intake
from vitale_core.steps.intake import Application
from vitale_core.store.records import Offer

APPLIES: dict[str, Any] = {"source": "portal", "now": NOW, "bureau": BUREAU}


def apply(session, cohort, name="Noor Dijkstra", *, now=NOW, **facts):
    """An aanmelding from the portal; its address follows from the name."""
    told = {"email": f"{name.split()[0].lower()}@gemeente.example"} | facts
    return intake.apply(session, cohort, Application(name=name, **told), source="portal", now=now, bureau=BUREAU)


def people(session, cohort, *names):
    """Apply and be confirmed one after the other, a minute apart."""
    made = []
    for minute, name in enumerate(names):
        moment = NOW + timedelta(minutes=minute)
        enrolment = apply(session, cohort, name, now=moment)
        made.append(intake.confirm(session, enrolment, by="operator", now=moment, bureau=BUREAU))
    return made


def offers(session):
    """Every offer that was ever made."""
    return list(session.scalars(select(Offer).order_by(Offer.id)))
