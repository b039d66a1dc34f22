"""Named points at which a test may stop the world; in production each is one comparison.

Nothing outside the tests assigns `reach`: no setting, no environment variable.
"""

from collections.abc import Callable

reach: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Say that the program is here; `name` reads like "smtp: before the dot"."""
    if reach is not None:
        reach(name)
