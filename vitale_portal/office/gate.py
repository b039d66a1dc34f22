"""Who may open the operator's pages.

Without a login in front they exist only on this machine, and only when the whole portal does: as soon as the links in
mails name another host, a proxy may stand in front, and then a request from this machine proves nothing. With
VITALE_LOGIN_HEADER set, the proxy says who the operator is in that header (and must remove it from what comes in).
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from vitale_core.domain.errors import Refused

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
LONGEST_NAME = 80


def check(settings: Any) -> None:  # noqa: ANN401 - the app's settings; only the app may name their class
    """Refuse to start when others could reach the operator's pages without a login."""
    if not is_loopback(settings.portal_host) and not settings.login_header:
        raise Refused(
            f"Het portaal luistert op {settings.portal_host}, en niemand bewaakt de pagina van de operator.",
            remedy=(
                "Zet VITALE_LOGIN_HEADER op de header waarin je inlogproxy de operator noemt, "
                "of laat VITALE_PORTAL_HOST op 127.0.0.1."
            ),
        )


class Gate:
    """Says who the operator is, or that there is no page here."""

    def __init__(self, settings: Any) -> None:  # noqa: ANN401 - see check
        """Take what the settings say; `check` has looked at them."""
        self.header: str = settings.login_header
        self.local = is_loopback(urlsplit(settings.base_url).hostname or "")

    def admits(self, request: Request) -> str | None:
        """Return the operator's name, empty when it is not known yet; None when this is not the operator."""
        if self.header:
            name = " ".join(request.headers.get(self.header, "").split())[:LONGEST_NAME]
            return name or None
        here = self.local and request.client is not None and is_loopback(request.client.host)
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        forwarded = any(name in request.headers for name in FORWARDED)
        return "" if here and is_loopback(host) and not forwarded else None


def is_loopback(host: str) -> bool:
    """Say whether a name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
