"""What counts, as a bureau would say it: ready-made levels for an instance.

Weights are "minutes of extra travel of one person that this is worth avoiding"; an operator may change them.
"""

from collections.abc import Mapping
from typing import Literal

from vitale_core.planning.problem import Level, Term

Preset = Literal["mix", "near"]
Change = Literal["none", "priced", "first"]

MIX = {"organisation": 40, "field": 30, "role": 20, "region": 10, "experience": 10}
"""One pair of people in one group with the same organisation, field, ..."""
THEME, SPARE, SPARE_SLOTS = 30, 25, 2
"""A person without the theme of the project; a spare half day that a group lacks, up to two."""
NEARER = 3
"""Close to home: a minute weighs this much against the mix."""
MOVED, VISIT_CHANGED = 25, 15
"""The price of a person in another group or with another visit, before people were told."""
HISTORY = 5
"""An earlier visit to the same project, in minutes of the longest trip."""


def levels(
    *, joint: bool, preset: Preset = "mix", change: Change = "none", mix: Mapping[str, int] | None = None
) -> tuple[Level, ...]:
    """The levels of the bureau: who cannot come; change; mix, theme, spare moments and travel; fairness.

    `change`: `none` for a first plan, `priced` when nobody was told yet (a change costs so many minutes), `first`
    once people know their group (least change before the mix). `mix` gives other weights per attribute.
    """
    moved = [Term("moved", "moved", 1 if change == "first" else MOVED)]
    if joint:
        moved.append(Term("visit", "visit_changed", 1 if change == "first" else VISIT_CHANGED))
    terms = [Term(attr, "same_pairs", weight, attr=attr) for attr, weight in (MIX if mix is None else mix).items()]
    terms += [Term("theme", "theme_gap", THEME), Term("spare", "slot_shortage", SPARE, target=SPARE_SLOTS)]
    terms += [Term("travel", "travel", NEARER if preset == "near" else 1)] if joint else []
    terms += moved if change == "priced" else []
    named = [
        ("iedereen kan mee", [Term("absent", "absent", 1)] if joint else []),
        ("zo min mogelijk wijzigen", moved if change == "first" else []),
        ("goede mix en passend bezoek", terms),
        ("eerlijk verdeeld", [Term("far", "travel_max", 1), Term("history", "host_history", HISTORY)] if joint else []),
    ]
    return tuple(Level(place, tuple(some), name) for place, (name, some) in enumerate(named, start=1) if some)
