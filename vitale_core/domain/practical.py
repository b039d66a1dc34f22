"""What a group must know on the day of a visit, in the words of the host."""

from dataclasses import astuple, dataclass

ON_THE_DAY = "Contact op de dag"
LABELS = ("Verzamelen", "Toegang", "Parkeren", ON_THE_DAY, "Praktisch")


@dataclass(frozen=True, slots=True)
class Practical:
    """Four things that every group asks, and what else there is to say; each may be empty.

    `more` is also where a text stands that was written before the four were asked apart.
    """

    meeting_point: str = ""
    entrance: str = ""
    parking: str = ""
    day_contact: str = ""
    more: str = ""

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What is known, as (Dutch label, text)."""
        return tuple((label, text) for label, text in zip(LABELS, astuple(self), strict=True) if text)

    @property
    def text(self) -> str:
        """The same as lines of text; what else there is to say needs no label."""
        return "\n".join(text if label == LABELS[-1] else f"{label}: {text}" for label, text in self.rows)
