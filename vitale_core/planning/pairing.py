"""The best one-to-one pairing of two lists, for "who stayed in the same group"."""

from collections.abc import Sequence

FAR = 1 << 60


def best_pairing(table: Sequence[Sequence[int]]) -> list[int | None]:
    """For each row the column it is paired with, so that the sum of the chosen entries is largest.

    Entries are 0 or more; a pair worth nothing is left out (None). Ties go to the earlier column. The
    Hungarian method with potentials (Kuhn 1955, in the form of Jonker and Volgenant), O(n^3) whole-number steps.
    """
    if not table:
        return []
    columns = len(table[0])
    size = max(len(table), columns)
    cost = [[-table[r][c] if r < len(table) and c < columns else 0 for c in range(size)] for r in range(size)]
    row_of = _assign(cost, size)
    pairs: list[int | None] = [None] * len(table)
    for column, row in enumerate(row_of):
        if row < len(table) and column < columns and table[row][column]:
            pairs[row] = column
    return pairs


def overlap(table: Sequence[Sequence[int]]) -> int:
    """The sum of the entries of the best pairing."""
    return sum(table[row][column] for row, column in enumerate(best_pairing(table)) if column is not None)


def _assign(cost: list[list[int]], size: int) -> list[int]:
    """The row of every column in an assignment of least cost, adding one row at a time."""
    row_price, column_price = [0] * size, [0] * (size + 1)
    row_of = [size] * (size + 1)  # `size` is no row; column `size` is where each new row starts
    for row in range(size):
        row_of[size], column = row, size
        reach, came_from, done = [FAR] * (size + 1), [size] * size, [False] * (size + 1)
        while row_of[column] != size:
            done[column] = True
            here = row_of[column]
            for other in range(size):
                reduced = cost[here][other] - row_price[here] - column_price[other]
                if not done[other] and reduced < reach[other]:
                    reach[other], came_from[other] = reduced, column
            column = min((other for other in range(size) if not done[other]), key=reach.__getitem__)
            step = reach[column]
            for other in range(size + 1):
                if done[other]:
                    row_price[row_of[other]] += step
                    column_price[other] -= step
                else:
                    reach[other] -= step
        while column != size:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return row_of[:size]
