"""Reading the neutral JSON of `werkgroepen/1`, field by field, with a refusal that names the field."""

import unicodedata
from collections.abc import Iterator
from typing import TypeVar

from vitale_core.domain.errors import Refused

Kind = TypeVar("Kind")
KIND_NAMES: dict[type, str] = {str: "een tekst", list: "een lijst", dict: "een object", bool: "true of false"}
LARGEST = 10**9
"""No number in an instance may be larger: minutes, weights and people stay far below it."""


class InvalidInstance(Refused):
    """The instance cannot be planned as it stands: one field is wrong.

    `field` is a path such as `participants[3].available`, `reason` a Dutch sentence. Neither holds a name:
    only ids, keys and numbers, because both may end in a log.
    """

    def __init__(self, field: str, reason: str) -> None:
        """Keep both parts; the message is `field: reason`."""
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class Field:
    """One value of the document and the path that leads to it; a missing key and null are the same."""

    __slots__ = ("path", "value")

    def __init__(self, value: object, path: str = "") -> None:
        """Wrap a decoded JSON value."""
        self.value, self.path = value, path

    def refuse(self, reason: str) -> InvalidInstance:
        """The error to raise about this field."""
        return InvalidInstance(self.path or "document", reason)

    def get(self, key: str) -> "Field":
        """The field under a key; it may be missing."""
        return Field(self._typed(dict, {}).get(key), f"{self.path}.{key}" if self.path else key)

    def items(self) -> list["Field"]:
        """The fields of a list; a missing list is empty."""
        return [Field(value, f"{self.path}[{place}]") for place, value in enumerate(self._typed(list, []))]

    def entries(self) -> Iterator[tuple[str, "Field"]]:
        """Keys and fields of an object; a missing object is empty."""
        for key, value in self._typed(dict, {}).items():
            yield self._readable(str(key)), Field(value, f"{self.path}.{key}")

    def text(self, default: str | None = None) -> str:
        """A text; without default it must be there and not be empty."""
        value = self._typed(str, default)
        if default is None and not value:
            raise self.refuse("mag niet leeg zijn")
        return self._readable(value)

    def whole(self, default: int | None = None, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = default if self.value is None else self.value
        if value is None:
            raise self.refuse("ontbreekt")
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse("moet een heel getal zijn")
        if not least <= value <= LARGEST:
            raise self.refuse(f"moet tussen {least} en {LARGEST} liggen, niet {value}")
        return value

    def flag(self, *, default: bool) -> bool:
        """True or false."""
        return self._typed(bool, default)

    def texts(self) -> tuple[str, ...]:
        """A list of texts without doubles, in the order of the document."""
        return tuple(dict.fromkeys(field.text() for field in self.items()))

    def scalar(self) -> str | int:
        """A text or a whole number."""
        if isinstance(self.value, str | int) and not isinstance(self.value, bool):
            return self._readable(self.value) if isinstance(self.value, str) else self.value
        raise self.refuse("moet een tekst of een heel getal zijn")

    def _readable(self, text: str) -> str:
        """Refuse half of a surrogate pair, which no output can hold, and codes that steer a terminal."""
        if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
            raise self.refuse("hier staat een teken dat geen tekst is")
        return text

    def _typed(self, kind: type[Kind], default: Kind | None) -> Kind:
        """The value when it has this type; the default when it is missing."""
        value = default if self.value is None else self.value
        if value is None:
            raise self.refuse("ontbreekt")
        if not isinstance(value, kind):
            raise self.refuse(f"moet {KIND_NAMES[kind]} zijn")
        return value
