"""Working days, office hours and wall-clock time in the Netherlands.

Mail leaves on working days between 08:00 and 18:00; a holiday or a weekend is no working day.
All functions take and give aware moments; wall-clock times are those of the given zone.
"""

from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vitale_core.domain.bureau import AMSTERDAM
from vitale_core.domain.errors import Refused

OFFICE_OPENS = time(8)
OFFICE_CLOSES = time(18)
SATURDAY = 5
FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Years of a training; outside them somebody mistyped, and counting days could leave the calendar."""
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Say whether people are at work."""
    return day.weekday() < SATURDAY and day not in holidays


def shift_working_days(day: date, count: int, holidays: Container[date]) -> date:
    """Return the day `count` working days after (or, negative, before) `day`.

    A zero shift gives `day` itself, also when it is no working day.
    """
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_working_day(day, holidays):
            day += step
    return day


def nearest_working_day(day: date, holidays: Container[date], *, back: bool) -> date:
    """Return `day`, or the first working day before (`back`) or after it."""
    step = timedelta(days=-1 if back else 1)
    while not is_working_day(day, holidays):
        day += step
    return day


def local(moment: datetime, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """Return the moment as the wall clock shows it."""
    return moment.astimezone(zone)


def wall_clock(day: date, at: time, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """Return the moment at which the wall clock shows `at` on `day`, in UTC.

    In the hour that comes twice in autumn it is the first. A time that spring skips is refused, and a year that
    nobody means.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(f"Het jaar {day.year} kan niet.", remedy=f"Kies een jaar van {FIRST_YEAR} tot {LAST_YEAR}.")
    moment = datetime.combine(day, at, tzinfo=zone)
    utc = moment.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise Refused(
            f"{in_words(day)} om {at:%H.%M} uur bestaat niet: de klok gaat dan een uur vooruit.",
            remedy="Kies een tijd voor 02.00 of na 03.00 uur.",
        )
    return utc


def in_office_hours(moment: datetime, holidays: Container[date]) -> bool:
    """Say whether mail may leave at this moment."""
    here = local(moment)
    return is_working_day(here.date(), holidays) and OFFICE_OPENS <= here.time() < OFFICE_CLOSES


def next_office_moment(moment: datetime, holidays: Container[date]) -> datetime:
    """Return `moment`, or the first moment after it at which mail may leave."""
    if in_office_hours(moment, holidays):
        return moment
    here = local(moment)
    day = here.date() if here.time() < OFFICE_OPENS else here.date() + timedelta(days=1)
    return wall_clock(nearest_working_day(day, holidays, back=False), OFFICE_OPENS)


def in_words(day: date | datetime, *, weekday: bool = True, year: bool = True) -> str:
    """Write a date in Dutch: "donderdag 18 maart 2027"."""
    words = f"{day.day} {MONTHS[day.month - 1]}"
    if weekday:
        words = f"{DAYS[day.weekday()]} {words}"
    return f"{words} {day.year}" if year else words


def moment_in_words(moment: datetime, zone: ZoneInfo = AMSTERDAM) -> str:
    """Write a moment in Dutch: "donderdag 18 maart 2027, 09.30 uur"."""
    here = local(moment, zone)
    return f"{in_words(here)}, {here:%H.%M} uur"
