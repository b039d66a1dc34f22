"""Criteria and their differences in plain Dutch, for operators and participants (no health data, no ids of rules)."""

from collections.abc import Sequence

from vitale_core.planning.instance import Instance
from vitale_core.planning.problem import Term
from vitale_core.planning.scoring import Difference

ATTRIBUTES = {
    "organisation": ("dezelfde organisatie", "organisatie"),
    "field": ("hetzelfde vakgebied", "vakgebied"),
    "role": ("dezelfde functie", "functie"),
    "region": ("dezelfde regio", "regio"),
    "experience": ("evenveel ervaring", "ervaring"),
}
MOST_PARTS = 3
"""A sentence names no more differences than this."""
SINGULAR_PLURAL = {
    "same_pairs": ("tweetal met {same}", "tweetallen met {same}"),
    "spread": ("stap te weinig verschil in {attr}", "stappen te weinig verschil in {attr}"),
    "theme_gap": ("persoon zonder passend thema", "mensen zonder passend thema"),
    "slot_shortage": ("ontbrekend reservemoment", "ontbrekende reservemomenten"),
    "wish_together": ("gemiste wens om samen te zitten", "gemiste wensen om samen te zitten"),
    "wish_apart": ("gemiste wens om niet samen te zitten", "gemiste wensen om niet samen te zitten"),
    "absent": ("persoon die niet kan", "mensen die niet kunnen"),
    "travel": ("minuut reistijd", "minuten reistijd"),
    "travel_max": ("minuut voor de langste reis", "minuten voor de langste reis"),
    "host_rank": ("plaats op de wensenlijstjes", "plaatsen op de wensenlijstjes"),
    "host_rank_max": ("plaats op het slechtste wensenlijstje", "plaatsen op het slechtste wensenlijstje"),
    "host_history": ("eerder bezoek bij de projecten", "eerdere bezoeken bij de projecten"),
    "slot_pref": ("punt voor een minder gewenst dagdeel", "punten voor een minder gewenst dagdeel"),
    "moved": ("persoon in een andere groep", "mensen in een andere groep"),
    "visit_changed": ("persoon met een ander bezoek", "mensen met een ander bezoek"),
}


def phrase(term: Term, raw: int) -> str:
    """The raw value of a criterion, for example "2 tweetallen met dezelfde organisatie"."""
    one, many = SINGULAR_PLURAL[term.type]
    same, attr = ATTRIBUTES.get(term.attr, (f"gelijke ‘{term.attr}’", f"‘{term.attr}’"))
    return f"{raw} {(one if raw == 1 else many).format(same=same, attr=attr)}"


def changes(found: Sequence[Difference]) -> str:
    """Differences as one list: "1 tweetal met dezelfde functie meer en 12 minuten reistijd minder"."""
    parts = [f"{phrase(one.term, abs(one.raw))} {'meer' if one.raw > 0 else 'minder'}" for one in found]
    return " en ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def price(instance: Instance, extra: Sequence[int], found: Sequence[Difference]) -> str:
    """What being elsewhere would cost, by the first level that differs and what weighs most in it."""
    for level, amount in zip(instance.levels, extra, strict=True):
        if amount:
            name = f" op ‘{level.name}’" if level.name else ""
            points = "punt" if abs(amount) == 1 else "punten"
            verb = "kost het geheel" if amount > 0 else "scheelt het geheel"
            own = sorted((one for one in found if one.term in level.terms), key=lambda one: -abs(one.cost))
            mainly = "vooral " if len(own) > MOST_PARTS else ""
            return f"Een andere plek {verb} {abs(amount)} {points}{name}: {mainly}{changes(own[:MOST_PARTS])}."
    return "Een andere plek is voor het geheel even goed. De volgorde van de lijst gaf de doorslag."
