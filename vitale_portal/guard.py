"""What holds for every request, whatever page it is for: headers, sizes, origin, pace and the log.

The guard stands in front of the routes, so a page cannot forget any of it. The log gets the name of the
route, never the path: a path holds a token.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("vitale.portal")

KILOBYTE = 1024
FORM_BYTES = 64 * KILOBYTE
UPLOAD_BYTES = 10 * KILOBYTE * KILOBYTE
ENVELOPE_BYTES = 4 * KILOBYTE  # boundaries and headers around an uploaded file
SECONDS = 60

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})
_TOKEN = re.compile(r"/(?:m|h|t|agenda|zaal)/([A-Za-z0-9_.-]{16,160})")
_UPLOAD = re.compile(r"/m/[^/]+/presentatie")


class TooLarge(Exception):
    """The body went past its limit while it was being read."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many requests a minute are answered, per link and per address.

    One office or one mail scanner asks for many people from one address, hence the wide second number;
    requests from this machine itself do not count there, unless a proxy says for whom it asks.
    """

    per_token: int = 120
    per_address: int = 600


@dataclass(slots=True)
class Meter:
    """Counts in memory, per minute; a restart forgets, and several processes count apart."""

    pace: Pace
    minute: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def allows(self, token: str, address: str, seconds: float) -> bool:
        """Count one request and say whether it is within the pace."""
        minute = int(seconds // SECONDS)
        if minute != self.minute:
            self.minute = minute
            self.counts.clear()
        within = True
        if token:
            self.counts[f"t:{token}"] += 1
            within = self.counts[f"t:{token}"] <= self.pace.per_token
        if address not in LOOPBACK:
            self.counts[f"a:{address}"] += 1
            within = within and self.counts[f"a:{address}"] <= self.pace.per_address
        return within


class Guard:
    """The ASGI application around the portal."""

    def __init__(
        self,
        inner: ASGIApp,
        *,
        base_url: str,
        pace: Pace,
        refuse: Callable[[int], Response],
        behind_proxy: bool = False,
    ) -> None:
        """Guard `inner`; `refuse` makes the page for 403, 413 and 429. `behind_proxy`: every request comes by one."""
        self.behind_proxy = behind_proxy
        parts = urlsplit(base_url)
        self.inner, self.refuse, self.meter = inner, refuse, Meter(pace)
        self.origin = f"{parts.scheme}://{parts.netloc}".casefold()
        self.headers = dict(HEADERS)
        if parts.scheme == "https":
            self.headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        # With a slash behind it an address is the same; a redirect would be made from what the Host header says.
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        began = time.perf_counter()
        status = 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope)
        try:
            if answer is not None:
                await answer(scope, receive, send_guarded)
            else:
                await self._within_size(scope, receive, send_guarded)
        finally:
            spent = (time.perf_counter() - began) * 1000
            route = scope.get("vitale.route", "-")
            log.info("%s %s %d %.1f ms", scope["method"], route, status, spent)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return why a request is turned away before anybody looks at it, or None."""
        headers = Headers(scope=scope)
        found = _TOKEN.match(scope["path"])
        if not self.meter.allows(found[1] if found else "", self._address(scope, headers), time.monotonic()):
            return self.refuse(429)
        if scope["method"] == "POST":
            if not self._same_origin(headers):
                return self.refuse(403)
            length = headers.get("content-length", "")
            if length.isdigit() and int(length) > _limit(scope):
                return self.refuse(413)
        return None

    def _address(self, scope: Scope, headers: Headers) -> str:
        """Return from where somebody asks; a proxy of ours writes that behind whatever it was told."""
        address = str(scope["client"][0]) if scope.get("client") else "-"
        if self.behind_proxy or address in LOOPBACK:
            forwarded = headers.getlist("x-forwarded-for")
            return forwarded[-1].rpartition(",")[2].strip() if forwarded else address
        return address

    def _same_origin(self, headers: Headers) -> bool:
        """Say whether a form on a page of ours was sent.

        Browsers say so in Sec-Fetch-Site; with `Referrer-Policy: no-referrer` their Origin is "null". Older
        ones and programs send an Origin, which must be ours. Who says nothing is refused.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return headers.get("origin", "").casefold() == self.origin

    async def _within_size(self, scope: Scope, receive: Receive, send: Send) -> None:
        room = _limit(scope)
        started = False

        async def receive_counted() -> Message:
            nonlocal room
            message = await receive()
            room -= len(message.get("body", b""))
            if room < 0:
                raise TooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.inner(scope, receive_counted, send_noted)
        except TooLarge:
            if started:
                raise
            await self.refuse(413)(scope, receive, send)


def _limit(scope: Scope) -> int:
    return UPLOAD_BYTES + ENVELOPE_BYTES if _UPLOAD.fullmatch(scope["path"]) else FORM_BYTES
