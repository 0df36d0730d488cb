"""Check an evidence file with nothing but the file and a trusted network.json.

No node, no network, no database is asked. The steps are numbered as docs/protocol.md lists them;
the first that fails gives its own code. What a file that passes proves, it says itself, together
with what it does not prove.
"""

from dataclasses import dataclass
from typing import Any

from identity.acts.words import Outcome
from node.chain.network import Network
from node.evidence.errors import (
    BlockContradicted,
    ContainerNotInOrder,
    EventNotProved,
    EvidenceMalformed,
    HistoryIncomplete,
    NetworkMismatch,
    RootNotOnLedger,
)
from node.evidence.file import EvidenceFile
from node.evidence.history import (
    Keys,
    Place,
    ProvedAct,
    ProvedFollow,
    last_counters,
    read_act,
    read_follow,
)
from node.evidence.receipts import Log, Receipt, prove_receipt
from node.evidence.statements import (
    ANCHOR,
    DEFAULT_WITNESSES,
    EXPORT,
    STATUS,
    Signed,
    check_witnessed,
)
from privacy.canonical import JsonValue
from privacy.containers import container_tag
from privacy.disclosures import check_disclosure
from privacy.errors import RootMismatch

NOBODY = "0x" + "0" * 64


@dataclass(frozen=True)
class Verdict:
    """What a file that holds says.

    Attributes:
        proved: with a trust file; without one the file is consistent, and that is all.
        height, time: the block "as of" which everything is said; UTC seconds.
        acts: every act, in the ledger's order.
        statuses: the statements' bodies, by object.
        witnesses: members that signed every block and status.
        fields: disclosed fields by path.
    """

    proved: bool
    network: Network
    exporter: str
    title: str
    order: str | None
    container: str | None
    height: int
    time: int
    acts: tuple[ProvedAct, ...]
    statuses: dict[str, dict[str, Any]]
    witnesses: frozenset[str]
    fields: dict[str, JsonValue]


def verify(
    evidence: EvidenceFile, trust: Network | None, needed: int = DEFAULT_WITNESSES
) -> Verdict:
    """Check ``evidence``; return what it proves.

    Args:
        trust: the verifier's own network.json, its council signatures already checked; without
            it steps 5 and 6 are left out and the verdict is "consistent, not proved".
        needed: how many members must have witnessed each block and status.

    Raises:
        EvidenceRefused, EvidenceMalformed, PrivacyError: the first step that fails.
    """
    network = evidence.network if trust is None else trust
    # 1. The file speaks of the trusted network.
    _check_network(evidence.network, network)
    # 2. Every receipt stands in its block; every act and follow-up is an event of a receipt.
    blocks = _blocks(evidence, network)
    acts, follows = _events(evidence, blocks, network)
    # 3. Who signed might sign: council seats, members' keys and lanes as of each act.
    keys = Keys(network)
    for proved in acts:
        keys.follow(proved)
    # 4. No act is missing between the first and the last of each object.
    counters = last_counters(acts, follows)
    statuses = _statuses(evidence, network)
    # 5. Blocks, export and statuses are signed by witnesses that the trust file lists.
    witnesses = frozenset[str]()
    if trust is not None:
        witnesses = _check_witnesses(evidence, statuses, acts, trust, needed)
    # 6. The last act in the file is the last one that the witnesses name.
    _check_complete(counters, statuses, evidence)
    # 7. Disclosed fields and containers are those that the acts commit to.
    fields = _check_fields(evidence, acts)
    body = evidence.export.body
    return Verdict(
        proved=trust is not None,
        network=network,
        exporter=body["exporter"],
        title=body["title"],
        order=body["order"],
        container=body["container"],
        height=body["height"],
        time=blocks[body["height"]].body["time"],
        acts=tuple(acts),
        statuses={object_: signed.body for object_, signed in statuses.items()},
        witnesses=witnesses,
        fields=fields,
    )


def _check_network(given: Network, trusted: Network) -> None:
    for name in ("chain_id", "network_id", "genesis", "contracts"):
        if getattr(given, name) != getattr(trusted, name):
            raise NetworkMismatch(f"The file is of another network: its {name} differs.", name=name)


def _blocks(evidence: EvidenceFile, network: Network) -> dict[int, Signed]:
    blocks: dict[int, Signed] = {}
    for block in evidence.blocks:
        if (block.body["chain_id"], block.body["genesis"]) != (network.chain_id, network.genesis):
            raise NetworkMismatch("A block is of another network.", height=block.body["height"])
        if blocks.setdefault(block.body["height"], block) is not block:
            raise BlockContradicted("A block is anchored twice.", height=block.body["height"])
    told = evidence.export.body
    last = blocks.get(told["height"])
    if (
        last is None
        or last.body["block_hash"] != told["block_hash"]
        or max(blocks) != told["height"]
    ):
        raise BlockContradicted(
            "The file's own height is not that of its last anchored block.", height=told["height"]
        )
    return blocks


def _events(
    evidence: EvidenceFile, blocks: dict[int, Signed], network: Network
) -> tuple[list[ProvedAct], list[ProvedFollow]]:
    receipts: dict[tuple[int, int], Receipt] = {}
    for (height, index), proof in evidence.receipts.items():
        if height not in blocks:
            raise EventNotProved("A receipt's block is not anchored.", height=height)
        root = bytes.fromhex(blocks[height].body["receipts_root"][2:])
        receipts[height, index] = prove_receipt(root, index, proof)
    places = [place for place, _ in evidence.acts] + list(evidence.follows)
    if len(set(places)) != len(places):
        raise EvidenceMalformed("An event stands in the file twice.")
    acts = [
        read_act(place, blocks[place.height].body["time"], _log(receipts, place), wire, network)
        for place, wire in sorted(evidence.acts)
    ]
    follows = [
        read_follow(place, _log(receipts, place), network) for place in sorted(evidence.follows)
    ]
    return acts, follows


def _log(receipts: dict[tuple[int, int], Receipt], place: Place) -> Log:
    receipt = receipts.get((place.height, place.index))
    if receipt is None or not receipt.succeeded or place.log >= len(receipt.logs):
        raise EventNotProved("An act's event is in no proved receipt.", height=place.height)
    return receipt.logs[place.log]


def _statuses(evidence: EvidenceFile, network: Network) -> dict[str, Signed]:
    export = evidence.export.body
    expected = (network.chain_id, network.genesis, export["height"], export["block_hash"])
    statuses: dict[str, Signed] = {}
    for status in evidence.statuses:
        body = status.body
        if (body["chain_id"], body["genesis"], body["height"], body["block_hash"]) != expected:
            raise BlockContradicted("A status is of another block.", object=body["object"])
        if statuses.setdefault(body["object"], status) is not status:
            raise BlockContradicted("An object has two statuses.", object=body["object"])
    return statuses


def _check_witnesses(
    evidence: EvidenceFile,
    statuses: dict[str, Signed],
    acts: list[ProvedAct],
    trust: Network,
    needed: int,
) -> frozenset[str]:
    exporter = evidence.export.body["exporter"]
    if set(evidence.export.signatures) != {exporter}:
        raise EvidenceMalformed("The export is not signed by the member it names.")
    check_witnessed(EXPORT, evidence.export, trust, 1, ())
    interested = {exporter, *_beneficiaries(evidence, statuses, acts)}
    signed = [
        check_witnessed(kind, statement, trust, needed, interested)
        for kind, statements in ((ANCHOR, evidence.blocks), (STATUS, statuses.values()))
        for statement in statements
    ]
    return frozenset.intersection(*signed)


def _beneficiaries(
    evidence: EvidenceFile, statuses: dict[str, Signed], acts: list[ProvedAct]
) -> set[str]:
    """Who gains by what the file says: whoever controls the title, and whoever surrendered it."""
    title = evidence.export.body["title"]
    told = statuses.get(title)
    controller = {told.body["controller"]} if told is not None else set()
    surrendered = {
        "0x" + a.act.principal.hex()
        for a in acts
        if a.act.name == "Surrender" and a.act.object.hex() == title[2:]
    }
    return (controller | surrendered) - {NOBODY}


def _check_complete(
    counters: dict[bytes, int], statuses: dict[str, Signed], evidence: EvidenceFile
) -> None:
    known = {"0x" + object_.hex(): counter for object_, counter in counters.items()}
    wanted = {evidence.export.body["title"], evidence.export.body["order"]} - {None}
    for object_ in sorted(wanted | set(known) | set(statuses)):
        status = statuses.get(object_)
        if status is None:
            raise HistoryIncomplete("An object has no status.", object=object_)
        if status.body["counter"] != known.get(object_, 0):
            raise HistoryIncomplete(
                "The file's last act of an object is not the last that the witnesses name.",
                object=object_,
                last=status.body["counter"],
                given=known.get(object_, 0),
            )


def _check_fields(evidence: EvidenceFile, acts: list[ProvedAct]) -> dict[str, JsonValue]:
    roots = {
        a.act.fields["root"]
        for a in acts
        if a.act.name == "Issue" and a.act.object.hex() == evidence.export.body["title"][2:]
    }
    fields: dict[str, JsonValue] = {}
    for disclosure in evidence.disclosures:
        for root in roots:
            try:
                fields |= check_disclosure(disclosure, root) if isinstance(root, bytes) else {}
            except RootMismatch as error:
                raise RootNotOnLedger(
                    "Disclosed fields do not lead to the root that the title was issued with."
                ) from error
        if not roots:
            raise RootNotOnLedger("The file discloses fields and has no issue of its title.")
    _check_containers(evidence, acts)
    return fields


def _check_containers(evidence: EvidenceFile, acts: list[ProvedAct]) -> None:
    body = evidence.export.body
    order, title = (bytes.fromhex((body[name] or "0x")[2:]) for name in ("order", "title"))
    tags: set[object] = set()
    for proved in acts:
        if proved.act.name == "OpenOrder" and proved.outcome is Outcome.DONE:
            containers = proved.act.fields["containers"]
            of_this = (proved.act.object, proved.act.fields["title"]) == (order, title)
            if of_this and isinstance(containers, list | tuple):
                tags |= set(containers)
    opened = {number for number, salt in evidence.containers if container_tag(number, salt) in tags}
    told = {number for number, _ in evidence.containers}
    missing = body["order"] is not None and body["container"] not in opened | {None}
    if opened != told or missing:
        raise ContainerNotInOrder("A container's number does not open one of the order's.")
