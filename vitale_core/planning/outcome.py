"""How a search over many people ends."""

from dataclasses import dataclass

from vitale_core.planning.columns import Option


@dataclass(frozen=True, slots=True)
class Found:
    """The best options found (their costs left out), or None.

    `bound` is a proven lower bound per level, or None. `impossible`: it is proven that no plan exists.
    """

    options: tuple[Option, ...] | None
    bound: tuple[int, ...] | None = None
    impossible: bool = False
