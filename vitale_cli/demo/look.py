"""After the demo: a summary on the terminal, and one address from which everything can be looked at."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vitale_cli import mailview
from vitale_cli import server as prefect_servers
from vitale_cli.demo import cast, stage
from vitale_cli.demo.actors import local_time
from vitale_core.domain import labels
from vitale_core.domain.states import VisitStatus
from vitale_core.steps import cohorts, links
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Enrolment, Host, Invitation, Message, Plan, Round, Visit

Log = list[tuple[datetime, str]]


def summary(on_stage: stage.Stage, log: Log, seconds: float, console: Console) -> None:
    """Print what came of the cohort."""
    with on_stage.app.database.read() as session:
        cohort = cohorts.get(session, cast.CODE)
        statuses = Counter(session.scalars(select(Enrolment.status).where(Enrolment.cohort_id == cohort.id)))
        mails = Counter(session.scalars(select(Message.status)))
        answers = Counter(session.scalars(select(Invitation.answer).where(Invitation.cancelled_at.is_(None))))
        titles = {plan.name: plan.title for plan in programme_of(cohort).rounds}
        rounds = [
            f"{titles[r.name]}: {labels.of_state(r.status)}" for r in session.scalars(select(Round).order_by(Round.id))
        ]
        plan = session.scalar(select(Plan.claim).order_by(Plan.version.desc()))
        visits = Counter(session.scalars(select(Visit.status).where(Visit.status != VisitStatus.PROPOSED)))
        table = Table("wat", "hoe het afliep", title=f"Lichting {cast.CODE}: {labels.of_state(cohort.status)}")
        table.add_row("deelnemers", _counted(statuses))
        table.add_row("mails", _counted(mails))
        table.add_row("agenda-antwoorden", _counted(answers))
        table.add_row("groepen", plan or "geen")
        table.add_row("werkbezoeken", _counted(visits))
        table.add_row("evaluaties", ", ".join(rounds))
        table.add_row("gebeurtenissen", f"{len(log)}, van {local_time(log[0][0])} tot {local_time(log[-1][0])}")
        table.add_row("gespeeld in", f"{seconds:.0f} seconden")
    console.print(table)


def _counted(counts: Counter[Any]) -> str:
    return ", ".join(
        f"{number} {labels.of_state(name)}" for name, number in sorted(counts.items(), key=lambda c: -c[1])
    )


@contextmanager
def served(on_stage: stage.Stage, log: Log) -> Iterator[str]:
    """Serve the page to look around from, and the mailbox; give its address."""
    bound = prefect_servers.bind(stage.LOOK_PORT)
    address = f"http://{stage.LOOPBACK}:{bound.getsockname()[1]}"

    def front(_request: Request) -> Response:
        return HTMLResponse(mailview.PAGE.format(title="Vitale: de demo", body=_front(on_stage, log)))

    pages = Starlette(routes=[Route("/", front), *mailview.routes(on_stage.sink)])
    with stage.served(pages, bound):
        yield address


def wait_for_the_end() -> None:
    """Return at Ctrl-C."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _front(on_stage: stage.Stage, log: Log) -> str:
    people, hosts, trainer = _doors(on_stage)
    story = "".join(f"<tr><td>{escape(local_time(moment))}</td><td>{escape(words)}</td></tr>" for moment, words in log)
    return (
        f"<h1>Lichting {cast.CODE}</h1>"
        "<p>Alles hieronder is echt: de mails zijn verstuurd, de antwoorden gegeven. Alleen de klok is verzonnen.</p>"
        "<ul>"
        f"<li><a href='{on_stage.portal}/beheer/{cast.CODE}'>De pagina van de operator</a>: "
        "tijdlijn, wie is waar, post</li>"
        "<li><a href='/post'>De postbus</a>: elke mail als HTML, tekst, agenda en bron</li>"
        f"<li><a href='{on_stage.prefect.address}'>Prefect</a>: elke tik van de klok en elke beslissing</li>"
        f"<li><a href='{on_stage.portal}/'>De pagina van het bureau</a></li>"
        f"<li><a href='{trainer}'>De pagina van de trainer</a></li>"
        "</ul>"
        f"<h2>Deelnemers</h2><ul>{people}</ul><h2>Gastheren</h2><ul>{hosts}</ul>"
        f"<h2>Wat er gebeurde</h2><table><tr><th>wanneer<th>wat</tr>{story}</table>"
    )


def _doors(on_stage: stage.Stage) -> tuple[str, str, str]:
    """Return links to everybody's own page; the demo may know them, nobody else does."""
    app, now = on_stage.app, on_stage.clock.now
    with app.database.write() as session:
        cohort = cohorts.get(session, cast.CODE)
        people = []
        for enrolment in session.scalars(select(Enrolment).where(Enrolment.cohort_id == cohort.id)):
            person = enrolment.person
            address = links.url(
                session,
                purpose="participant",
                person_id=person.id,
                cohort_id=cohort.id,
                enrolment_id=enrolment.id,
                now=now,
                bureau=app.bureau,
                secret=app.secret,
            )
            mails = f"<a href='/post?aan={escape(person.email or '')}'>post</a>"
            state = labels.of_state(enrolment.status)
            people.append(f"<li><a href='{address}'>{escape(person.name or '')}</a> ({state}), {mails}</li>")
        hosts = []
        for host in session.scalars(select(Host).order_by(Host.id)):
            address = links.url(
                session,
                purpose="host",
                person_id=host.contact_id,
                cohort_id=cohort.id,
                now=now,
                bureau=app.bureau,
                secret=app.secret,
            )
            mails = f"<a href='/post?aan={escape(host.contact.email or '')}'>post</a>"
            hosts.append(f"<li><a href='{address}'>{escape(host.organisation)}</a>, {mails}</li>")
        trainer = links.url(
            session,
            purpose="trainer",
            person_id=cohort.trainer_id,
            cohort_id=cohort.id,
            now=now,
            bureau=app.bureau,
            secret=app.secret,
        )
    return "".join(people), "".join(hosts), trainer
