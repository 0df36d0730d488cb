"""Compares what model and contracts tell, and says it with the names that ids have in the model."""

from collections.abc import Mapping
from typing import Any

from model.companies import LANES, NAMES, hash_of
from model.drawing import ORDERS, ROOTS
from model.drawing_releases import CONTAINERS
from model.ledger import Network
from model.members import NOBODY
from model.refusals import Refused
from model.world import World

from identity.acts.typed import Act
from node.chain.reasons import Reason
from node.chain.rpc import data

_NUMBERED = {
    hash_of(f"{name} {number}"): f"{name} {number}"
    for name in ("title", "delivery order", "reason", "reports")
    for number in range(8)
}
_KNOWN = {
    NOBODY: "0",
    **NAMES,
    **_NUMBERED,
    **{order: f"order {number}" for number, order in enumerate(ORDERS)},
    **{root: f"root {number}" for number, root in enumerate(ROOTS)},
    **{container: f"container {number}" for number, container in enumerate(CONTAINERS)},
    **{lane.id: lane.name for lane in LANES},
}


def agree(told: Refused, reason: Reason) -> bool:
    """Whether error and every fact that the model knows are the contract's."""
    return told.error == reason.error and all(
        reason.facts.get(name) == _as_fact(value) for name, value in told.facts.items()
    )


def told_differently(world: World, network: Network, objects: set[bytes]) -> str:
    """Return what views tell of ``objects``, or of who is tied by them, and the model does not."""
    asked: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    people = objects & set(world.members.members)
    for id_ in objects & set(world.titles):
        title = world.titles[id_]
        asked["Titles", "titleOf", id_] = title.view()
        asked["Titles", "controllerOf", id_] = {"controller": title.controller}
        people |= {title.carrier, title.holder, title.pledgee, title.party} - {NOBODY}
        if id_ in world.releases.order_of:
            objects = objects | {world.releases.order_of[id_]}
    parts = {
        id_
        for id_, order in world.releases.orders.items()
        if objects & (set(order.rights) | set(order.conditions))
    }
    for id_ in (objects | parts) & set(world.releases.orders):
        order = world.releases.orders[id_]
        people.add(order.terminal)
        asked["Releases", "orderOf", id_] = order.view()
        for right in order.rights:
            asked["Releases", "rightOf", right] = order.right_view(right)
    for id_ in people:
        number = world.members.members[id_].number
        titles, orders = world.ties(id_)
        asked["Titles", "tiesOf", number] = {"count": titles}
        asked["Releases", "tiesOf", number] = {"ties": orders}
    answers = network.views(list(asked)) if asked else []
    for (view, told), got in zip(asked.items(), answers, strict=True):
        wrong = {
            name: (told.get(name), value) for name, value in got.items() if told.get(name) != value
        }
        if wrong:
            about = name_of(view[2])
            return f"{view[1]}({about}): (model, chain) of {show(wrong)}"
    return ""


def tell(act: Act) -> str:
    """Return the act in one line, ids by the names they have in the model."""
    return f"{act.name}({show({n: v for n, v in act.fields.items() if v not in (0, NOBODY)})})"


def show(facts: Mapping[str, Any]) -> str:
    """Return facts with ids by their names."""
    return ", ".join(f"{name}={name_of(value)}" for name, value in facts.items())


def name_of(value: Any) -> str:
    """Return the name of an id, else the value in a short form."""
    if isinstance(value, bytes):
        return _KNOWN.get(value, value.hex()[:8])
    if isinstance(value, tuple | list):
        return f"({', '.join(map(name_of, value))})"
    return str(value)


def _as_fact(value: Any) -> Any:
    if isinstance(value, bytes):
        return data(value)
    return value if value < 2**53 else str(value)
