"""What the command line itself refuses, and the exit code of every error.

CliError
├── UsageInvalid   2  a file, id or option that cannot be used
├── MemberRefused  1  the member's API refused: its own code, sentence and advice
├── RequestWrong   2  the member's API could not use the request
└── NotAnswered    3  nothing answers, or the end has not come in time

Exit codes: 0 done, 1 refused, 2 the request or its use is wrong, 3 not available now.
"""

from typing import ClassVar, Protocol

DONE, REFUSED, INVALID, UNAVAILABLE = 0, 1, 2, 3


class Coded(Protocol):
    """What every error of every package has."""

    code: str
    message: str
    what_to_do: str


class CliError(Exception):
    """An error with a stable code, a sentence, what to do, and its exit code."""

    exit_code: ClassVar[int] = REFUSED

    def __init__(self, code: str, message: str, what_to_do: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.what_to_do = what_to_do


class UsageInvalid(CliError):
    """A file, id or option that cannot be used."""

    exit_code = INVALID


class MemberRefused(CliError):
    """The member's API refused, or the ledger did."""


class RequestWrong(CliError):
    """The member's API could not use the request."""

    exit_code = INVALID


class NotAnswered(CliError):
    """Nothing answers, or the end has not come in time."""

    exit_code = UNAVAILABLE


def exit_code_of(error: object) -> int:
    """The exit code of an error of any package, by its branch: refused, invalid, unavailable."""
    if isinstance(error, CliError):
        return error.exit_code
    branches = {ancestor.__name__ for ancestor in type(error).__mro__}
    if "Unavailable" in branches:
        return UNAVAILABLE
    return INVALID if "Invalid" in branches else REFUSED
