"""Any result of the planner as plain JSON values, for a file, a page or another program."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from vitale_core.planning.instance import SCHEMA, Instance
from vitale_core.planning.kinds import LIMITS
from vitale_core.planning.plan import Plan
from vitale_core.planning.problem import Host, Participant, Rule, Term


def as_json(value: object) -> object:
    """Dataclasses become objects in the order of their fields, tuples lists, a term its id, a plan its solution.

    An instance becomes the document of `werkgroepen/1` from which it can be read again.
    """
    if isinstance(value, Instance | Plan):
        return _document(value) if isinstance(value, Instance) else value.to_json()
    if isinstance(value, Term):
        return value.id
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    return value


def _document(instance: Instance) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "id": instance.id,
        "title": instance.title,
        "participants": [_participant(person) for person in instance.participants],
        "groups": {"count": instance.count, "min": instance.smallest, "max": instance.largest},
        "slots": [{"id": slot.id, "date": slot.date, "part": slot.part} for slot in instance.slots],
        "hosts": [_host(host) for host in instance.hosts],
        "travel": {home: dict(row) for home, row in instance.travel.items()},
        "constraints": [_rule(rule) for rule in instance.rules],
        "objective": [
            {"level": level.level, "name": level.name, "terms": [_term(term) for term in level.terms]}
            for level in instance.levels
        ],
        "previous": {"groups": [as_json(group) for group in instance.previous]},
    }


def _participant(person: Participant) -> dict[str, object]:
    found = {field.name: as_json(getattr(person, field.name)) for field in fields(person)}
    if person.available is None:
        del found["available"]
    return found


def _host(host: Host) -> dict[str, object]:
    return {field.name: as_json(getattr(host, field.name)) for field in fields(host)}


def _rule(rule: Rule) -> dict[str, object]:
    """Only the keys that this type of rule uses."""
    found: dict[str, object] = {"id": rule.id, "type": rule.type}
    if rule.type in LIMITS:
        found[LIMITS[rule.type]] = rule.limit
    given = {"who": rule.who, "attr": rule.attr, "values": rule.values, "host": rule.host, "slot": rule.slot}
    return found | {key: as_json(value) for key, value in (given | {"slots": rule.slots}).items() if value}


def _term(term: Term) -> dict[str, object]:
    found: dict[str, object] = {"id": term.id, "type": term.type, "weight": term.weight, "target": term.target}
    return found | {key: as_json(value) for key, value in {"attr": term.attr, "pairs": term.pairs}.items() if value}
