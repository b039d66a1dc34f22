"""Moments relative to an anchor, as a programme file writes them.

day1                   the anchor itself
confirmed + 5wd        five working days after it, at 09:00
day - 2wd 08:00        two working days before it, at 08:00
visit - 7d             seven days before it, at 09:00; never on a day without mail
day_start - 2h         two hours before it, to the minute
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vitale_core.domain import worktime
from vitale_core.domain.bureau import AMSTERDAM

MORNING = time(9)
NOT_EVERY_DAY = 2  # the hour that the clock skips in spring
_FORM = re.compile(
    r"(?P<anchor>[a-z][a-z0-9_-]*)"
    r"(?:\s*(?P<sign>[+-])\s*(?P<count>\d{1,3})(?P<unit>wd|d|h|min))?"
    r"(?:\s+(?P<hour>\d{2}):(?P<minute>\d{2}))?"
)
_ANCHORS = {
    "applied": "de aanmelding",
    "approved": "de goedkeuring",
    "asked": "het verzoek",
    "cancelled": "de afzegging",
    "confirmed": "de plaatsing",
    "day": "de dag",
    "day1": "dag 1",
    "day2": "dag 2",
    "deadline": "de uiterste datum",
    "ended": "het einde van de aanmelding",
    "first_day": "de eerste dag",
    "go": "het besluit dat de lichting doorgaat",
    "invited": "de uitnodiging",
    "issued": "de uitgifte",
    "lapsed": "het verlopen van het aanbod",
    "last_day": "de laatste dag",
    "monday": "de maandag",
    "offered": "het aanbod",
    "poll_deadline": "de sluiting van de datumprikker",
    "polled": "het openen van de datumprikker",
    "report_day": "de dag van de presentaties",
    "revoked": "de intrekking",
    "rsvp_deadline": "de uiterste antwoorddatum",
    "terugkomdag": "de terugkomdag",
    "visit": "het werkbezoek",
    "waitlisted": "de plaats op de wachtlijst",
}
_UNITS = {"h": ("uur", "uur"), "min": ("minuut", "minuten"), "d": ("dag", "dagen"), "wd": ("werkdag", "werkdagen")}
"""One, and more than one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A parsed expression; `text` is how it was written."""

    text: str
    anchor: str
    count: int = 0
    unit: str = ""
    at: time | None = None

    def on(
        self,
        anchors: Mapping[str, datetime],
        holidays: Container[date],
        zone: ZoneInfo = AMSTERDAM,
    ) -> datetime | None:
        """Return the moment in UTC, or None while the anchor has no date yet."""
        anchor = anchors.get(self.anchor)
        if anchor is None:
            return None
        if self.unit in {"h", "min"}:
            return anchor + timedelta(**{"hours" if self.unit == "h" else "minutes": self.count})
        if not self.unit and self.at is None:
            return anchor
        day = worktime.local(anchor, zone).date()
        if self.unit == "wd":
            day = worktime.shift_working_days(day, self.count, holidays)
        elif self.unit == "d":
            day = worktime.nearest_working_day(day + timedelta(days=self.count), holidays, back=self.count < 0)
        return worktime.wall_clock(day, self.at or MORNING, zone)

    def in_words(self) -> str:
        """Say it in Dutch: "5 werkdagen na de plaatsing"; a day of the programme keeps its own name."""
        anchor = _ANCHORS.get(self.anchor, self.anchor)
        if not self.unit:
            return f"bij {anchor}"
        unit = _UNITS[self.unit][abs(self.count) != 1]
        return f"{abs(self.count)} {unit} {'na' if self.count > 0 else 'voor'} {anchor}"


def parse(text: str) -> Moment:
    """Read an expression; a wrong one raises ValueError with a Dutch sentence."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is geen moment; bijvoorbeeld 'day1 - 10wd' of 'applied + 7d'")
    at = None
    if found["hour"]:
        hour, minute = int(found["hour"]), int(found["minute"])
        if hour > 23 or minute > 59 or hour == NOT_EVERY_DAY:  # noqa: PLR2004 - the clock
            raise ValueError(f"'{found['hour']}:{found['minute']}' is geen tijd die er elke dag is")
        if found["unit"] in {"h", "min"}:
            raise ValueError(f"'{text}' telt uren of minuten; dan hoort er geen kloktijd bij")
        at = time(hour, minute)
    count = int(found["count"] or 0) * (-1 if found["sign"] == "-" else 1)
    return Moment(text.strip(), found["anchor"], count, found["unit"] or "", at)
