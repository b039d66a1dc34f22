"""The portal as one ASGI application: every path in one list, and the guard in front of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vitale_portal.doors import PLEAS, Door, House, nothing_here, plea
from vitale_portal.guard import Guard, Pace
from vitale_portal.office import gate
from vitale_portal.routes import DOORS
from vitale_portal.views import Views

ROBOTS = "User-agent: *\nDisallow: /\n"


def portal(app: Any, *, clock: Callable[[], datetime], pace: Pace | None = None) -> Starlette:  # noqa: ANN401 - see House
    """Return the pages of this bureau; `clock` gives the current moment, aware and in UTC."""
    gate.check(app.settings)
    house = House(app, Views(app.bureau, app.settings.templates), clock, gate.Gate(app.settings))
    routes = [Route(door.path, door.endpoint(house), methods=_methods(door), name=door.name) for door in DOORS]
    routes += [
        Route(house.views.stylesheet, _stylesheet(house.views), name="stylesheet"),
        Route("/robots.txt", _robots, name="robots"),
    ]
    pages = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refused(house)},
        middleware=[
            Middleware(
                Guard,
                base_url=app.settings.base_url,
                pace=pace or Pace(),
                refuse=lambda status: plea(house.views, status),
                behind_proxy=bool(app.settings.login_header),
            )
        ],
    )
    pages.router.redirect_slashes = False
    return pages


def _methods(door: Door) -> list[str]:
    return ["GET", "POST"] if door.act else ["GET"]


def _stylesheet(views: Views) -> Callable[[Request], Response]:
    """Give the style sheet, packed where the browser can unpack it: unlike a page it holds nothing to guess at."""
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    packed = headers | {"content-encoding": "gzip"}

    def answer(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(views.css_packed, media_type="text/css", headers=packed)
        return Response(views.css, media_type="text/css", headers=headers)

    return answer


def _robots(_request: Request) -> Response:
    return PlainTextResponse(ROBOTS)


def _refused(house: House) -> Callable[[Request, Exception], Response]:
    def answer(_request: Request, refusal: Exception) -> Response:
        status = refusal.status_code if isinstance(refusal, HTTPException) else 500
        return plea(house.views, status) if status in PLEAS else nothing_here(house.views)

    return answer
