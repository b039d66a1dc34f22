"""What is the same for every cohort of one bureau: its name, its doors and its calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Bureau:
    """Facts of the bureau that texts and rules need.

    `holidays` maps each Dutch public holiday to its Dutch name; `school_holidays` maps a region
    (noord, midden, zuid) to (first day, last day, name) periods.
    """

    name: str = "Vitale Overheid"
    mail_name: str = "Vitale Overheid"
    mail_address: str = "training@vitale.example"  # From and ORGANIZER: a mailbox that is read
    operator_name: str = "Vitale Overheid"
    operator_address: str = "operator@vitale.example"
    phone: str = "+31650266175"
    post: str = "Postbus 866, 9400 AW Assen"
    base_url: str = "http://127.0.0.1:8080"
    secret: bytes = field(default=b"", repr=False)  # keys links, Message-IDs and bounce addresses
    region: str = "noord"
    holidays: Mapping[date, str] = field(default_factory=dict)
    school_holidays: Mapping[str, tuple[tuple[date, date, str], ...]] = field(default_factory=dict)
