"""The date of the terugkomdag out of a poll: the best three, with who cannot come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Vote = Literal["yes", "if_needed", "no"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A proposed moment; `possible` says whether room and trainer are free."""

    id: str
    possible: bool = True


@dataclass(frozen=True, slots=True)
class DateChoice:
    """A moment as people voted. `silent` did not answer for it: unknown, never counted as coming."""

    moment: Moment
    coming: tuple[str, ...]
    if_needed: tuple[str, ...]
    cannot: tuple[str, ...]
    silent: tuple[str, ...]
    must_cannot: tuple[str, ...]
    twice_absent: tuple[str, ...]


def choose_date(
    moments: Sequence[Moment],
    votes: Mapping[str, Mapping[str, Vote]],
    *,
    must_come: Collection[str] = (),
    missed_last: Collection[str] = (),
    count: int = 3,
) -> tuple[DateChoice, ...]:
    """The best `count` moments, best first. `votes` gives per person the vote for each moment id.

    In this order: room and trainer free; fewest who must come and cannot; most who come or would if needed; fewest
    of those only if needed; fewest who would miss two days in a row; the order of the list.
    """
    choices = [_counted(moment, votes, must_come, missed_last) for moment in moments]
    return tuple(sorted(choices, key=_rank)[:count])


def _counted(
    moment: Moment,
    votes: Mapping[str, Mapping[str, Vote]],
    must_come: Collection[str],
    missed_last: Collection[str],
) -> DateChoice:
    said: dict[Vote | None, list[str]] = {"yes": [], "if_needed": [], "no": [], None: []}
    for person, answers in votes.items():
        said[answers.get(moment.id)].append(person)
    return DateChoice(
        moment=moment,
        coming=tuple(said["yes"]),
        if_needed=tuple(said["if_needed"]),
        cannot=tuple(said["no"]),
        silent=tuple(said[None]),
        must_cannot=tuple(one for one in said["no"] if one in must_come),
        twice_absent=tuple(one for one in said["no"] if one in missed_last),
    )


def _rank(choice: DateChoice) -> tuple[bool, int, int, int, int]:
    return (
        not choice.moment.possible,
        len(choice.must_cannot),
        -len(choice.coming) - len(choice.if_needed),
        len(choice.if_needed),
        len(choice.twice_absent),
    )
