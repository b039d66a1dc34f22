"""One planning problem that can be planned, and how it is read from the neutral file format `werkgroepen/1`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from vitale_core.planning.checks import check
from vitale_core.planning.fields import LARGEST, Field
from vitale_core.planning.kinds import GROUP_RULES, GROUP_TERMS, LIMITS, VISIT_RULES, VISIT_TERMS
from vitale_core.planning.problem import Host, Level, Participant, PreviousGroup, Problem, Rule, Slot, Term

SCHEMA = "werkgroepen/1"
MOST_PEOPLE = 600
"""More participants than this are refused: beyond it nothing is promised about time or quality."""
MOST_OTHERS = 400
"""The same for hosts, slots, rules and terms."""


@dataclass(frozen=True, slots=True)
class Instance(Problem):
    """A problem whose parts fit together."""

    def __post_init__(self) -> None:
        """Refuse what cannot be planned, however the value was made."""
        check(self)

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read a decoded `werkgroepen/1` document; raises InvalidInstance with the field and the reason."""
        top = Field(document)
        if top.get("schema").value != SCHEMA:
            raise top.get("schema").refuse(f"moet '{SCHEMA}' zijn")
        sizes = top.get("groups")
        levels = sorted(_some(top, "objective", MOST_OTHERS), key=lambda entry: entry.get("level").whole())
        return cls(
            participants=tuple(map(_participant, _some(top, "participants", MOST_PEOPLE))),
            count=sizes.get("count").whole(least=1),
            smallest=sizes.get("min").whole(least=1),
            largest=sizes.get("max").whole(least=1),
            slots=tuple(map(_slot, _some(top, "slots", MOST_OTHERS))),
            hosts=tuple(map(_host, _some(top, "hosts", MOST_OTHERS))),
            travel={
                home: {place: minutes.whole() for place, minutes in row.entries()}
                for home, row in top.get("travel").entries()
            },
            rules=tuple(map(_rule, _some(top, "constraints", MOST_OTHERS))),
            levels=tuple(map(_level, levels)),
            previous=_previous_groups(top.get("previous")),
            id=top.get("id").text(""),
            title=top.get("title").text(""),
        )

    def keeping(self, rules: Sequence[str]) -> "Instance":
        """The same problem with only the rules of these ids."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.id in rules))


def previous_groups(document: object) -> tuple[PreviousGroup, ...]:
    """The plan in force, out of a solution or of an instance that holds a previous plan; raises InvalidInstance.

    Nobody may be in it twice; who is no longer a participant may be in it.
    """
    top = Field(document)
    found = _previous_groups(top.get("previous") if top.get("previous").value is not None else top)
    if not found:
        raise top.get("groups").refuse("er staat geen plan in")
    return found


def _previous_groups(parent: Field) -> tuple[PreviousGroup, ...]:
    return tuple(map(_previous, _some(parent, "groups", MOST_PEOPLE)))


def _some(parent: Field, key: str, most: int) -> list[Field]:
    """The fields of a list that may not be absurdly long; looked at before anything is read from it."""
    found = parent.get(key)
    items = found.items()
    if len(items) > most:
        raise found.refuse(f"telt {len(items)} regels; meer dan {most} kan de planner niet aan")
    return items


def _participant(entry: Field) -> Participant:
    available = entry.get("available")
    return Participant(
        id=entry.get("id").text(),
        name=entry.get("name").text(""),
        home=entry.get("home").text(""),
        attrs={key: value.scalar() for key, value in entry.get("attrs").entries() if value.value is not None},
        themes=entry.get("themes").texts(),
        available=None if available.value is None else available.texts(),
        seats=entry.get("seats").whole(0),
        needs=entry.get("needs").texts(),
        prefs=entry.get("prefs").texts(),
    )


def _slot(entry: Field) -> Slot:
    return Slot(entry.get("id").text(), entry.get("date").text(""), entry.get("part").text(""))


def _host(entry: Field) -> Host:
    return Host(
        id=entry.get("id").text(),
        slots={slot: dislike.whole() for slot, dislike in entry.get("slots").entries()},
        name=entry.get("name").text(""),
        themes=entry.get("themes").texts(),
        place=entry.get("place").text(""),
        min_people=entry.get("min_people").whole(0),
        max_people=entry.get("max_people").whole(LARGEST),
        max_visits=entry.get("max_visits").whole(1),
        access=entry.get("access").texts(),
        transit=entry.get("transit").flag(default=True),
        visits_done=entry.get("visits_done").whole(0),
    )


def _rule(entry: Field) -> Rule:
    kind = entry.get("type").text()
    if kind not in GROUP_RULES | VISIT_RULES:
        raise entry.get("type").refuse(f"onbekende soort regel '{kind}'")
    limit = entry.get(LIMITS.get(kind, "max"))
    return Rule(
        id=entry.get("id").text(),
        type=kind,
        limit=limit.whole(1 if kind == "apart" else None) if kind in LIMITS else 0,
        who=entry.get("who").texts(),
        attr=entry.get("attr").text(None if kind in {"attr_max", "attr_min"} else ""),
        values=tuple(value.scalar() for value in entry.get("values").items()),
        host=entry.get("host").text(None if kind == "exclude" else ""),
        slot=entry.get("slot").text(""),
        slots=entry.get("slots").texts(),
    )


def _level(entry: Field) -> Level:
    terms = tuple(map(_term, _some(entry, "terms", MOST_OTHERS)))
    return Level(entry.get("level").whole(), terms, entry.get("name").text(""))


def _term(entry: Field) -> Term:
    kind = entry.get("type").text()
    if kind not in GROUP_TERMS | VISIT_TERMS:
        raise entry.get("type").refuse(f"onbekend criterium '{kind}'")
    pairs = []
    for couple in entry.get("pairs").items():
        both = couple.texts()
        if len(both) != len(("a", "b")):
            raise couple.refuse("moet twee verschillende mensen noemen")
        pairs.append((both[0], both[1]))
    return Term(
        id=entry.get("id").text(),
        type=kind,
        weight=entry.get("weight").whole(),
        attr=entry.get("attr").text(None if kind in {"same_pairs", "spread"} else ""),
        target=entry.get("target").whole(None if kind in {"spread", "slot_shortage"} else 0),
        pairs=tuple(pairs),
    )


def _previous(entry: Field) -> PreviousGroup:
    return PreviousGroup(entry.get("members").texts(), entry.get("host").text(""), entry.get("slot").text(""))
