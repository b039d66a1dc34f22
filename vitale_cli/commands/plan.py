"""`vitale plan`: solve a neutral planning file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import terminal
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from vitale_core.planning import Instance, Plan

ATTENTION = 5
LARGEST = 10_000_000
MANUAL = "Het formaat staat in docs/planning.md."


def plan(
    file: Annotated[Path, Parameter(help="een bestand werkgroepen/1")],
    *,
    why: Annotated[
        bool, Parameter(name=("--explain", "--why"), negative="", help="leg uit: kosten, waarom hier, waarom daar niet")
    ] = False,
    others: Annotated[
        bool, Parameter(name="--alternatives", negative="", help="drie andere plannen, met wat ze schelen")
    ] = False,
    previous: Annotated[
        Path | None, Parameter(help="het plan dat gold: een uitkomst van deze opdracht; verandert zo min mogelijk")
    ] = None,
) -> int:
    """Los een planbestand (werkgroepen/1) op, zonder database.

    Op standaarduitvoer komt de uitkomst in hetzelfde formaat, op standaardfout een samenvatting. Eindigt met 5 als
    de planner geen plan vond en ook niet kon bewijzen dat er geen is.
    """
    from vitale_core.planning import as_json, conflicts, explain, solve

    instance = _instance(file)
    if previous is not None:
        instance = _after(instance, previous)
    found = solve(instance)
    shown: dict[str, Any] = {"id": instance.id}
    if not found.groups:
        clash = conflicts(instance)
        shown |= {**found.to_json(), "claim": found.claim, "conflicts": as_json(clash)}
        text = [f"Geen plan voldoet aan alle regels: {', '.join(found.conflict) or 'de aantallen passen niet'}."]
        text += [f"  het lukt wel zonder: {', '.join(way.rules)}" for way in clash.ways_out]
        _tell(shown, text if found.status == "infeasible" else ["Geen plan gevonden; dat er geen is, is niet bewezen."])
        return 0 if found.status == "infeasible" else ATTENTION
    text = []
    if previous is not None:
        found, shown["changes"] = _least_change(instance, found, text)
    shown = {**found.to_json(), **shown, "claim": found.claim, "bound": as_json(found.bound)}
    shown["reserves"] = as_json(found.reserves)
    text[:0] = _in_words(instance, found)
    if why:
        explanation = explain(instance, found)
        shown["explanation"] = as_json(explanation)
        text += [f"  {person.person}: {person.text}" for person in explanation.people]
    if others:
        shown["alternatives"] = _others(instance, found, text)
    _tell(shown, text)
    return 0


def _instance(file: Path) -> "Instance":
    from vitale_core.planning import Instance, InvalidInstance

    try:
        return Instance.from_json(_read(file))
    except InvalidInstance as problem:
        raise Refused(f"{file.name}: {problem}", remedy=MANUAL) from None


def _after(instance: "Instance", file: Path) -> "Instance":
    """Return the instance with the groups of another file as the plan in force."""
    from vitale_core.planning import InvalidInstance, previous_groups

    try:
        return replace(instance, previous=previous_groups(_read(file)))
    except InvalidInstance as problem:
        raise Refused(f"{file.name}: {problem}", remedy=MANUAL) from None


def _least_change(instance: "Instance", best: "Plan", text: list[str]) -> tuple["Plan", Any]:
    """Return the plan that changes least, and the whole curve; where the file prices changes, its best plan stays."""
    from vitale_core.planning import as_json, replan_curve

    curve = replan_curve(instance)
    text += [
        f"{point.label}: {point.moved} mensen naar een andere groep, {point.visits_changed} met een ander bezoek, "
        f"mix {point.cost}"
        for point in curve
    ]
    priced = any(term.type in {"moved", "visit_changed"} and term.weight for term in instance.terms)
    if priced or not curve:
        return best, as_json(curve)
    first = curve[0].plan
    if first.objective == best.objective:
        return replace(first, status=best.status, bound=best.bound, claim=best.claim), as_json(curve)
    return replace(first, status="feasible", bound=best.bound, claim="de minste wijziging"), as_json(curve)


def _others(instance: "Instance", found: "Plan", text: list[str]) -> Any:  # noqa: ANN401 - a JSON document
    from vitale_core.planning import alternatives, as_json, changes

    shown = alternatives(instance, found)
    for number, other in enumerate(shown, start=1):
        extra = ", ".join(f"{cost:+}" for cost in other.extra)
        what = changes(other.differences) or "geen verschil in kosten"
        text.append(f"alternatief {number} ({extra}; {len(other.moved)} mensen zitten anders): {what}")
    return as_json(shown)


def _tell(shown: dict[str, Any], text: list[str]) -> None:
    terminal.show(shown, json.dumps(shown, ensure_ascii=False, indent=2))
    terminal.say("\n".join(text))


def _in_words(instance: "Instance", found: "Plan") -> list[str]:
    lines = [f"{instance.id}: {found.claim}", f"kosten per niveau: {', '.join(map(str, found.objective))}"]
    for number, group in enumerate(found.groups, start=1):
        visit = f"  ->  {group.host}, {group.slot}" if group.host else ""
        lines.append(f"groep {number}: {', '.join(group.members)}{visit}")
    if instance.unknown:
        lines.append(f"beschikbaarheid onbekend: {', '.join(instance.unknown)}")
    return lines


def _read(file: Path) -> Any:  # noqa: ANN401 - a JSON document
    try:
        if file.stat().st_size > LARGEST:
            raise Refused(f"{file.name} is groter dan {LARGEST // 1_000_000} MB.")
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"Het bestand {file.name} bestaat niet.", remedy=f"Gezocht: {file}.") from None
    except json.JSONDecodeError as problem:
        raise Refused(f"{file.name} is geen JSON: regel {problem.lineno}, teken {problem.colno} klopt niet.") from None
    except (UnicodeDecodeError, RecursionError):
        raise Refused(f"{file.name} is geen JSON-bestand dat te lezen is.", remedy="Bewaar het als UTF-8.") from None
    except IsADirectoryError:
        raise Refused(f"{file.name} is geen bestand maar een map.") from None
    except OSError:
        raise Refused(f"{file.name} is niet te openen.", remedy="Kijk of je dit bestand mag lezen.") from None
