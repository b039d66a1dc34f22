"""Dutch in letters: dates, times, numbers, names and lists, as filters for the templates.

Moments may come in any zone; they are written as the wall clock in Amsterdam shows them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from vitale_core.domain import worktime

_NUMBERS = ("nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf")
_MOBILE = re.compile(r"\+316(\d\d)(\d\d)(\d\d)(\d\d)")
_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def day(moment: datetime | date) -> str:
    """Write the day: "donderdag 18 maart 2027"."""
    return worktime.in_words(_here(moment))


def day_short(moment: datetime | date) -> str:
    """Write the day for a subject: "18 maart"."""
    return worktime.in_words(_here(moment), weekday=False, year=False)


def day_name(moment: datetime | date) -> str:
    """Write the day with its weekday, for a subject: "donderdag 18 maart"."""
    return worktime.in_words(_here(moment), year=False)


def clock(moment: datetime) -> str:
    """Write the time: "09.30 uur"."""
    return f"{worktime.local(moment):%H.%M} uur"


def period(start: datetime, end: datetime) -> str:
    """Write from when until when: "donderdag 18 maart 2027, 09.30 tot 16.30 uur"."""
    first, last = worktime.local(start), worktime.local(end)
    if first.date() == last.date():
        return f"{worktime.in_words(first)}, {first:%H.%M} tot {last:%H.%M} uur"
    return f"{worktime.in_words(first)}, {first:%H.%M} uur, tot {worktime.in_words(last)}, {last:%H.%M} uur"


def listed(names: Sequence[str]) -> str:
    """Write a list: "Noor, Sam en Ilse"."""
    *others, last = names or ("",)
    return f"{', '.join(others)} en {last}" if others else last


def number(count: int) -> str:
    """Write a number: in letters up to twelve, then in digits."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def phone(text: str) -> str:
    """Write a Dutch mobile number as people say it, "06 12 34 56 78"; any other as it is."""
    found = _MOBILE.fullmatch(re.sub(r"[\s()-]", "", text))
    return f"06 {' '.join(found.groups())}" if found else text


def capital(text: str) -> str:
    """Return the text with a capital at its start and the rest untouched."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return the text with a full stop at its end, if it has no end of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def visible(value: Any) -> Any:  # noqa: ANN401 - any facts
    r"""Return facts with `\n` as their only line break and nothing in them that cannot be seen."""
    if isinstance(value, str):
        text = _INVISIBLE.sub("", _LINE_BREAKS.sub("\n", value))
        return text.encode("utf-8", "replace").decode() if not text.isascii() else text
    if isinstance(value, Mapping):
        return {name: visible(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [visible(inner) for inner in value]
    return value


FILTERS: Mapping[str, Callable[..., str]] = {
    "day": day,
    "day_short": day_short,
    "day_name": day_name,
    "clock": clock,
    "moment_in_words": worktime.moment_in_words,
    "period": period,
    "phone": phone,
    "listed": listed,
    "number": number,
    "capital": capital,
    "sentence": sentence,
}


def _here(moment: datetime | date) -> datetime | date:
    return worktime.local(moment) if isinstance(moment, datetime) else moment
