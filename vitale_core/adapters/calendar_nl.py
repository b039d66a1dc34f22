"""The Dutch calendar: public holidays by their Dutch names, and school holidays from a dated file."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import holidays
import yaml

FIRST_YEAR, LAST_YEAR = 2024, 2045
Periods = tuple[tuple[date, date, str], ...]


@lru_cache(maxsize=1)
def public_holidays() -> Mapping[date, str]:
    """Return every public holiday of these years, 5 May and Good Friday included, with its name."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    found = holidays.country_holidays("NL", years=years, language="nl", categories=(holidays.PUBLIC, holidays.OPTIONAL))
    return dict(sorted(found.items()))


def school_holidays(path: Path) -> Mapping[str, Periods]:
    """Return the periods per region (noord, midden, zuid) from the file; an absent file has none."""
    if not path.exists():
        return {}
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        region: tuple((first, last, name) for name, (first, last) in periods.items())
        for region, periods in _by_region(document).items()
    }


def _by_region(document: Mapping[str, Mapping[str, Mapping[str, list[date]]]]) -> dict[str, dict[str, list[date]]]:
    regions: dict[str, dict[str, list[date]]] = {"noord": {}, "midden": {}, "zuid": {}}
    for year, names in document.items():
        for name, per_region in names.items():
            for region, span in per_region.items():
                for one in regions if region == "alle" else [region]:
                    regions[one][f"{name} {year}"] = span
    return regions
