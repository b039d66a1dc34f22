"""Pages from templates: one Jinja environment, Dutch filters, the style sheet under its own digest."""

import gzip
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from vitale_core.domain import happenings, labels, worktime
from vitale_core.domain.bureau import AMSTERDAM, Bureau

HOUSE = Path(__file__).resolve().parents[1] / "templates" / "portal"
SHORT_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
SHORT_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")


class Views:
    """Renders the pages of one bureau."""

    def __init__(self, bureau: Bureau, templates: Path | None = None) -> None:
        """Load from the bureau's own folder first, if it has one, then from the house's."""
        folders = [templates / "portal"] if templates else []
        self.environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, HOUSE)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        css = next(path for folder in (*folders, HOUSE) if (path := folder / "portal.css").exists())
        self.css = css.read_bytes()
        self.css_packed = gzip.compress(self.css, mtime=0)
        self.stylesheet = f"/stijl-{hashlib.sha256(self.css).hexdigest()[:12]}.css"
        self.environment.filters |= FILTERS
        self.environment.globals |= {"bureau": bureau, "stylesheet": self.stylesheet, "home": "", "formal": False}

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the page; a name that the template wants and nobody gave is an error."""
        return self.environment.get_template(name).render(values)


def day(moment: datetime | date) -> str:
    """Write "donderdag 18 maart 2027"."""
    return worktime.in_words(_here(moment))


def short_day(moment: datetime | date) -> str:
    """Write "do 18 mrt"."""
    here = _here(moment)
    return f"{SHORT_DAYS[here.weekday()]} {here.day} {SHORT_MONTHS[here.month - 1]}"


def month(moment: datetime | date) -> str:
    """Write "mrt"."""
    return SHORT_MONTHS[_here(moment).month - 1]


def day_number(moment: datetime | date) -> int:
    """Write 18."""
    return _here(moment).day


def clock(moment: datetime) -> str:
    """Write "09.30", as the mails do."""
    return f"{worktime.local(moment, AMSTERDAM):%H.%M}"


def moment_in_words(moment: datetime) -> str:
    """Write "donderdag 18 maart 2027, 09.30 uur"."""
    return worktime.moment_in_words(moment)


def short_moment(moment: datetime) -> str:
    """Write "do 18 mrt 09.30"."""
    return f"{short_day(moment)} {clock(moment)}"


def iso(moment: datetime | date) -> str:
    """Write a moment or day as machines read it."""
    return _here(moment).isoformat()


def listed(names: list[str]) -> str:
    """Write "Noor, Sam en Ilse"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} en {names[-1]}" if names else ""


def initials(name: str | None) -> str:
    """Write "NJ" for Noor de Jong."""
    words = [word for word in (name or "?").split() if word[:1].isalpha()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def count_days(days: int) -> str:
    """Write "vandaag", "morgen", "over 10 dagen", "3 dagen geleden"."""
    near = {0: "vandaag", 1: "morgen", -1: "gisteren"}
    return near.get(days) or (f"over {days} dagen" if days > 0 else f"{-days} dagen geleden")


@lru_cache
def phone(number: str) -> str:
    """Write "06 50 26 61 75" for a Dutch mobile number; another stays as it is."""
    digits = "0" + number[3:] if number.startswith("+31") else number
    if len(digits) == 10 and digits.isdigit() and digits.startswith("06"):  # noqa: PLR2004 - digits of a Dutch number
        return " ".join(digits[i : i + 2] for i in range(0, 10, 2))
    return digits


def _here(moment: datetime | date) -> date:
    return worktime.local(moment, AMSTERDAM).date() if isinstance(moment, datetime) else moment


FILTERS = {
    "day": day,
    "short_day": short_day,
    "month": month,
    "day_number": day_number,
    "clock": clock,
    "moment": moment_in_words,
    "short_moment": short_moment,
    "iso": iso,
    "listed": listed,
    "initials": initials,
    "count_days": count_days,
    "phone": phone,
    "state": labels.of_state,
    "kind": labels.of_kind,
    "event": happenings.of_event,
    "attempt": happenings.of_attempt,
    "thing": happenings.of_object,
}
