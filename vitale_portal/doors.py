"""From a request to a page: which link, which handler, one transaction, and what to say when it cannot be.

A door is one path. `show` answers GET and HEAD inside a read session, so it cannot change anything; `act`
answers POST inside one transaction and gives back where to go (303), so that reloading a page repeats
nothing. What `act` refuses is undone as a whole and said on the page that was being filled in.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused, TemporaryFailure, TransitionRefused
from vitale_core.steps import links
from vitale_core.steps.consequences import Consequences, rehearse
from vitale_core.store.records import Link
from vitale_portal.forms import Filled, Form
from vitale_portal.guard import TooLarge
from vitale_portal.office.gate import Gate
from vitale_portal.views import Views

log = logging.getLogger("vitale.portal")

Purpose = Literal["participant", "host", "trainer", "agenda"]
ROOTS: Mapping[str, str] = {"participant": "/m/", "host": "/h/", "trainer": "/t/"}
BODY_SECONDS = 60
LARGEST_ID = 2**31 - 1
"""No column of ours holds a larger number; PostgreSQL would call it an error instead of not found."""

_LOOKS_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")


class Unfilled(Exception):
    """A form came in with problems; nothing was changed."""

    def __init__(self, filled: Filled) -> None:
        """Keep what was sent."""
        super().__init__("the form has problems")
        self.filled = filled


class Unsealed(Exception):
    """A form came in that was not made for this link."""


READERS = 2
"""Pages that are made at the same time: more would take turns at one interpreter, and all of them be late."""


@dataclass(frozen=True, slots=True)
class House:
    """What every page needs: the app, its pages and the clock."""

    app: Any
    views: Views
    clock: Callable[[], datetime]
    gate: Gate
    readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(READERS))

    @property
    def bureau(self) -> Bureau:
        """The bureau whose pages these are."""
        bureau: Bureau = self.app.bureau
        return bureau

    @property
    def uploads(self) -> Path:
        """Where files of participants are kept."""
        return Path(self.app.settings.home) / "uploads"

    def seal(self, name: str) -> str:
        """Return what a form must carry to prove that it came from a page of this link."""
        return hmac.new(self.app.secret, f"seal:{name}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a handler sees it.

    `root` is the address of the person's own page; `filled` holds a form that came in and did not fit,
    `refusal` the rule that said no; `choice` what was chosen, in words, for the page that shows what follows from it.
    """

    house: House
    session: Session
    now: datetime
    root: str
    sealed_for: str
    path: Mapping[str, Any]
    query: QueryParams
    headers: Headers
    sent: FormData = field(default_factory=FormData)
    link: Link | None = None
    filled: Filled | None = None
    refusal: Refused | None = None
    actor: str = ""
    choice: list[str] = field(default_factory=list)

    @property
    def bureau(self) -> Bureau:
        """The bureau."""
        return self.house.bureau

    @property
    def the_link(self) -> Link:
        """The link that opened this page."""
        if self.link is None:
            raise NotFound("Deze pagina hoort bij een link.")
        return self.link

    @property
    def done(self) -> bool:
        """Whether the page is shown right after something was done."""
        return "klaar" in self.query

    def fill(self, form: Form) -> Filled:
        """Return the values that came in; problems go back to the page."""
        filled = form.fill(self.sent)
        if filled.problems:
            raise Unfilled(filled)
        return filled

    def chose(self, sentence: str) -> None:
        """Remember in words what was chosen; a rehearsal plays it twice, and it is one choice."""
        self.choice[:] = [sentence]

    def to(self, page: str = "", *, done: bool = True) -> Response:
        """Go to a page of this person, after something was done."""
        address = self.root.rstrip("/") + (f"/{page}" if page else "")
        return RedirectResponse(f"{address}{'?klaar=1' if done else ''}", status_code=303)

    def page(
        self, template: str, *, http: int = 200, headers: Mapping[str, str] | None = None, **values: object
    ) -> HTMLResponse:
        """Return a page; it knows its own address, its seal and what was refused."""
        common = {
            "root": self.root,
            "home": self.root,
            "actor": self.actor,
            "seal": self.house.seal(self.sealed_for),
            "now": self.now,
            "done": self.done,
            "refusal": said(self.refusal) if self.refusal else None,
            "filled": self.filled,
        }
        return HTMLResponse(self.house.views.render(template, common | values), http, headers)


@dataclass(frozen=True, slots=True)
class Door:
    """One path, and who answers there.

    `files` lets a file in, `missing` answers a link that does not open, `office` asks the gate who it is, and
    `rehearsed` shows what an action would do before it is done.
    """

    path: str
    name: str
    show: Callable[[Call], Response]
    act: Callable[[Call], Response] | None = None
    purpose: Purpose | None = None
    files: bool = False
    missing: Callable[[Call], Response | None] | None = None
    office: bool = False
    rehearsed: Callable[[Call, Consequences[Response]], Response] | None = None

    @property
    def formal(self) -> bool:
        """Whether who comes here is addressed with "u"."""
        return self.purpose == "host"

    def endpoint(self, house: House) -> Callable[[Request], Awaitable[Response]]:
        """Return what Starlette calls."""

        async def answer(request: Request) -> Response:
            request.scope["vitale.route"] = self.name
            sent, actor = FormData(), ""
            try:
                if self.office:
                    admitted = house.gate.admits(request)
                    if admitted is None:
                        return nothing_here(house.views)
                    actor = admitted
                if request.method == "POST":
                    async with asyncio.timeout(BODY_SECONDS):
                        sent = await request.form(max_files=int(self.files), max_fields=500, max_part_size=64 * 1024)
                work = partial(self._answer, house, request, sent, actor)
                # Who writes may have to wait for the database, and keeps no reader waiting.
                return await to_thread.run_sync(work, limiter=None if request.method == "POST" else house.readers)
            except TimeoutError:
                return plea(house.views, 408, formal=self.formal)
            except (HTTPException, TooLarge):
                raise
            except Exception as failure:  # noqa: BLE001 - whatever it is, the person gets a page and the log a place
                log.error("%s: %s", self.name, broken_at(failure))  # noqa: TRY400 - its message may hold an answer
                return plea(house.views, 500, formal=self.formal)
            finally:
                await sent.close()

        return answer

    def _answer(self, house: House, request: Request, sent: FormData, actor: str) -> Response:
        writes = request.method == "POST"
        call = _call(self, house, request, sent, actor)
        try:
            if writes and self.act is not None:
                return self._act(call)
            with house.app.database.read() as session:
                return self.show(_opened(self, replace(call, session=session)))
        except NotFound:
            return self._gone(call) or nothing_here(house.views, formal=self.formal)
        except Unsealed:
            return plea(house.views, 403, formal=self.formal)
        except Refused as refusal:
            return plea(house.views, 409, **said(refusal), back=call.root, formal=self.formal)
        except (TemporaryFailure, OperationalError) as failure:
            log.warning("%s: %s", self.name, type(failure).__name__)
            return plea(house.views, 503, formal=self.formal)

    def _gone(self, call: Call) -> Response | None:
        """Return what this door has to say about a link that does not open it; nothing, but for a feed."""
        if self.missing is None:
            return None
        with call.house.app.database.read() as session:
            return self.missing(replace(call, session=session))

    def _act(self, call: Call) -> Response:
        """Do what was asked in one transaction; when it cannot be, say so on the same page."""
        assert self.act is not None  # noqa: S101 - the caller looked
        try:
            if self.rehearsed is not None and call.sent.get("zeker") != "ja":
                return self._rehearse(call)
            with call.house.app.database.write() as session:
                opened = _opened(self, replace(call, session=session))
                _check_seal(opened)
                return self.act(opened)
        except Unfilled as unfilled:
            again, status = replace(call, filled=unfilled.filled), 422
        except NotFound:
            raise
        except Refused as refusal:
            again, status = replace(call, refusal=refusal), 409
        with call.house.app.database.read() as session:
            response = self.show(_opened(self, replace(again, session=session)))
        response.status_code = status
        return response

    def _rehearse(self, call: Call) -> Response:
        """Show what the action would do: it is done, looked at and undone."""
        assert self.act is not None  # noqa: S101 - the caller looked
        assert self.rehearsed is not None  # noqa: S101 - the same
        _check_seal(call)
        act = self.act
        found = rehearse(
            call.house.app.database,
            lambda session: act(_opened(self, replace(call, session=session))),
            now=call.now,
            bureau=call.bureau,
        )
        return self.rehearsed(call, found)


def _call(door: Door, house: House, request: Request, sent: FormData, actor: str) -> Call:
    token = str(request.path_params.get("token", ""))
    own = ROOTS.get(door.purpose or "")
    return Call(
        house=house,
        session=None,  # type: ignore[arg-type] # opened by whoever knows whether it writes
        now=house.clock(),
        root=f"{own}{token}" if own else "/beheer" if door.office else "/",
        sealed_for=token or str(request.path_params.get("key", "")) or _sealed_for(door, actor),
        path=request.path_params,
        query=request.query_params,
        headers=request.headers,
        sent=sent,
        actor=actor,
    )


def _sealed_for(door: Door, actor: str) -> str:
    return f"office:{actor}" if door.office else door.name.split(".", maxsplit=1)[0]


def _opened(door: Door, call: Call) -> Call:
    """Return the call with its link; a token that does not open this door is not found."""
    if any(isinstance(value, int) and value > LARGEST_ID for value in call.path.values()):
        raise NotFound("Zo'n groot nummer heeft niets.")
    if door.purpose is None:
        return call
    token = str(call.path.get("token", ""))
    if not _LOOKS_LIKE_A_TOKEN.fullmatch(token):
        raise NotFound("Deze link werkt niet of niet meer.")
    return replace(call, link=links.open_link(call.session, token, purpose=door.purpose, now=call.now))


def _check_seal(call: Call) -> None:
    seal = call.sent.get("zegel")
    if not isinstance(seal, str) or not hmac.compare_digest(seal, call.house.seal(call.sealed_for)):
        raise Unsealed


def said(refusal: Refused) -> dict[str, str]:
    """Return what a rule said, for somebody who has no command line and knows no state machine."""
    if isinstance(refusal, TransitionRefused):
        return {
            "what": "Dit kan nu niet meer.",
            "remedy": "Er is intussen iets veranderd. Kijk op je pagina hoe het nu staat.",
        }
    remedy = "" if refusal.remedy.startswith("vitale") else refusal.remedy
    return {"what": refusal.message, "remedy": remedy}


def broken_at(failure: Exception) -> str:
    """Return what broke and where, without its message: that may hold an answer or an address."""
    places = [
        f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in traceback.extract_tb(failure.__traceback__)
    ]
    return "\n  ".join([type(failure).__name__, *places])


PLEAS = {
    400: (
        "Dit begrijpen we niet",
        "Wat de browser stuurde, konden we niet lezen.",
        "Ga terug en probeer het nog een keer.",
    ),
    403: (
        "Dit formulier werkt niet meer",
        "Het antwoord kwam niet van een van onze eigen pagina’s, of de pagina stond lang open. Er is niets bewaard.",
        "Open de link uit de mail opnieuw en vul het formulier daar in.",
    ),
    405: ("Dit kan hier niet", "Deze pagina is alleen om te bekijken.", "Ga terug naar de vorige pagina."),
    408: (
        "Het duurde te lang",
        "Het antwoord kwam niet op tijd binnen. Er is niets bewaard.",
        "Probeer het nog een keer.",
    ),
    409: ("Dit kan nu niet", "Er is niets veranderd.", ""),
    410: ("Dit adres is ingetrokken", "Deze agenda bestaat niet meer.", "Haal het adres uit je agendaprogramma."),
    413: (
        "Dit is te groot",
        "Een formulier mag hooguit 64 kB zijn en een presentatie hooguit 10 MB. Er is niets bewaard.",
        "Maak de tekst of het bestand kleiner en probeer het opnieuw.",
    ),
    429: (
        "Even wachten",
        "Er kwamen veel verzoeken achter elkaar.",
        "Wacht een minuut en probeer het dan opnieuw. Wat al was opgeslagen, is er nog.",
    ),
    500: (
        "Er ging iets mis bij ons",
        "Dit ligt aan ons. Er is niets bewaard.",
        "Probeer het over een paar minuten opnieuw. Lukt het dan nog niet? Bel of mail ons.",
    ),
    503: (
        "Het is nu even te druk",
        "Het antwoord is nog niet bewaard.",
        "Probeer het over een minuut opnieuw.",
    ),
}


def plea(views: Views, status: int, *, formal: bool = False, **said: str) -> HTMLResponse:
    """Return a page that says what happened and what to do."""
    title, what, remedy = PLEAS[status]
    values = {"title": title, "what": what, "remedy": remedy, "back": "", "home": "", "formal": formal} | said
    return HTMLResponse(views.render("plea.html", values), status)


def nothing_here(views: Views, *, formal: bool = False) -> HTMLResponse:
    """Return the one answer to every wrong, unknown, foreign and expired link."""
    return HTMLResponse(views.render("nothing.html", {"home": "", "formal": formal}), 404)
