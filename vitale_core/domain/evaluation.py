"""Evaluation as arithmetic: which answers are valid, and what may be told of them together.

An answer sheet maps question names to answers and knows nothing of who gave it. A report is made once, at closing,
from all sheets together; below the threshold nothing is told, not of the round and not of a question. Numbers are
counts per answer and a mean, never a least or a most; open texts come in an order of their own (by hash).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitale_core.domain.errors import Refused
from vitale_core.domain.programme import Programme, Question, RoundPlan

Sheet = Mapping[str, Any]
SCALE = (1, 2, 3, 4, 5)
NUMBER = tuple(range(11))
"""A number is a likelihood from 0 to 10, as in "would you recommend it"."""

LONGEST = 2000
FEW = "minder dan {} antwoorden"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a round: its name in a sheet, its kind and words, what belongs to it."""

    name: str
    kind: str
    label: str
    required: bool
    about: str = "question"  # outcome, before (the look back), question
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def outcome(nr: int) -> str:
    """Return the name of the answer about outcome `nr`, from 1."""
    return f"outcome-{nr}"


def look_back(nr: int) -> str:
    """Return the name of the answer about outcome `nr` as it was before the training."""
    return f"before-{nr}"


def asked(programme: Programme, plan: RoundPlan) -> tuple[Asked, ...]:
    """Return all questions of a round: outcomes, the same looking back, and its own questions."""
    found = []
    texts = list(enumerate(programme.outcomes, start=1)) if plan.outcomes else []
    found += [Asked(outcome(nr), "scale", text, required=True, about="outcome") for nr, text in texts]
    if plan.look_back:
        found += [Asked(look_back(nr), "scale", text, required=True, about="before") for nr, text in texts]
    return (*found, *(_question(q) for q in plan.questions))


def valid(programme: Programme, plan: RoundPlan, answers: Sheet) -> dict[str, Any]:
    """Return the answers as they are kept, without empty ones; raises Refused on the first that does not fit.

    A scale is 1 to 5, a number 0 to 10; both may come as text. A choice is a value of the programme.
    """
    questions = {q.name: q for q in asked(programme, plan)}
    unknown = sorted(set(answers) - set(questions))
    if unknown:
        raise Refused(
            "Dit formulier heeft een vraag die niet bij deze evaluatie hoort.", remedy="Laad de pagina opnieuw."
        )
    kept = {}
    for name, question in questions.items():
        value = _READ[question.kind](question, answers.get(name))
        if value is None and question.required:
            raise Refused(f"Vul nog in: “{question.label}”")
        if value is not None:
            kept[name] = value
    if not kept:
        raise Refused("Het formulier is leeg.", remedy="Vul minstens één antwoord in.")
    return kept


def aggregate(programme: Programme, plan: RoundPlan, sheets: Sequence[Sheet], *, invited: int) -> dict[str, Any] | None:
    """Return what may be told of a round, as JSON; None when there are fewer sheets than the threshold.

    `{"round", "title", "answers", "invited", "questions": [...]}`; a question has its name, kind, label and either
    its figures (`n`, `counts`, `mean`, `texts`) or `withheld` when too few answered it.
    """
    if len(sheets) < programme.threshold:
        return None
    return {
        "round": plan.name,
        "title": plan.title,
        "answers": len(sheets),
        "invited": invited,
        "questions": [_told(q, sheets, programme.threshold) for q in asked(programme, plan)],
    }


def _question(question: Question) -> Asked:
    return Asked(
        name=question.name,
        kind=question.kind,
        label=question.label,
        required=question.required,
        values=tuple(o.value for o in question.options),
        labels=tuple(o.label for o in question.options),
    )


def _told(question: Asked, sheets: Sequence[Sheet], threshold: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": question.name,
        "kind": question.kind,
        "label": question.label,
        "about": question.about,
    }
    given = [sheet[question.name] for sheet in sheets if question.name in sheet]
    if len(given) < threshold:
        return told | {"withheld": FEW.format(threshold)}
    told["n"] = len(given)
    if question.kind in {"text", "long"}:
        return told | {"texts": sorted(map(str, given), key=_shuffled)}
    if question.kind in {"scale", "number"}:
        values = {value: given.count(value) for value in (SCALE if question.kind == "scale" else NUMBER)}
        return told | {"counts": {str(value): count for value, count in values.items()}, "mean": _mean(values)}
    chosen = [value for answer in given for value in (answer if isinstance(answer, list) else [answer])]
    return told | {
        "counts": {value: chosen.count(value) for value in question.values},
        "labels": dict(zip(question.values, question.labels, strict=True)),
    }


def _mean(values: Mapping[int, int]) -> float:
    return round(sum(value * count for value, count in values.items()) / sum(values.values()), 1)


def _shuffled(text: str) -> str:
    """Return a key that has nothing to do with when or by whom a text was written."""
    return hashlib.sha256(text.encode()).hexdigest()


def _figure(question: Asked, value: object) -> int | None:
    allowed = SCALE if question.kind == "scale" else NUMBER
    if value is None or value == "":
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or int(text) not in allowed:
        raise Refused(f"Kies een cijfer van {allowed[0]} tot {allowed[-1]} bij “{question.label}”")
    return int(text)


def _choice(question: Asked, value: object) -> str | None:
    if value is None or value == "":
        return None
    if value not in question.values:
        raise Refused(f"Kies een van de antwoorden bij “{question.label}”")
    return str(value)


def _several(question: Asked, value: object) -> list[str] | None:
    chosen = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    found = [v for v in question.values if v in chosen]
    if set(chosen) - set(found) - {""}:
        raise Refused(f"Kies uit de antwoorden bij “{question.label}”")
    return found or None


def _text(question: Asked, value: object) -> str | None:
    text = " ".join(str(value or "").split())
    if len(text) > LONGEST:
        raise Refused(f"Je antwoord op “{question.label}” is te lang: hooguit {LONGEST} tekens.")
    return text or None


_READ: Mapping[str, Callable[[Asked, object], Any]] = {
    "scale": _figure,
    "number": _figure,
    "choice": _choice,
    "several": _several,
    "text": _text,
    "long": _text,
}
