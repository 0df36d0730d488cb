"""A forger: all of the project's code, and only the keys it is given.

It makes consistent evidence files out of nothing: events, receipts, tries, anchors, statuses. What
it builds is wrong only in what it cannot have: other members' signatures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from eth_abi.abi import encode as abi_encode
from support.people import ROLES, hexed, key_of, member_id
from support.trade import Told

from identity.acts.effects import packed_effect
from identity.acts.typed import Act, decode, digest, encode, encode_unsigned
from identity.acts.words import Outcome
from identity.errors import IdentityError
from identity.keys import secp256k1
from identity.keys.secp256k1 import SigningKey
from node.chain.network import Network
from node.errors import NodeError
from node.evidence.file import EvidenceFile, read
from node.evidence.history import (
    ACTED,
    FOLLOWED,
    Place,
    ProvedAct,
    ProvedFollow,
)
from node.evidence.receipts import ReceiptTree
from node.evidence.standing import Standing
from node.evidence.statements import (
    ANCHOR,
    EXPORT,
    STATUS,
    Body,
    ObjectStatus,
    Signed,
    sign,
    status_body,
)
from node.evidence.verify import verify
from privacy.errors import PrivacyError

MEMBERS = {name: hexed(member_id(name)) for name in ROLES}
OWN = SigningKey(sha256(b"the forger's own key").digest())
Refused = (NodeError, PrivacyError, IdentityError)
EPOCH = 1_800_000_000
GENESIS_HEIGHT = 2


@dataclass
class Forger:
    """Builds files that speak of ``network``, signed by the witness keys it has.

    Args:
        witnesses: member id (``0x`` hex) to the key that signs in its name.
        exporter: whose export it pretends to be.
    """

    network: Network
    witnesses: Mapping[str, SigningKey]
    exporter: str
    epoch: int = EPOCH
    outcomes: dict[bytes, Outcome] = field(default_factory=dict)
    brought: dict[bytes, list[ProvedFollow]] = field(default_factory=dict)

    def build(self, original: EvidenceFile, wires: Sequence[bytes]) -> EvidenceFile:
        """Return a file like ``original`` whose acts are ``wires``, one a block."""
        acts: list[ProvedAct] = []
        follows: list[ProvedFollow] = []
        blocks: list[Body] = []
        receipts: dict[tuple[int, int], tuple[bytes, ...]] = {}
        for height, wire in enumerate(wires, start=GENESIS_HEIGHT):
            proved = self._proved(height, wire)
            logs = [self._acted(proved)]
            acts.append(proved)
            for follow in self.brought.get(proved.digest, ()):
                follows.append(replace(follow, place=Place(height, 0, len(logs))))
                logs.append(self._followed(follows[-1]))
            tree = ReceiptTree([_receipt(logs)])
            receipts[height, 0] = tuple(tree.prove(0))
            blocks.append(self._block(height, tree.root))
        export = {
            **original.export.body,
            "exporter": self.exporter,
            "height": blocks[-1]["height"],
            "block_hash": blocks[-1]["block_hash"],
        }
        statuses = self._statuses(export, acts, follows)
        return replace(
            original,
            export=Signed(export, {self.exporter: self._sign(EXPORT, export, self.exporter)}),
            blocks=tuple(self.signed(ANCHOR, body) for body in blocks),
            receipts=receipts,
            acts=tuple((proved.place, wire) for proved, wire in zip(acts, wires, strict=True)),
            follows=tuple(follow.place for follow in follows),
            statuses=tuple(self.signed(STATUS, body) for body in statuses),
        )

    def signed(self, kind: str, body: Body) -> Signed:
        """Return a statement signed in the name of every witness whose key is at hand."""
        return Signed(body, {member: self._sign(kind, body, member) for member in self.witnesses})

    def _sign(self, kind: str, body: Body, member: str) -> str:
        return sign(kind, body, self.witnesses.get(member) or SigningKey.generate())

    def _proved(self, height: int, wire: bytes) -> ProvedAct:
        act, signature, _ = decode(wire)
        domain = self.network.domain(act.type.contract)
        said = digest(domain, act)
        outcome = self.outcomes.get(wire, Outcome.DONE)
        counter = act.counter + (outcome is not Outcome.ASSENTED)
        key = secp256k1.recover(said, signature)
        place, time = Place(height, 0, 0), self.epoch + height
        return ProvedAct(place, time, act, said, key, counter, outcome, domain)

    def _acted(self, proved: ProvedAct) -> dict[str, Any]:
        act = proved.act
        effect = packed_effect(proved.key, proved.counter, proved.outcome)
        return {
            "address": hexed(self.network.address(act.type.contract)),
            "topics": [hexed(t) for t in (ACTED, act.object, act.principal, proved.digest)],
            "data": hexed(abi_encode(["uint256", "bytes"], [effect, encode_unsigned(act)])),
        }

    def _followed(self, follow: ProvedFollow) -> dict[str, Any]:
        return {
            "address": hexed(self.network.address(follow.contract)),
            "topics": [hexed(t) for t in (FOLLOWED, follow.object, follow.cause)],
            "data": hexed(abi_encode(["uint256", "uint256"], [follow.counter, follow.state])),
        }

    def _block(self, height: int, root: bytes) -> Body:
        return {
            "chain_id": self.network.chain_id,
            "genesis": self.network.genesis,
            "height": height,
            "block_hash": hexed(height.to_bytes(32, "big")),
            "receipts_root": hexed(root),
            "time": self.epoch + height,
        }

    def _statuses(
        self, export: Body, acts: Sequence[ProvedAct], follows: Sequence[ProvedFollow]
    ) -> list[Body]:
        order = bytes.fromhex(export["order"][2:]) if export["order"] else None
        standing = Standing(bytes.fromhex(export["title"][2:]), order)
        standing.replay(acts, follows)
        counters = _highest(acts, follows)
        return [
            status_body(
                self.network,
                ObjectStatus(
                    hexed(object_),
                    stand.kind,
                    counters.get(object_, 0),
                    int(stand.status),
                    hexed(stand.controller),
                ),
                export["height"],
                export["block_hash"],
            )
            for object_, stand in standing.objects.items()
        ]


def acts_of(evidence: EvidenceFile) -> list[bytes]:
    """Return a file's acts, wire form, in the ledger's order."""
    return [wire for _, wire in sorted(evidence.acts)]


def decoded(wire: bytes) -> Act:
    """Return a wire's act."""
    return decode(wire)[0]


def copier(
    network: Network, evidence: EvidenceFile, witnesses: Mapping[str, SigningKey], exporter: str
) -> Forger:
    """Return a forger that knows which acts of ``evidence`` were assents or recorded refusals."""
    forger = Forger(network, witnesses, exporter)
    verdict = verify(evidence, network)
    proved = {act.place: act for act in verdict.acts}
    for place, wire in evidence.acts:
        forger.outcomes[wire] = proved[place].outcome
    for follow in verdict.follows:
        forger.brought.setdefault(follow.cause, []).append(follow)
    return forger


def _highest(acts: Sequence[ProvedAct], follows: Sequence[ProvedFollow]) -> dict[bytes, int]:
    counters: dict[bytes, int] = {}
    for act in acts:
        counters[act.act.object] = max(counters.get(act.act.object, 0), act.counter)
    for follow in follows:
        counters[follow.object] = max(counters.get(follow.object, 0), follow.counter)
    return counters


def _receipt(logs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "type": "0x2",
        "status": "0x1",
        "transactionIndex": "0x0",
        "cumulativeGasUsed": "0x5208",
        "logsBloom": "0x" + "00" * 256,
        "logs": list(logs),
    }


def refusal(evidence: EvidenceFile | bytes, trust: Network | None) -> str:
    """Return the code that the file is refused with; fail if it is believed."""
    try:
        file = read(evidence if isinstance(evidence, bytes) else evidence.to_bytes())
        verdict = verify(file, trust)
    except Refused as error:
        return str(error.code)
    raise AssertionError(f"the forged file is believed: proved {verdict.proved}")


def edited(evidence: EvidenceFile, edit: Callable[[Any], None]) -> bytes:
    """Return the file after ``edit`` has changed its JSON."""
    data = json.loads(evidence.to_bytes())
    edit(data)
    return json.dumps(data).encode()


def signed(told: Told, act: Act, key: SigningKey, **changes: Any) -> bytes:
    """Return ``act`` with fields changed, signed by ``key`` for the true network."""
    changed = Act(act.name, {**act.fields, **changes})
    said = digest(told.trade.network.domain(act.type.contract), changed)
    return encode(changed, key.sign(said))


def rebuilt(told: Told, wires: list[bytes]) -> EvidenceFile:
    """Return a consistent file of these acts, signed by the exporter's own witness key alone."""
    own = {MEMBERS["customs"]: key_of("customs", "witness")}
    forger = copier(told.trade.network, told.evidence, own, MEMBERS["customs"])
    before = acts_of(told.evidence)
    for wire, given in zip(wires, before, strict=False):
        if decoded(wire).object == decoded(given).object and given in forger.outcomes:
            forger.outcomes.setdefault(wire, forger.outcomes[given])
    return forger.build(told.evidence, wires)


def signed_anew(evidence: EvidenceFile, member: str, key: SigningKey) -> EvidenceFile:
    """Replace one member's signatures of blocks and statuses by those of ``key``."""

    def anew(kind: str, statement: Signed) -> Signed:
        body: Body = statement.body
        return replace(
            statement, signatures={**statement.signatures, member: sign(kind, body, key)}
        )

    return replace(
        evidence,
        blocks=tuple(anew(ANCHOR, block) for block in evidence.blocks),
        statuses=tuple(anew(STATUS, status) for status in evidence.statuses),
    )
