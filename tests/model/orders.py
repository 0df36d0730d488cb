"""Delivery orders, their conditions and pickup rights, and lanes, as the model has them."""

from dataclasses import dataclass, field
from typing import Any

from model.members import NOBODY

from identity.acts.objects import condition_id, right_id
from identity.acts.words import DeviceState, OrderState, RightState


@dataclass
class Condition:
    """One condition of an order, and who alone sets it."""

    kind: int
    member: bytes
    met: bool = False
    counter: int = 0


@dataclass
class Right:
    """One container's pickup right; ``owner`` is zero while it is who is entitled to the title."""

    container: bytes
    state: int = RightState.READY
    counter: int = 0
    owner: bytes = NOBODY
    to: bytes = NOBODY
    offer: bytes = NOBODY
    deadline: int = 0
    interchanged: set[int] = field(default_factory=set)
    reports: bytes = NOBODY
    misread: bytes = NOBODY


@dataclass
class Order:
    """One delivery order."""

    id: bytes
    title: bytes
    root: bytes
    terminal: bytes
    loading: int
    discharge: int
    conditions: dict[bytes, Condition]
    rights: dict[bytes, Right]
    state: int = OrderState.OPEN
    counter: int = 1
    holds: dict[bytes, bytes] = field(default_factory=dict)
    lifted: set[bytes] = field(default_factory=set)
    cancellation: bytes = NOBODY
    gone: int = 0
    returned: int = 0
    received: int = 0

    @property
    def held(self) -> bool:
        """Whether an authority's hold stands."""
        return len(self.holds) > len(self.lifted)

    def view(self) -> dict[str, Any]:
        """Return what Releases.orderOf tells."""
        return {
            "state": self.state,
            "counter": self.counter,
            "title": self.title,
            "root": self.root,
            "terminal": self.terminal,
            "port": self.discharge,
            "loading": self.loading,
            "conditions": sum(1 << condition.kind for condition in self.conditions.values()),
            "open": sum(1 << c.kind for c in self.conditions.values() if not c.met),
            "containers": len(self.rights),
            "gone": self.gone,
            "returned": self.returned,
            "received": self.received,
            "holds": len(self.holds) - len(self.lifted),
            "cancellation": self.cancellation,
        }

    def right_view(self, right_id_: bytes) -> dict[str, Any]:
        """Return what Releases.rightOf tells."""
        right = self.rights[right_id_]
        return {
            "state": right.state,
            "counter": right.counter,
            "order": self.id,
            "owner": right.owner,
            "to": right.to,
            "offer": NOBODY if right.to == NOBODY else right.offer,
            "deadline": 0 if right.to == NOBODY else right.deadline,
            "interchanged": sum(1 << direction for direction in right.interchanged),
            "reports": right.reports,
            "misread": right.misread,
        }


@dataclass
class Lane:
    """A lane of a terminal or depot; ``key`` is the address that signs for it."""

    id: bytes
    owner: bytes
    key: bytes
    port: int
    calibrated_until: int
    state: int = DeviceState.IN_SERVICE
    device_counter: int = 0


def conditions_of(order: bytes, kinds: list[int], members: list[bytes]) -> dict[bytes, Condition]:
    """Return the conditions by their ids."""
    pairs = zip(kinds, members, strict=True)
    return {condition_id(order, kind): Condition(kind, member) for kind, member in pairs}


def rights_of(order: bytes, containers: list[bytes]) -> dict[bytes, Right]:
    """Return the pickup rights by their ids."""
    return {right_id(order, container): Right(container) for container in containers}
