"""A plan of groups and visits as the operator reads it: one document for `--json`, and the same as text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vitale_cli import documents, terminal
from vitale_core.domain import labels

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.steps.plan.choosing import Choice
    from vitale_core.steps.plan.reading import PlanShown
    from vitale_core.store.records import Cohort


def document(plan: "PlanShown") -> dict[str, Any]:
    """Return a plan with stable keys."""
    return {
        "version": plan.version,
        "status": plan.status,
        "claim": plan.claim,
        "digest": plan.digest,
        "made_at": plan.made_at,
        "made_by": plan.made_by,
        "groups": [
            {
                "number": g.number,
                "members": [{"id": m.enrolment, "name": m.name, "organisation": m.organisation} for m in g.members],
                "visit": None
                if g.visit is None
                else {
                    "id": g.visit.id,
                    "status": g.visit.status,
                    "project": g.visit.project,
                    "place": g.visit.place,
                    "start": g.visit.start,
                    "end": g.visit.end,
                    "cannot": list(g.visit.cannot),
                    "unknown": list(g.visit.unknown),
                    "reserve": g.visit.reserve,
                    "reserve_cannot": list(g.visit.reserve_cannot),
                },
                "settled": g.settled,
            }
            for g in plan.groups
        ],
        "levels": [{"name": name, "cost": cost} for name, cost in plan.levels],
        "options": [dict(option) for option in plan.options],
        "price": list(plan.price),
        "edits": [dict(one) for one in plan.edits],
        "broken": list(plan.broken),
        "unread_wishes": list(plan.unread_wishes),
        "unknown_travel": list(plan.unknown_travel),
    }


def text(plan: dict[str, Any]) -> str:
    """Return a plan for a person to read."""
    costs = ", ".join(f"{level['name']}: {level['cost']}" for level in plan["levels"])
    head = terminal.facts(
        {
            "versie": f"{plan['version']}, {labels.of_state(plan['status'])}",
            "zekerheid": plan["claim"],
            "kosten": costs,
            "tegenover eerst": in_words(_level_names(plan), plan["price"]) if plan["price"] else "",
            "let op, breekt": ", ".join(plan["broken"]),
            "wens onduidelijk": ", ".join(map(str, plan["unread_wishes"])),
            "reis onbekend": ", ".join(map(str, plan["unknown_travel"])),
        }
    )
    parts = [head]
    if len(plan["options"]) > 1:
        parts.append(terminal.table(("aantal groepen", "mensen per groep", "kosten", "zekerheid"), _options(plan)))
    if plan["edits"]:
        parts.append(terminal.table(("wijziging", "kost", "waardoor"), _edits(plan)))
    return "\n\n".join([*parts, *(_group_text(group) for group in plan["groups"])])


def _level_names(plan: dict[str, Any]) -> list[str]:
    return [level["name"] for level in plan["levels"]]


def in_words(levels: Sequence[str], price: Sequence[int]) -> str:
    """Return a price per level as words: "+1 iedereen kan mee, -20 goede mix"; what stays equal is left out."""
    parts = [f"{cost:+} {name}" for name, cost in zip(levels, price, strict=False) if cost]
    return ", ".join(parts) or "even goed"


def _options(plan: dict[str, Any]) -> Sequence[tuple[object, ...]]:
    """Return the numbers of groups side by side, the one of this plan marked."""
    own = sum(1 for group in plan["groups"] if not group["settled"])
    rows = []
    for option in plan["options"]:
        costs = ", ".join(map(str, option.get("objective", ())))
        clash = ", ".join(option.get("conflict", ()))
        sure = option.get("claim", "") if costs else f"kan niet: {clash or 'past niet'}"
        here = " (dit voorstel)" if option["count"] == own else ""
        rows.append((f"{option['count']}{here}", option.get("sizes", ""), costs, sure))
    return rows


def _edits(plan: dict[str, Any]) -> Sequence[tuple[object, ...]]:
    names = {m["id"]: m["name"] for group in plan["groups"] for m in group["members"]}
    rows = []
    for one in plan["edits"]:
        where = f"groep {one['group']}"
        what = f"{where} op een ander moment" if one["enrolment"] is None else f"{names[one['enrolment']]} naar {where}"
        none = one["price"] is None
        price = "telt mee in de volgende" if none else in_words(_level_names(plan), one["price"])
        rows.append((what, price, one["why"]))
    return rows


def _group_text(group: dict[str, Any]) -> str:
    visit = group["visit"]
    lines = [terminal.paint(f"Groep {group['number']}", terminal.BOLD)]
    if visit is None:
        lines.append("  nog geen werkbezoek")
    else:
        state = labels.of_state(visit["status"])
        lines.append(f"  bezoek {visit['id']}: {visit['project']}, {visit['place']}, {documents.short(visit['start'])}")
        reserve = visit["reserve"]
        spare = f"; reserve: {reserve[0]}, {documents.short(reserve[2])}" if reserve else ""
        spare += f" (dan niet: {len(visit['reserve_cannot'])})" if visit["reserve_cannot"] else ""
        lines.append(f"  {state}{spare}")
    cannot, unknown = (set(visit["cannot"]), set(visit["unknown"])) if visit else (set(), set())
    for member in group["members"]:
        remark = " (kan dan niet)" if member["id"] in cannot else ""
        remark = " (beschikbaarheid onbekend)" if member["id"] in unknown else remark
        organisation = f", {member['organisation']}" if member["organisation"] else ""
        lines.append(f"  {member['id']:>4}  {member['name']}{organisation}{remark}")
    return "\n".join(lines)


def reasons(session: "Session", cohort: "Cohort", version: int) -> dict[str, Any]:
    """Return what the plan costs and by whom, why each person sits here, and why each group does not go elsewhere."""
    from vitale_core.planning import phrase
    from vitale_core.steps.plan import reading as plans

    plan = plans.get(session, cohort, version)
    names = plans.labels(session, plan)
    told = plans.explain(session, plan)
    numbers = [g.number for g in plans.show(session, cohort, version).groups if not g.settled]
    costs = [
        {"group": numbers[cause.group], "what": phrase(term.term, cause.raw), "cost": cause.raw * term.term.weight,
         "who": ", ".join(names.get(one, one) for one in cause.people) or "de groep samen"}
        for level in told.levels
        for term in level.terms
        for cause in term.causes
        if term.term.weight
    ]  # fmt: skip
    visits: dict[int, list[dict[str, Any]]] = {}
    for no in told.visits:
        price = "" if no.price is None else in_words([level.name for level in told.levels], no.price)
        entry = {
            "project": names.get(no.host, no.host),
            "when": names.get(no.slot, no.slot),
            "why": no.reason or price,
            "price": no.price,
            "offered": no.offered,
        }
        visits.setdefault(numbers[no.group], []).append(entry)
    return {
        "costs": costs,
        "why": [{"id": int(w.person[1:]), "name": names.get(w.person, w.person), "why": w.text} for w in told.people],
        "why_not": [{"number": number, "visits": rows} for number, rows in visits.items()],
    }


def choice(choice: "Choice", names: dict[str, str], levels: Sequence[str]) -> dict[str, Any]:
    """Return another plan with stable keys; `names` tells what its ids stand for."""
    return {
        "number": choice.number,
        "label": choice.label,
        "moved": choice.moved,
        "price": list(choice.extra),
        "price_in_words": in_words(levels, choice.extra),
        "why": choice.why,
        "groups": [
            {
                "members": [names.get(one, one) for one in group.members],
                "project": names.get(group.host, ""),
                "when": names.get(group.slot, ""),
            }
            for group in choice.groups
        ],
    }


def choice_text(choice: dict[str, Any]) -> str:
    """Return another plan for a person to read."""
    price = choice["price_in_words"]
    who = "1 iemand zit" if choice["moved"] == 1 else f"{choice['moved']} mensen zitten"
    lines = [terminal.paint(f"{choice['number']}. {choice['label']}: {price}; {who} ergens anders", terminal.BOLD)]
    lines += [f"   {choice['why']}"] if choice["why"] else []
    for group in choice["groups"]:
        visit = f"  ->  {group['project']}, {group['when']}" if group["project"] else ""
        lines.append(f"   {', '.join(group['members'])}{visit}")
    return "\n".join(lines)
