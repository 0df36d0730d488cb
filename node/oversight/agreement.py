"""Asks other members' nodes whether they see the same ledger: block hashes, and contracts' code.

A node believes the one ledger node it is connected to. Two others, run by others, are asked what
they have at a height that both count as final; what differs is an alarm at whoever asks, and each
asks for itself. Who answers is known by the connection's pinned certificate, who asks by the
message's signature, as for every message between nodes. What the engines are and how they are
configured is told with it and kept, so that ``lading doctor --network`` can compare without a key.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import select

from identity.acts.words import MemberStatus
from identity.errors import IdentityError
from node.chain.errors import RpcRefused
from node.chain.network import Network, code_hash
from node.chain.rpc import Ledger, quantity, read_bytes
from node.errors import LedgerUnavailable, NodeError
from node.exchange.door import PeerMessage, PeerRoute
from node.exchange.errors import MessageMalformed
from node.metrics import cross_checks
from node.oversight.alarms import Noticed, keep
from node.oversight.configuration import MAX_CHARACTERS, read_configuration
from node.store.oversight import PeerView
from node.store.projections import Member
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from node.node import Node

PATH = "/peer/v1/agreement"
CONTENT_TYPE = "application/json"
MAX_BYTES = 1024
ENOUGH_PEERS = 2
CODES_SECONDS = 60.0
BLOCKS, CODE, LACKS = "BLOCKS_DIFFER", "CODE_DIFFERS", "CROSS_CHECK_LACKS"


@dataclass(frozen=True)
class View:
    """What one node's ledger has.

    Attributes:
        height, block_hash: a final block.
        codes: keccak256 of the contracts' code, by address.
        engine: what the engine calls itself, with its version.
        configuration: as node.oversight.configuration reads it.
    """

    network_id: str
    height: int
    block_hash: str
    codes: Mapping[str, str]
    engine: str
    configuration: Mapping[str, str]

    def to_json(self) -> dict[str, JsonValue]:
        """Return it as it travels."""
        return {
            "network_id": self.network_id,
            "height": self.height,
            "block_hash": self.block_hash,
            "codes": dict(self.codes),
            "engine": self.engine,
            "configuration": dict(self.configuration),
        }

    @classmethod
    def from_json(cls, given: Any) -> "View":
        """Read it. Raises: MessageMalformed."""
        try:
            view = cls(**given)
            whole = isinstance(view.height, int) and view.height >= 0
            words = [view.network_id, view.block_hash, view.engine]
            words += [*view.codes, *view.codes.values()]
            words += [*view.configuration, *view.configuration.values()]
        except (TypeError, AttributeError) as error:
            raise MessageMalformed("The answer is not a view of a ledger.") from error
        if not whole or not all(
            isinstance(word, str) and len(word) <= MAX_CHARACTERS for word in words
        ):
            raise MessageMalformed("The answer is not a view of a ledger.")
        return view


class Viewer:
    """Reads this node's own view; contracts' code at most once a minute."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._codes: tuple[float, Network | None, dict[str, str]] = (0.0, None, {})

    def view(self, height: int | None = None) -> View:
        """Return the view at ``height``, or at the last final block when that is lower or None.

        Raises: LedgerUnavailable, RpcRefused.
        """
        network, ledger = self._node.network, self._node.rpc
        block = _block(ledger, network.profile.final)
        head = int(block["number"], 16)
        if height is not None and height < head:
            block = _block(ledger, quantity(height))
        at = int(block["number"], 16)
        return View(
            network_id=network.network_id,
            height=at,
            block_hash=block["hash"],
            codes=self._code_hashes(ledger, network),
            engine=str(ledger.call("web3_clientVersion"))[:MAX_CHARACTERS],
            configuration=read_configuration(self._node.settings.engine_files),
        )

    def _code_hashes(self, ledger: Ledger, network: Network) -> dict[str, str]:
        read_at, of, codes = self._codes
        if of is network and 0 <= time.monotonic() - read_at < CODES_SECONDS:
            return codes
        meant = [*network.contracts.values()]
        meant += [each for version in network.versions for each in version.contracts.values()]
        addresses = [contract.address for contract in meant]
        answers = ledger.batch([("eth_getCode", [address, "latest"]) for address in addresses])
        codes = {}
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, RpcRefused):
                raise answer
            codes[address] = code_hash(read_bytes(answer))
        self._codes = (time.monotonic(), network, codes)
        return codes


class CrossCheck:
    """Compares this node's ledger with others', another two each time."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._viewer = Viewer(node)
        self._turn = 0

    def look(self, now: int) -> None:
        """Ask peers until two have answered, and keep the alarms; raises as ``Viewer.view``.

        Args:
            now: UTC seconds.
        """
        node = self._node
        others = _others(node)
        if not others:
            return
        first = self._turn % len(others)
        self._turn += 1
        ours = self._viewer.view()
        views: dict[str, View] = {}
        compared: dict[str, list[Noticed]] = {}
        for member in others[first:] + others[:first]:
            if len(compared) == min(ENOUGH_PEERS, len(others)):
                break
            theirs = self._ask(member, ours.height)
            if theirs is not None:
                views[member] = theirs
                compared[member] = self._compare(member, ours, theirs)
        lacks = []
        if len(compared) < min(ENOUGH_PEERS, len(others)):
            says = f"{len(compared)} other members' nodes could be compared with; it takes two."
            lacks = [Noticed(LACKS, node.settings.member, says)]
        with node.db.begin() as session:
            keep(session, (LACKS,), lacks, now)
            for member, found in compared.items():
                keep(session, (BLOCKS, CODE), found, now, subject=member)
            for member, view in (views | {node.settings.member: ours}).items():
                session.merge(PeerView(member=member, at=now, view=view.to_json()))

    def _ask(self, member: str, height: int) -> View | None:
        """Return what the member's node has at ``height`` or below; None when it tells nothing."""
        try:
            theirs = ask(self._node, member, height)
        except (NodeError, IdentityError):
            theirs = None
        if theirs is None or theirs.height > height:
            cross_checks.labels("silent").inc()
            return None
        return theirs

    def _compare(self, member: str, ours: View, theirs: View) -> list[Noticed]:
        if theirs.height < ours.height:
            ours = self._viewer.view(theirs.height)
        found = list(differences(member, ours, theirs))
        cross_checks.labels("differs" if found else "agreed").inc()
        return found


def ask(node: "Node", member: str, height: int | None) -> View:
    """Ask another member's node for its view at ``height``, or at its last final block.

    Raises: PeerUnavailable, PeerRefused, PeerUnknown, PeerNotActive, ProfileNotHeld,
        MessageMalformed.
    """
    body = canonical_json({"height": height})
    return View.from_json(node.exchange.client.post(member, PATH, body, CONTENT_TYPE))


def differences(member: str, ours: View, theirs: View) -> list[Noticed]:
    """Return what two views of the same height do not agree on; about ``member``, theirs."""
    found = []
    if ours.network_id != theirs.network_id:
        says = f"{member} is on another network: {theirs.network_id}."
        return [Noticed(BLOCKS, member, says)]
    if ours.block_hash != theirs.block_hash:
        says = (
            f"Block {ours.height} is {ours.block_hash} at this node's ledger and"
            f" {theirs.block_hash} at that of {member}."
        )
        found.append(Noticed(BLOCKS, member, says))
    # One of the two may know a version of the contracts that the other does not know yet.
    wrong = sorted(
        address
        for address in ours.codes.keys() & theirs.codes.keys()
        if ours.codes[address] != theirs.codes[address]
    )
    if wrong:
        says = f"The code at {', '.join(wrong)} is another one at the ledger of {member}."
        found.append(Noticed(CODE, member, says))
    return found


def agreement_route(node: "Node") -> PeerRoute:
    """Return the peers listener's route on which any active member may ask for this view."""
    viewer = Viewer(node)

    def handle(message: PeerMessage) -> JsonValue:
        return viewer.view(_asked(message.body)).to_json()

    return PeerRoute(PATH, CONTENT_TYPE, MAX_BYTES, handle)


def _asked(body: bytes) -> int | None:
    try:
        asked = parse_json(body, max_bytes=MAX_BYTES)
    except PrivacyError as error:
        raise MessageMalformed("The message is not JSON.") from error
    if not isinstance(asked, dict) or set(asked) != {"height"}:
        raise MessageMalformed("The message does not ask for a height.")
    height = asked["height"]
    if height is None:
        return None
    if isinstance(height, bool) or not isinstance(height, int) or not 0 <= height < 2**53:
        raise MessageMalformed("The message does not ask for a height.")
    return height


def _others(node: "Node") -> list[str]:
    with node.db.read() as session:
        active = select(Member.id).where(Member.status == MemberStatus.ACTIVE)
        return sorted(member for member in session.exec(active) if member != node.settings.member)


def _block(ledger: Ledger, choice: str) -> Mapping[str, Any]:
    block = ledger.call("eth_getBlockByNumber", choice, False)
    if not isinstance(block, dict) or not {"number", "hash"} <= block.keys():
        raise LedgerUnavailable(f"The ledger has no block {choice} now.")
    return block
