"""The best pairing against all pairings."""

import random
from itertools import permutations

import pytest

from vitale_core.planning.pairing import best_pairing, overlap


@pytest.mark.parametrize("seed", range(60))
def test_no_pairing_is_worth_more(seed):
    rng = random.Random(seed)
    rows, columns = rng.randint(1, 5), rng.randint(1, 5)
    table = [[rng.choice([0, 0, 1, 2, 3, 4]) for _ in range(columns)] for _ in range(rows)]

    pairs = best_pairing(table)

    chosen = [column for column in pairs if column is not None]
    places = [*range(columns), *[None] * rows]
    best = max(
        sum(table[row][column] for row, column in enumerate(choice) if column is not None)
        for choice in permutations(places, rows)
    )
    assert len(set(chosen)) == len(chosen)
    assert all(table[row][column] for row, column in enumerate(pairs) if column is not None)
    assert overlap(table) == best


def test_nothing_pairs_with_nothing():
    assert best_pairing([]) == []
    assert best_pairing([[], []]) == [None, None]
