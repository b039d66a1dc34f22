"""Which dates of a cohort make sense: what is refused, and what is only worth a warning."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused

DECEMBER, CHRISTMAS_EVE = 12, 24


def check_order(days: Sequence[tuple[str, date]]) -> None:
    """Refuse days that do not follow each other; both dates are in the message."""
    for (earlier_name, earlier), (later_name, later) in pairwise(days):
        if later <= earlier:
            raise Refused(
                f"{later_name} ({worktime.in_words(later)}) ligt niet na "
                f"{earlier_name} ({worktime.in_words(earlier)}).",
                remedy="Kies data die op elkaar volgen.",
            )


def check_span(start: datetime, end: datetime) -> None:
    """Refuse an end that does not come after its start."""
    if end <= start:
        raise Refused(
            f"Het einde ({worktime.moment_in_words(end)}) ligt niet na het begin ({worktime.moment_in_words(start)})."
        )


def check_window(what: str, moment: datetime, first: datetime | None, last: datetime | None) -> None:
    """Refuse a moment on a day outside a window, as far as it has edges."""
    day = worktime.local(moment).date()
    if first and day < (edge := worktime.local(first).date()):
        raise Refused(f"{what} op {worktime.moment_in_words(moment)} ligt voor {worktime.in_words(edge)}.")
    if last and day > (edge := worktime.local(last).date()):
        raise Refused(f"{what} op {worktime.moment_in_words(moment)} ligt na {worktime.in_words(edge)}.")


def warnings(days: Mapping[str, date], bureau: Bureau) -> Iterator[str]:
    """Warn of holidays, school holidays, weekends and the last week of the year. Never a refusal."""
    for name, day in days.items():
        when = f"{name} ({worktime.in_words(day)})"
        if day in bureau.holidays:
            yield f"{when} is {bureau.holidays[day]}."
        if day.weekday() >= worktime.SATURDAY:
            yield f"{when} valt in het weekend."
        if day.month == DECEMBER and day.day >= CHRISTMAS_EVE:
            yield f"{when} valt tussen 24 en 31 december."
        ends = [last for periods in bureau.school_holidays.values() for _first, last, _title in periods]
        if ends and day > max(ends):
            known_until = worktime.in_words(max(ends), weekday=False)
            yield f"{when}: de schoolvakanties na {known_until} zijn hier nog niet bekend."
        regions: dict[str, list[str]] = {}
        for region, periods in sorted(bureau.school_holidays.items()):
            for first, last, title in periods:
                if first <= day <= last:
                    regions.setdefault(title, []).append(region.capitalize())
        for title, names in regions.items():
            yield f"{when} valt in de {title} (regio {', '.join(names)})."
