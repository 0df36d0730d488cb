"""The witness: a node that signs what it saw final, for another member's evidence file.

It signs blocks at or below its own follower's cursor and the status of any object after such a
block. Every member may read the ledger, so the answer tells nobody anything new.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.rpc import Ledger, quantity, read_bytes
from node.chain.views import view
from node.errors import BodyInvalid, LedgerUnavailable
from node.evidence.statements import (
    ANCHOR,
    STATUS,
    Body,
    ObjectStatus,
    anchor_body,
    sign,
    status_body,
)
from node.store.projections import NOBODY, AuthorityMotion, ChainCursor, LedgerEvent

MAX_BLOCKS = 4096
MAX_OBJECTS = 4096

Request = dict[str, Any]


def witness(
    session: Session, ledger: Ledger, network: Network, key: SigningKey, request: Request
) -> Body:
    """Return this member's signatures for ``{"heights": […], "objects": […], "height": H}``.

    Each object is ``{"kind", "object"}``. The answer is ``{"anchors": […], "statuses": […]}``:
    signatures in the order asked. Bodies do not travel: the exporter makes its own, and a
    signature over another body is of no use to it.

    Raises:
        BodyInvalid: not of this form, or a height that this node has not seen final.
        LedgerUnavailable: the ledger does not answer.
    """
    heights, objects, at = _read(request)
    cursor = session.get(ChainCursor, 1)
    if cursor is None or max([at, *heights]) > cursor.block:
        raise BodyInvalid("A height is asked for that this node has not seen final.", height=at)
    anchors = anchor_bodies(session, ledger, network, [*heights, at])
    last = anchors.pop()
    statuses = status_bodies(session, ledger, network, objects, last)
    return {
        "anchors": [sign(ANCHOR, body, key) for body in anchors],
        "statuses": [sign(STATUS, body, key) for body in statuses],
    }


def anchor_bodies(
    session: Session, ledger: Ledger, network: Network, heights: Sequence[int]
) -> list[Body]:
    """Return the anchors of these blocks, each compared with what the follower saw.

    Raises:
        LedgerUnavailable: the ledger has lost a block, or tells another than the follower saw.
    """
    requests = [("eth_getBlockByNumber", [quantity(height), False]) for height in heights]
    found = ledger.batch(requests)
    seen = _seen(session, heights)
    anchors = []
    for height, block in zip(heights, found, strict=True):
        if isinstance(block, RpcRefused) or block is None:
            raise LedgerUnavailable(f"The ledger does not give block {height}.", height=height)
        if seen.get(height, block["hash"]) != block["hash"]:
            raise LedgerUnavailable(
                f"The ledger tells another block {height} than this node saw final.", height=height
            )
        anchors.append(anchor_body(network, block))
    return anchors


def status_bodies(
    session: Session,
    ledger: Ledger,
    network: Network,
    objects: Sequence[tuple[str, str]],
    last: Body,
) -> list[Body]:
    """Return the statuses of (kind, object) pairs as of the block whose anchor is ``last``."""
    height, block_hash = last["height"], last["block_hash"]
    return [
        status_body(
            network, status_of(session, ledger, network, kind, id_, height), height, block_hash
        )
        for kind, id_ in objects
    ]


def status_of(
    session: Session, ledger: Ledger, network: Network, kind: str, object_: str, height: int
) -> ObjectStatus:
    """Return how an object stood after block ``height``, as its contract tells it.

    Raises:
        BodyInvalid: no such kind, or an assignment that this node never saw.
    """
    id_ = read_bytes(object_)

    def told(contract: str, function: str, *arguments: object) -> Mapping[str, Any]:
        return view(ledger, network, contract, function, *arguments, block=height)

    if kind == "title":
        got = told("Titles", "titleOf", id_)
        controller = told("Titles", "controllerOf", id_)["controller"]
        return _status(object_, kind, got["counter"], got["state"], controller)
    if kind == "order":
        got = told("Releases", "orderOf", id_)
        return _status(object_, kind, got["counter"], got["state"], got["terminal"])
    if kind == "condition":
        got = told("Releases", "conditionOf", id_)
        return _status(object_, kind, got["counter"], got["met"], got["member"])
    if kind == "right":
        got = told("Releases", "rightOf", id_)
        return _status(object_, kind, got["counter"], got["state"], None)
    if kind == "lane":
        got = told("Devices", "laneOf", id_)
        return _status(object_, kind, got["counter"], got["inService"], got["owner"])
    if kind == "member":
        got = told("Membership", "memberOf", id_)
        return _status(object_, kind, got["counter"], got["status"], None)
    motion = session.get(AuthorityMotion, object_) if kind == "assignment" else None
    if motion is None:
        raise BodyInvalid("An object is asked for that this node does not know.", object=object_)
    got = told("Membership", "assignmentCounter", motion.port, motion.role)
    return _status(object_, kind, got["counter"], 0, None)


def _status(
    object_: str, kind: str, counter: int, status: int, controller: bytes | None
) -> ObjectStatus:
    who = NOBODY if controller is None else "0x" + controller.hex()
    return ObjectStatus(object_, kind, counter, int(status), who)


def _seen(session: Session, heights: Sequence[int]) -> dict[int, str]:
    rows = session.exec(
        select(LedgerEvent.block, LedgerEvent.block_hash)
        .where(col(LedgerEvent.block).in_(sorted(set(heights))))
        .distinct()
    )
    return dict(rows.all())


def _read(request: Request) -> tuple[list[int], list[tuple[str, str]], int]:
    try:
        heights, objects, at = request["heights"], request["objects"], request["height"]
        pairs = [(str(item["kind"]), str(item["object"])) for item in objects]
        numbers = [int(height) for height in heights]
        well = all(len(object_) == 66 and read_bytes(object_) for _, object_ in pairs)
    except (KeyError, TypeError, ValueError) as error:
        raise BodyInvalid("A request for witness signatures is malformed.") from error
    if len(numbers) > MAX_BLOCKS or len(pairs) > MAX_OBJECTS or min([at, *numbers]) < 0 or not well:
        raise BodyInvalid("A request for witness signatures is too long or malformed.")
    return numbers, pairs, int(at)
