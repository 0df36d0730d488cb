"""Check an evidence file with nothing but the file and a trusted network.json.

No node, no network, no database is asked. The steps are numbered as docs/protocol/evidence.md
lists them; the first that fails gives its own code. What a file that passes proves, it says itself,
together with what it does not prove (node/evidence/report.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from identity.acts.words import SurrenderPurpose, TitleState
from node.chain.network import Network
from node.chain.network import check as check_network
from node.evidence.contents import Shown, check_contents
from node.evidence.cosigned import CoSigned, check_companions
from node.evidence.errors import (
    BlockContradicted,
    EventNotProved,
    EvidenceMalformed,
    HistoryIncomplete,
    NetworkMismatch,
    StatusContradicted,
)
from node.evidence.file import EvidenceFile
from node.evidence.history import (
    CONTRACT_OF,
    Contracts,
    Place,
    ProvedAct,
    ProvedFollow,
    last_counters,
    read_act,
    read_follow,
)
from node.evidence.keys import Keys
from node.evidence.receipts import Log, Receipt, prove_receipt
from node.evidence.standing import Stand, Standing
from node.evidence.statements import (
    ANCHOR,
    DEFAULT_WITNESSES,
    EXPORT,
    STATUS,
    Signed,
    check_witnessed,
)

NOBODY = "0x" + "0" * 64


@dataclass(frozen=True)
class Verdict:
    """What a file that holds says; ids are ``0x`` hex.

    Attributes:
        proved: with a trust file; without one the file is consistent, and that is all.
        network: the trust file, or without one what the file says of itself.
        height, block_hash, time: the block "as of" which everything is said; UTC seconds.
        acts: every act, in the ledger's order.
        follows: changes of other objects, in the ledger's order.
        frozen: under which authorities' orders the title is frozen: order → authority.
        held: under which their orders the release is held.
        standing: how each object stands, by id.
        holder, pledgee: of the title; None for nobody.
        witnesses: members that signed every block and status.
        shown: disclosed fields, containers and names.
        cosigned: SM2 co-signatures, by the digest of their act.
    """

    proved: bool
    network: Network
    exporter: str
    title: str
    order: str | None
    container: str | None
    height: int
    block_hash: str
    time: int
    acts: tuple[ProvedAct, ...]
    follows: tuple[ProvedFollow, ...]
    standing: Mapping[str, Stand]
    frozen: Mapping[str, str]
    held: Mapping[str, str]
    holder: str | None
    pledgee: str | None
    witnesses: frozenset[str]
    shown: Shown
    cosigned: Mapping[bytes, CoSigned]


def verify(
    evidence: EvidenceFile, trust: Network | None, needed: int = DEFAULT_WITNESSES
) -> Verdict:
    """Check ``evidence``; return what it proves.

    Args:
        trust: the verifier's own network.json, its council signatures already checked. Without
            it the same steps are taken by the file's own network.json, which anyone can make:
            the verdict is then "consistent, not proved".
        needed: how many members must have witnessed each block and status, at least 1.

    Raises:
        EvidenceRefused, EvidenceMalformed, PrivacyError: the first step that fails. Without a
        trust file also what ``network.check`` raises.
    """
    # 1. The file speaks of the trusted network.
    network = _network(evidence, trust)
    # 2. Every receipt stands in its block; every act and follow-up is an event of a receipt, and
    #    every act is signed by the key its event tells.
    blocks = _blocks(evidence, network)
    acts, follows = _events(evidence, blocks, Contracts(network))
    # 3. Who signed might sign: council seats, members' keys and lanes as of each act.
    keys = Keys(network)
    for proved in acts:
        keys.follow(proved)
    # 4. No act is missing between the first and the last of each object, and every act is of the
    #    title the file is about, of its order, or of a member or lane that acted on them.
    counters = last_counters(acts, follows)
    body = evidence.export.body
    standing = Standing(_bytes(body["title"]), _bytes(body["order"]) if body["order"] else None)
    standing.replay(acts, follows)
    # 5. Blocks, export and statuses are signed by witnesses that the trust file lists.
    statuses = _statuses(evidence, network)
    witnesses = _check_witnesses(evidence, statuses, acts, network, needed, keys.ended)
    # 6. The last act in the file is the last one that the witnesses name, of every object, and
    #    the acts add up to what the witnesses saw.
    _check_complete(counters, statuses, standing, evidence)
    # 7. Disclosed fields, containers and profiles are those that the acts commit to.
    shown = check_contents(evidence, standing, keys.profiles)
    # 8. SM2 co-signatures are those of the acts, under roots that these profiles name.
    cosigned = check_companions(evidence.companions, acts, evidence.profiles)
    return Verdict(
        proved=trust is not None,
        network=network,
        exporter=body["exporter"],
        title=body["title"],
        order=body["order"],
        container=body["container"],
        height=body["height"],
        block_hash=body["block_hash"],
        time=blocks[body["height"]].body["time"],
        acts=tuple(acts),
        follows=tuple(follows),
        standing={_hex(object_): stand for object_, stand in standing.objects.items()},
        frozen={_hex(order): _hex(by) for order, by in standing.frozen.items()},
        held={_hex(order): _hex(by) for order, by in standing.held.items()},
        holder=_someone(standing.title.holder),
        pledgee=_someone(standing.title.pledgee),
        witnesses=witnesses,
        shown=shown,
        cosigned=cosigned,
    )


def _network(evidence: EvidenceFile, trust: Network | None) -> Network:
    given = evidence.network
    if trust is None:
        check_network(given)
        return given
    for name in ("chain_id", "network_id", "genesis", "contracts"):
        if getattr(given, name) != getattr(trust, name):
            raise NetworkMismatch(f"The file is of another network: its {name} differs.", name=name)
    return trust


def _blocks(evidence: EvidenceFile, network: Network) -> dict[int, Signed]:
    blocks: dict[int, Signed] = {}
    for block in evidence.blocks:
        height = block.body["height"]
        if (block.body["chain_id"], block.body["genesis"]) != (network.chain_id, network.genesis):
            raise NetworkMismatch("A block is of another network.", height=height)
        if blocks.setdefault(height, block) is not block:
            raise BlockContradicted("A block is anchored twice.", height=height)
    ordered = [blocks[height].body for height in sorted(blocks)]
    if any(one["time"] > next_["time"] for one, next_ in pairwise(ordered)):
        raise BlockContradicted("A higher block is earlier than a lower one.")
    told = evidence.export.body
    if (ordered[-1]["height"], ordered[-1]["block_hash"]) != (told["height"], told["block_hash"]):
        raise BlockContradicted(
            "The file's own height is not that of its last anchored block.", height=told["height"]
        )
    return blocks


def _events(
    evidence: EvidenceFile, blocks: dict[int, Signed], contracts: Contracts
) -> tuple[list[ProvedAct], list[ProvedFollow]]:
    receipts: dict[tuple[int, int], Receipt] = {}
    for (height, index), proof in evidence.receipts.items():
        if height not in blocks:
            raise EventNotProved("A receipt's block is not anchored.", height=height)
        root = _bytes(blocks[height].body["receipts_root"])
        receipts[height, index] = prove_receipt(root, index, proof)
    places = [place for place, _ in evidence.acts] + list(evidence.follows)
    if len(set(places)) != len(places):
        raise EvidenceMalformed("An event stands in the file twice.")
    acts = []
    for place, wire in sorted(evidence.acts):
        log = _log(receipts, place)
        proved = read_act(place, blocks[place.height].body["time"], log, wire, contracts)
        contracts.follow(proved)
        acts.append(proved)
    follows = [
        read_follow(place, _log(receipts, place), contracts) for place in sorted(evidence.follows)
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
    network: Network,
    needed: int,
    ended: Mapping[str, int],
) -> frozenset[str]:
    body = evidence.export.body
    exporter = body["exporter"]
    if set(evidence.export.signatures) != {exporter}:
        raise EvidenceMalformed("The export is not signed by the member it names.")
    check_witnessed(EXPORT, evidence.export, network, 1, (), ended)
    interested = {exporter, *_beneficiaries(statuses, acts, body["title"])}
    signed = [
        check_witnessed(kind, statement, network, needed, interested, ended)
        for kind, statements in ((ANCHOR, evidence.blocks), (STATUS, statuses.values()))
        for statement in statements
    ]
    return frozenset.intersection(*signed)


def _beneficiaries(statuses: dict[str, Signed], acts: list[ProvedAct], title: str) -> set[str]:
    """Who gains by what the file says.

    Whoever controls the title, whoever surrendered it, to whom an order gave it, who took a
    pickup right, and the carrier, whom a delivery discharges.
    """
    controllers = {statuses[title].body["controller"]} if title in statuses else set()
    surrendered = {
        _hex(proved.act.principal)
        for proved in acts
        if proved.act.name == "Surrender"
        and proved.act.fields["purpose"] == SurrenderPurpose.DELIVERY
    }
    named = {
        _hex(cast(bytes, proved.act.fields["to"]))
        for proved in acts
        if proved.act.name in {"ProposeTransfer", "TransferRight"}
    }
    carrier = {_hex(proved.act.principal) for proved in acts if proved.act.name == "Issue"}
    delivered = title in statuses and statuses[title].body["status"] == TitleState.DELIVERED
    return (controllers | surrendered | named | (carrier if delivered else set())) - {NOBODY}


def _check_complete(
    counters: dict[tuple[str, bytes], int],
    statuses: dict[str, Signed],
    standing: Standing,
    evidence: EvidenceFile,
) -> None:
    body = evidence.export.body
    wanted = {_bytes(body[name]) for name in ("title", "order") if body[name]}
    if missing := wanted - standing.objects.keys():
        raise HistoryIncomplete("The file has no first act.", object=_hex(min(missing)))
    for object_, stand in standing.objects.items():
        status = statuses.get(_hex(object_))
        if status is None:
            raise HistoryIncomplete("An object has no status.", object=_hex(object_))
        last = status.body["counter"]
        given = counters.get((CONTRACT_OF[stand.kind], object_), 0)
        if last != given:
            raise HistoryIncomplete(
                "The file's last act of an object is not the last that the witnesses name.",
                object=_hex(object_),
                last=last,
                given=given,
            )
        told = (status.body["kind"], status.body["status"], status.body["controller"])
        if told != (stand.kind, stand.status, _hex(stand.controller)):
            raise StatusContradicted(
                "The acts add up to another standing than the witnesses saw.", object=_hex(object_)
            )
    if unknown := statuses.keys() - {_hex(object_) for object_ in standing.objects}:
        raise HistoryIncomplete("A status speaks of an object without acts.", object=min(unknown))


def _someone(member: bytes) -> str | None:
    return _hex(member) if any(member) else None


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
