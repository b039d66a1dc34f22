"""The circuit breaker of the mail server, and the rest that a receiver's domain gets; shared by all workers."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vitale_core.domain.delivery import BREAKER_LONGEST, DOMAIN_STRIKES, Breaker, Ending, trouble_of_server
from vitale_core.steps.tasks import close_tasks, owe_task
from vitale_core.store.records import Relay

DOMAIN = "to "
"""Before the name of a receiver's domain; a mail server is named host:port."""

PROBE = timedelta(minutes=5)
ALARM = "relay/"


def breaker_of(session: Session, name: str) -> Breaker:
    """Return what is known of a mail server."""
    row = session.get(Relay, name)
    return _breaker(row) if row else Breaker()


def may_try(session: Session, name: str, *, now: datetime) -> int | None:
    """Return how many mails may be taken for this server: None for any number, 0 while it rests, 1 to try it out.

    Whoever then takes one, says `trying`.
    """
    row = session.get(Relay, name, with_for_update=True)
    if row is None or _breaker(row).is_closed:
        return None
    return 0 if _breaker(row).is_open(now) else 1


def trying(session: Session, name: str, *, now: datetime) -> None:
    """Hold the others back until one mail has shown whether the server works; without news, for five minutes."""
    row = _row(session, name)
    row.open_until, row.probe_token = now + PROBE, secrets.token_hex(8)


def relay_failed(session: Session, name: str, ending: Ending, *, now: datetime) -> Breaker:
    """Note a fault of the server itself. When it opens the breaker, a person is told."""
    row = _row(session, name)
    if row.probe_token is not None:
        row.open_until = None  # it was held back for the one that tried, and that one failed
    after = _breaker(row).failed(now)
    row.failures, row.open_until = after.failures, after.open_until
    row.wait_seconds, row.probe_token, row.last_text = int(after.wait.total_seconds()), None, ending.text
    if not after.is_closed:
        said = f"{ending.code or ''} {ending.text}".strip() or "geen"
        owe_task(
            session,
            key=f"{ALARM}{name}",
            kind="relay",
            what=f"De mailserver {name} {trouble_of_server(ending)}; de mails wachten. Laatste antwoord: {said}.",
            command="vitale doctor",
            now=now,
        )
    return after


def relay_answered(session: Session, name: str, *, now: datetime) -> None:
    """Note that the server works; whoever waits for it may go on."""
    row = session.get(Relay, name, with_for_update=True)
    if row is not None and (row.failures or row.open_until):
        row.failures, row.open_until, row.wait_seconds, row.probe_token = 0, None, 0, None
        close_tasks(session, key_prefix=f"{ALARM}{name}", by="klok", now=now, note="de mailserver doet het weer")


def troubled(session: Session) -> frozenset[str]:
    """Return the servers and domains against which something is held; a rest alone ends by itself."""
    return frozenset(session.scalars(select(Relay.name).where(Relay.failures > 0)))


def all_is_well(held: frozenset[str], server: str, domains: Iterable[str]) -> bool:
    """Say whether nothing of what is `held` is held against this server and these domains."""
    return not held or held.isdisjoint([server, *(DOMAIN + domain for domain in domains)])


def let_rest(session: Session, domain: str, rest: timedelta, text: str, *, strike: bool, now: datetime) -> None:
    """Keep a receiver's domain quiet for a while; after strikes, only the third one does, and a person is told."""
    row = _row(session, DOMAIN + domain)
    row.last_text = text
    if strike:
        row.failures += 1
        if row.failures < DOMAIN_STRIKES:
            return
        owe_task(
            session,
            key=f"{ALARM}{DOMAIN}{domain}",
            kind="domain",
            what=f"{domain} weigert onze mail om haar regels, al {row.failures} keer. Die mails wachten een dag.",
            command="vitale mail list --status failed",
            now=now,
        )
    row.open_until = now + rest
    row.wait_seconds = int(rest.total_seconds())


def domain_took_it(session: Session, domains: Sequence[str]) -> None:
    """Forget the strikes of domains that accepted a mail."""
    session.execute(
        update(Relay)
        .where(Relay.name.in_([DOMAIN + domain for domain in domains]), Relay.failures > 0)
        .values(failures=0, open_until=None)
    )


def resting_domains(session: Session, *, now: datetime) -> list[str]:
    """Return the domains that get no mail now. A moment too far ahead comes from a clock that was wrong."""
    names = session.execute(
        select(Relay.name, Relay.open_until, Relay.wait_seconds).where(
            Relay.name.startswith(DOMAIN, autoescape=True), Relay.open_until > now
        )
    )
    return [name.removeprefix(DOMAIN) for name, until, wait in names if until <= now + timedelta(seconds=wait)]


def _row(session: Session, name: str) -> Relay:
    """Return the row of a server or a domain, ours until the transaction ends; two workers may make it at once."""
    row = session.get(Relay, name, with_for_update=True)
    if row is None:
        try:
            with session.begin_nested():
                session.add(Relay(name=name, failures=0, wait_seconds=0, last_text=""))
        except IntegrityError:  # pragma: no cover - two workers at the same moment
            pass  # the other one was first
        row = session.get_one(Relay, name, with_for_update=True)
    return row


def _breaker(row: Relay) -> Breaker:
    return Breaker(row.failures, row.open_until, min(timedelta(seconds=row.wait_seconds), BREAKER_LONGEST))
