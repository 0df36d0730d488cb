"""The witness: a node that signs what it saw final, for another member's evidence file.

It signs blocks at or below its own follower's cursor and the status of any object after such a
block. Every member may read the ledger, so the answer tells nobody anything new.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.rpc import Ledger, quantity, read_bytes
from node.chain.versions import in_force
from node.chain.views import view
from node.errors import LedgerUnavailable
from node.evidence.errors import WitnessBehind, WitnessRequestMalformed
from node.evidence.statements import (
    ANCHOR,
    STATUS,
    Body,
    ObjectStatus,
    anchor_body,
    sign,
    status_body,
)
from node.store.projections import NOBODY, ChainCursor, LedgerEvent

_WORD = re.compile(r"0x[0-9a-f]{64}")
MAX_STATEMENTS = 400
"""Blocks and objects in one request: their signatures fit the 64 KiB of a peer's answer."""

_KINDS: Mapping[str, tuple[str, str, str, str | None]] = {
    "title": ("Titles", "titleOf", "state", None),
    "order": ("Releases", "orderOf", "state", "terminal"),
    "condition": ("Releases", "conditionOf", "met", "member"),
    "right": ("Releases", "rightOf", "state", "owner"),
    "lane": ("Devices", "deviceOf", "state", "owner"),
    "member": ("Membership", "memberOf", "status", None),
    "council": ("Membership", "council", "threshold", None),
    "versions": ("Network", "version", "number", None),
}
"""Of each kind: contract, view, and the view's names for status and controller."""


def witness(
    session: Session, ledger: Ledger, network: Network, key: SigningKey, request: object
) -> Body:
    """Return this member's signatures for ``{"heights": […], "objects": […], "height": H}``.

    Each object is ``{"kind", "object"}``. The answer is ``{"anchors": […], "statuses": […]}``:
    signatures in the order asked. Bodies do not travel: the exporter makes its own, and a
    signature over another body is of no use to it.

    Raises:
        WitnessRequestMalformed: not of this form, or more than ``MAX_STATEMENTS``.
        WitnessBehind: this node has not seen one of the heights final.
        LedgerUnavailable: the ledger does not answer.
    """
    heights, objects, at = _read(request)
    cursor = session.get(ChainCursor, 1)
    if cursor is None or max([at, *heights]) > cursor.block:
        raise WitnessBehind("This node has not seen that block final yet.", height=at)
    *anchors, last = anchor_bodies(session, ledger, network, [*heights, at])
    statuses = status_bodies(ledger, in_force(session, network, at), objects, last)
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
    ledger: Ledger, network: Network, objects: Sequence[tuple[str, str]], last: Body
) -> list[Body]:
    """Return the statuses of (kind, object) pairs as of the block whose anchor is ``last``.

    ``network`` has the contracts in force after that block.
    """
    height, block_hash = last["height"], last["block_hash"]
    return [
        status_body(network, status_of(ledger, network, kind, object_, height), height, block_hash)
        for kind, object_ in objects
    ]


def status_of(
    ledger: Ledger, network: Network, kind: str, object_: str, height: int
) -> ObjectStatus:
    """Return how an object stood after block ``height``, as its contract tells it.

    An object that the ledger does not know has counter and status 0.

    Raises:
        LedgerUnavailable: the ledger does not answer, or no longer has that state.
    """
    contract, function, status, controller = _KINDS[kind]
    id_ = read_bytes(object_)
    named = () if kind in {"council", "versions"} else (id_,)  # there is one in a network
    try:
        got = view(ledger, network, contract, function, *named, block=height)
        if kind == "title":
            got |= view(ledger, network, contract, "controllerOf", id_, block=height)
            controller = "controller"
        elif kind == "council":
            got["counter"] = view(ledger, network, contract, "councilEpoch", block=height)["epoch"]
        elif kind == "versions":
            got["counter"] = got["number"]
    except RpcRefused as error:
        raise LedgerUnavailable(f"The ledger does not tell how {object_} stood.") from error
    who = NOBODY if controller is None else "0x" + got[controller].hex()
    return ObjectStatus(object_, kind, got["counter"], int(got[status]), who)


def _seen(session: Session, heights: Sequence[int]) -> dict[int, str]:
    rows = session.exec(
        select(LedgerEvent.block, LedgerEvent.block_hash)
        .where(col(LedgerEvent.block).in_(sorted(set(heights))))
        .distinct()
    )
    seen = dict(rows.all())
    cursor = session.get(ChainCursor, 1)
    if cursor is not None:
        seen[cursor.block] = cursor.block_hash
    return seen


def _read(request: object) -> tuple[list[int], list[tuple[str, str]], int]:
    if not isinstance(request, dict) or request.keys() != {"heights", "objects", "height"}:
        raise WitnessRequestMalformed("A request names heights, objects and one height.")
    heights, objects, at = request["heights"], request["objects"], request["height"]
    if not isinstance(heights, list) or not isinstance(objects, list):
        raise WitnessRequestMalformed("Heights and objects are lists.")
    if len(heights) + len(objects) > MAX_STATEMENTS:
        raise WitnessRequestMalformed("Too many statements are asked for.", limit=MAX_STATEMENTS)
    if not all(_is_height(height) for height in [at, *heights]):
        raise WitnessRequestMalformed("A height is a whole number below 2^53.")
    return heights, [_pair(item) for item in objects], at


def _is_height(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _pair(item: Any) -> tuple[str, str]:
    if not isinstance(item, dict) or item.keys() != {"kind", "object"}:
        raise WitnessRequestMalformed("An object is asked for by kind and object.")
    kind, object_ = str(item["kind"]), str(item["object"])
    if kind not in _KINDS or not _WORD.fullmatch(object_):
        raise WitnessRequestMalformed("An object is a kind and 0x with 64 lower-case hex digits.")
    return kind, object_
