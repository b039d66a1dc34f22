"""Questions of a programme file as fields of a form."""

from collections.abc import Iterable, Mapping

from vitale_core.domain.programme import Question
from vitale_portal.forms import Choice, Field, Kind

LONG_TEXT = 3000
EVALUATION_TEXT = 2000
FIVE = tuple(Choice(str(n), str(n)) for n in range(1, 6))
NOT_AT_ALL_TO_FULLY = ("helemaal niet", "helemaal wel")
KINDS: Mapping[str, Kind] = {
    "text": "text",
    "long": "long",
    "choice": "choice",
    "several": "several",
    "scale": "scale",
    "number": "number",
}


def fields(questions: Iterable[Question], prefix: str, *, most: int = 10) -> tuple[Field, ...]:
    """Return a field for each question; its name is the question's, after `prefix`.

    `most` is the highest number for a question of kind number; the lowest is 0.
    """
    return tuple(_field(question, prefix, most) for question in questions)


def _field(question: Question, prefix: str, most: int) -> Field:
    kind = KINDS[question.kind]
    label = question.label
    options = tuple(Choice(option.value, option.label) for option in question.options)
    return Field(
        name=prefix + question.name,
        label=label,
        noun=f"de vraag ‘{label}’",
        kind=kind,
        missing=f"Beantwoord de vraag ‘{label}’.",
        required=question.required,
        hint=question.hint,
        options=FIVE if kind == "scale" else options,
        most={"long": LONG_TEXT, "number": most}.get(kind, 200),
        ends=NOT_AT_ALL_TO_FULLY if kind == "scale" else None,
    )


def outcomes(texts: Iterable[str], prefix: str, *, asked: str, required: bool = True) -> tuple[Field, ...]:
    """Return a scale of 1 to 5 for each outcome; `asked` names the moment in a sentence about a problem."""
    return tuple(
        Field(
            name=f"{prefix}{number}",
            label=text,
            noun=f"uitspraak {number} ({asked})",
            kind="scale",
            missing=f"Kies een cijfer bij uitspraak {number} ({asked}).",
            required=required,
            options=FIVE,
            ends=NOT_AT_ALL_TO_FULLY,
        )
        for number, text in enumerate(texts, start=1)
    )
