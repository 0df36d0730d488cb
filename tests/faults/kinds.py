"""The kinds of faults: each a function that does one to a world and returns when it is over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from faults.world import World

W = TypeVar("W", bound=World)


@dataclass(frozen=True)
class Kind(Generic[W]):
    """One kind of fault.

    Attributes:
        name: as the table shows it.
        sentence: what is done, and what must come of it besides what ``checks`` says.
        run: does it, fails when it did not really happen, and leaves everything running.
    """

    name: str
    sentence: str
    run: Callable[[W], None]


class Kinds(list[Kind[W]]):
    """Kinds of faults to one kind of world, in the order in which they are defined."""

    def kind(self, name: str) -> Callable[[Callable[[W], None]], Callable[[W], None]]:
        """Add a function to the kinds under this name; its docstring is the sentence."""

        def add(run: Callable[[W], None]) -> Callable[[W], None]:
            assert run.__doc__, f"{name} does not say what it does"
            assert name not in {each.name for each in self}, name
            self.append(Kind(name, " ".join(run.__doc__.split()), run))
            return run

        return add


KINDS: Kinds[World] = Kinds()
kind = KINDS.kind
