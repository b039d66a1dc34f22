"""What the planner hands back: groups, what they cost and how sure that is."""

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
PROVEN = "bewezen het beste"
UNPROVEN = "niet bewezen"


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """The people of one group by id and, when there are hosts, the project and half day of its visit."""

    members: tuple[str, ...]
    host: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One project in one half day."""

    host: str
    slot: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and what is known about it.

    - `optimal`: no plan is better, proven. `feasible`: every rule holds, better plans may exist.
    - `infeasible`: proven that no plan holds every rule; `conflict` is a minimal set of rule ids that clash (drop
      any one and this set no longer clashes), empty when even without any rule the people do not fit.
    - `unknown`: the bounded search found no plan and no proof that there is none.

    `objective` has one total per level; `bound` is a proven lower bound in the same form (compare as tuples), or
    None when none is known. `reserves` has per group the best visit that nobody uses, or None. `nodes` counts the
    steps of the search.
    """

    status: Status
    groups: tuple[PlannedGroup, ...] = ()
    objective: tuple[int, ...] = ()
    bound: tuple[int, ...] | None = None
    claim: str = UNPROVEN
    conflict: tuple[str, ...] = ()
    reserves: tuple[Visit | None, ...] = field(default=())
    nodes: int = 0

    def to_json(self) -> dict[str, object]:
        """The solution of `werkgroepen/1`; the same plan gives the same document."""
        if self.status == "infeasible":
            return {"status": self.status, "conflict": list(self.conflict)}
        groups: list[dict[str, object]] = [
            {"members": list(group.members)} | ({"host": group.host, "slot": group.slot} if group.host else {})
            for group in self.groups
        ]
        return {"status": self.status, "groups": groups, "objective": list(self.objective)}


def claim(objective: tuple[int, ...], bound: tuple[int, ...] | None) -> str:
    """How sure a plan is, in words for people.

    The percentage looks at the first level where plan and bound differ; a level below it may also gain.
    """
    if bound is None:
        return UNPROVEN
    for cost, least in zip(objective, bound, strict=True):
        if cost != least:
            percent = -(-100 * (cost - least) // cost)  # rounded up: never promise too much
            return f"hooguit {percent} % beter mogelijk"
    return PROVEN
