"""The delivery order: what the carrier tells the members concerned before it opens one.

The document names the containers and the salts under which they stand on the ledger. It goes
member to member; the ledger carries its root and the containers' tags.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from node.documents.errors import DeliveryOrderInconsistent
from node.documents.registry import DELIVERY_ORDER, validate
from privacy.canonical import JsonValue
from privacy.containers import check_container_number, container_tag
from privacy.leaves import SALT_BYTES


@dataclass(frozen=True)
class OrderContainer:
    """One container of an order: its number, and its own salt (32 bytes)."""

    number: str
    salt: bytes = field(repr=False)

    @property
    def tag(self) -> bytes:
        """How the container stands on the ledger: 32 bytes."""
        return container_tag(self.number, self.salt)


@dataclass(frozen=True)
class DeliveryOrder:
    """A delivery order as read.

    Attributes:
        order_number: the carrier's own number.
        title: the surrendered title's id, ``0x`` and 64 hexadecimal digits.
        title_root: root of the title's document, in the same form.
        terminal: member id of the terminal.
        port: UN/LOCODE of the port of discharge.
        conditions: the member that sets it, by kind (names of ``ConditionKind``).
        containers: each once.
    """

    order_number: str
    title: str
    title_root: str
    terminal: str
    port: str
    conditions: Mapping[str, str]
    containers: tuple[OrderContainer, ...]


def build_delivery_order(
    *,
    order_number: str,
    title: str,
    title_root: str,
    terminal: str,
    port: str,
    conditions: Mapping[str, str],
    containers: Sequence[str],
) -> dict[str, JsonValue]:
    """Return a new delivery order document with a fresh salt for every container.

    Conditions and members are as in ``DeliveryOrder``; ``containers`` are ISO 6346 numbers.

    Raises: what ``read_delivery_order`` raises.
    """
    document: dict[str, JsonValue] = {
        "order_number": order_number,
        "title": title,
        "title_root": title_root,
        "terminal": terminal,
        "port": port,
        "conditions": [{"kind": kind, "member": member} for kind, member in conditions.items()],
        "containers": [
            {"number": number, "salt": "0x" + secrets.token_hex(SALT_BYTES)}
            for number in containers
        ],
    }
    read_delivery_order(document)
    return document


def read_delivery_order(document: JsonValue) -> DeliveryOrder:
    """Check ``document`` against its schema and read it.

    Raises: SchemaRefused, DeliveryOrderInconsistent, ContainerNumberMalformed,
        ContainerCheckDigitWrong.
    """
    validate(document, DELIVERY_ORDER)
    order = cast("dict[str, Any]", document)
    conditions = {entry["kind"]: entry["member"] for entry in order["conditions"]}
    if len(conditions) != len(order["conditions"]):
        raise DeliveryOrderInconsistent("The order names a condition twice.", field="conditions")
    containers = tuple(
        OrderContainer(check_container_number(entry["number"]), bytes.fromhex(entry["salt"][2:]))
        for entry in order["containers"]
    )
    if len({container.number for container in containers}) != len(containers):
        raise DeliveryOrderInconsistent("The order names a container twice.", field="containers")
    return DeliveryOrder(
        order_number=order["order_number"],
        title=order["title"],
        title_root=order["title_root"],
        terminal=order["terminal"],
        port=order["port"],
        conditions=conditions,
        containers=containers,
    )
