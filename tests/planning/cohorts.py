"""Builders of instances with only what a test needs."""

from vitale_core.planning import Host, Instance, Level, Participant, PreviousGroup, Rule, Slot, Term

SLOTS = tuple(Slot(one) for one in ("s1", "s2", "s3"))


def person(one, **changes):
    """Somebody who can always come, without a car."""
    return Participant(**{"id": one, "home": "Assen", "available": ("s1", "s2", "s3")} | changes)


def host(one, **changes):
    """A project that receives anybody in every half day."""
    return Host(**{"id": one, "place": "Assen", "slots": {"s1": 0, "s2": 0, "s3": 0}} | changes)


def rule(one, kind, **changes):
    return Rule(one, kind, **changes)


def level(*terms, number=1, name=""):
    return Level(number, tuple(terms), name)


def term(kind, **changes):
    return Term(**{"id": changes.get("attr") or kind, "type": kind} | changes)


def instance(people, count=2, **changes):
    """Groups of equal size of these people, or of that many people without properties."""
    if isinstance(people, int):
        people = [person(f"p{number}") for number in range(1, people + 1)]
    smallest, largest = len(people) // count, -(-len(people) // count)
    built = {"participants": tuple(people), "count": count, "smallest": smallest, "largest": largest, "slots": SLOTS}
    return Instance(**built | changes)


def before(*groups):
    """The plan in force: (people, host, slot) or people alone."""
    return tuple(PreviousGroup(tuple(group)) if isinstance(group, list) else PreviousGroup(*group) for group in groups)


def same(attr, weight=10):
    """Two people of the same kind in one group cost this much."""
    return term("same_pairs", attr=attr, weight=weight)


def colleagues(*organisations, **changes):
    """One person per letter: p1, p2, ... of these organisations."""
    return [
        person(f"p{number}", attrs={"organisation": name}, **changes)
        for number, name in enumerate(organisations, start=1)
    ]
