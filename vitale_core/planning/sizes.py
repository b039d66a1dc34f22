"""The ways to divide a number of people over groups of nearly equal size."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Division:
    """How many groups, and the size of the smallest and the largest (they differ by one at most)."""

    count: int
    smallest: int
    largest: int


def divisions(people: int, smallest: int = 3, largest: int = 4) -> tuple[Division, ...]:
    """Every number of groups that keeps sizes within bounds, fewest groups first; 12 people: 3 of 4, or 4 of 3.

    Empty when no number will do, such as 5 people in groups of 3 or 4.
    """
    return tuple(
        Division(count, people // count, -(-people // count))
        for count in range(1, people + 1)
        if smallest <= people // count and -(-people // count) <= largest
    )
