"""The kinds of faults: each a function that does one to a world and returns when it is over."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.world import World


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: as the table shows it.
        sentence: what is done, and what must come of it besides what ``checks`` says.
        run: does it, fails when it did not really happen, and leaves everything running.
    """

    name: str
    sentence: str
    run: Callable[[World], None]


KINDS: list[Kind] = []


def kind(name: str) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Add a function to the kinds under this name; its docstring is the sentence."""

    def add(run: Callable[[World], None]) -> Callable[[World], None]:
        assert run.__doc__, f"{name} does not say what it does"
        assert name not in {each.name for each in KINDS}, name
        KINDS.append(Kind(name, " ".join(run.__doc__.split()), run))
        return run

    return add
