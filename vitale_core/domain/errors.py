"""Errors, sorted by who must act.

    VitaleError
    |-- Refused            a rule says no: the person who asked must change something
    |   |-- NotFound       what was named does not exist
    |   |-- NeedsApproval  it can be done, after a confirmation or an approval
    |   `-- TransitionRefused  the thing is not in a state in which this can happen
    |-- TemporaryFailure   passes by itself: retry
    `-- Uncertain          cannot be known: an operator must look

Messages are Dutch sentences for the person who asked. They name ids, codes and dates, never
names or addresses, because they may end in a log.
"""


class VitaleError(Exception):
    """Root of every error that Vitale raises on purpose."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        """Keep the sentence and, when there is one, the next thing to do."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Refused(VitaleError):
    """A rule says no; nothing was changed."""


class NotFound(Refused):
    """What was named does not exist."""


class NeedsApproval(Refused):
    """It can be done, after somebody confirmed or approved it."""


class TransitionRefused(Refused):
    """The event does not exist for this state; `moves.refused` makes one."""


class TemporaryFailure(VitaleError):
    """Something outside could not be reached; nothing is lost; try again later."""


class Uncertain(VitaleError):
    """It cannot be known whether the thing happened; a person must look."""
