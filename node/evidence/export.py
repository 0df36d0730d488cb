"""Make an evidence file: gather what this member's node knows, prove it, have it witnessed.

The exporter shows only what its caller puts in ``Subject``; everything else in the file stands on
the ledger. A file that does not hold is never given out: it is verified here first.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from identity.acts.words import KeyPurpose
from identity.companions.companion import Companion
from identity.errors import IdentityError
from identity.keys.secp256k1 import SigningKey
from identity.profile.profile import Profile
from identity.signatures.statements import recover_statement
from node.chain.network import Network
from node.chain.rpc import Ledger, read_bytes
from node.chain.versions import in_force
from node.errors import LedgerUnavailable, NodeError
from node.evidence.cosigned import check_companions
from node.evidence.errors import EvidenceRefused, NothingToProve, WitnessesMissing
from node.evidence.file import EvidenceFile
from node.evidence.gather import companions_of, events_of, objects_of, prove_events, wires_of
from node.evidence.statements import (
    ANCHOR,
    DEFAULT_WITNESSES,
    EXPORT,
    STATUS,
    Body,
    Signed,
    sign,
    witnesses_at,
)
from node.evidence.verify import verify
from node.evidence.witness import MAX_STATEMENTS, anchor_bodies, status_bodies
from node.store.database import Database
from node.store.projections import ACTED, FOLLOWED, ChainCursor, MemberKey
from privacy.disclosures import Disclosure

AskWitness = Callable[[str, Body], Body]
"""Asks a member's node for its witness signatures; raises NodeError when it gives none."""


@dataclass(frozen=True)
class Subject:
    """What a file is about; what follows ``container`` is what the exporter shows of it."""

    title: str
    order: str | None = None
    container: str | None = None
    disclosures: tuple[Disclosure, ...] = ()
    containers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Exporter:
    """A member's node as it makes evidence.

    Attributes:
        key: the member's witness key.
        ask: how other members' nodes are asked.
        profiles: the profiles this node holds of these members; those it lacks are left out.
    """

    member: str
    network: Network
    ledger: Ledger
    database: Database
    key: SigningKey
    ask: AskWitness
    profiles: Callable[[Sequence[str]], Sequence[Profile]]

    def export(self, subject: Subject) -> EvidenceFile:
        """Return the evidence of ``subject`` as of the last block this node has seen final.

        Raises:
            NothingToProve: this node knows no act of the title, or no such order.
            WitnessesMissing: too few other members' nodes gave their signatures.
            LedgerUnavailable: the ledger does not answer, or not as this node saw it.
        """
        with self.database.read() as session:
            cursor = session.get(ChainCursor, 1)
            pairs = objects_of(session, subject.title, subject.order, self.member)
            events = events_of(session, pairs)
            if cursor is None or not any(event.object == subject.title for event in events):
                raise NothingToProve("This node knows no act of that title.", title=subject.title)
            heights = sorted({event.block for event in events} | {cursor.block})
            blocks = anchor_bodies(session, self.ledger, self.network, heights)
            now = in_force(session, self.network, cursor.block)
            kept = companions_of(session, [read_bytes(each.digest) for each in events])
            ended = _ended_keys(session)
        statuses = status_bodies(self.ledger, now, pairs, blocks[-1])
        places, receipts = prove_events(self.ledger, events)
        wires = wires_of(self.ledger, events)
        signed_blocks, signed_statuses = self._witnessed(blocks, statuses, pairs, ended)
        members = [object_ for kind, object_ in pairs if kind == "member"]
        acted = [event for event in events if event.kind == ACTED]
        followed = [event for event in events if event.kind == FOLLOWED]
        evidence = EvidenceFile(
            network=self.network,
            export=self._export(subject, blocks[-1]),
            blocks=signed_blocks,
            receipts=receipts,
            acts=tuple((places[e.block, e.log_index], wires[e.digest]) for e in acted),
            follows=tuple(places[e.block, e.log_index] for e in followed),
            statuses=signed_statuses,
            disclosures=subject.disclosures,
            containers=subject.containers,
            profiles=tuple(self.profiles(members)),
        )
        self._check(evidence)
        return self._with_companions(evidence, kept)

    def _with_companions(
        self, evidence: EvidenceFile, kept: Mapping[bytes, Companion]
    ) -> EvidenceFile:
        """Add those co-signatures that the file's own profiles vouch for."""
        if not kept:
            return evidence
        verdict = verify(evidence, self.network)
        shown: list[tuple[bytes, Companion]] = []
        for proved in verdict.acts:
            pair = [(proved.digest, kept[proved.digest])] if proved.digest in kept else []
            with suppress(EvidenceRefused):
                check_companions(pair, [proved], evidence.profiles)
                shown += pair
        return replace(evidence, companions=tuple(shown))

    def _check(self, evidence: EvidenceFile) -> None:
        try:
            verify(evidence, self.network)
        except EvidenceRefused as error:
            raise LedgerUnavailable(
                f"The ledger's answers do not make a file that holds: {error.message}",
                refusal=error.code,
            ) from error

    def _export(self, subject: Subject, last: Body) -> Signed:
        body: Body = {
            "exporter": self.member,
            "title": subject.title,
            "order": subject.order,
            "container": subject.container,
            "height": last["height"],
            "block_hash": last["block_hash"],
            "at": int(time.time()),
        }
        return Signed(body, {self.member: sign(EXPORT, body, self.key)})

    def _witnessed(
        self,
        blocks: list[Body],
        statuses: list[Body],
        pairs: list[tuple[str, str]],
        ended: Mapping[str, int],
    ) -> tuple[tuple[Signed, ...], tuple[Signed, ...]]:
        """Have the statements signed by every other member that the network lists as a witness."""
        listed = witnesses_at(self.network, blocks[-1]["height"], ended)
        others = sorted(set(listed.values()) - {self.member})
        answered: dict[str, tuple[list[str], list[str]]] = {}
        silent: list[str] = []
        with ThreadPoolExecutor(8) as threads:
            asked = {
                member: threads.submit(self._ask, member, blocks, statuses, pairs, ended)
                for member in others
            }
            for member, answer in asked.items():
                try:
                    answered[member] = answer.result()
                except NodeError:
                    silent.append(member)
        if len(answered) < DEFAULT_WITNESSES:
            raise WitnessesMissing(
                f"{len(answered)} other members have witnessed; {DEFAULT_WITNESSES} are needed.",
                silent=silent,
            )
        answered[self.member] = (
            [sign(ANCHOR, body, self.key) for body in blocks],
            [sign(STATUS, body, self.key) for body in statuses],
        )
        return (
            self._signed(ANCHOR, blocks, {m: given for m, (given, _) in answered.items()}, ended),
            self._signed(STATUS, statuses, {m: given for m, (_, given) in answered.items()}, ended),
        )

    def _signed(
        self, kind: str, bodies: list[Body], given: dict[str, list[str]], ended: Mapping[str, int]
    ) -> tuple[Signed, ...]:
        """Put each signature beside its body where its key counts at that height."""
        statements = []
        for place, body in enumerate(bodies):
            listed = witnesses_at(self.network, body["height"], ended)
            signatures = {member: signed[place] for member, signed in given.items()}
            counted = {
                member: signature
                for member, signature in signatures.items()
                if listed.get(_signer(kind, body, signature)) == member
            }
            statements.append(Signed(body, counted))
        return tuple(statements)

    def _ask(
        self,
        member: str,
        blocks: list[Body],
        statuses: list[Body],
        pairs: list[tuple[str, str]],
        ended: Mapping[str, int],
    ) -> tuple[list[str], list[str]]:
        """Ask one witness, in parts that its answer can hold; raises WitnessesMissing."""
        last = blocks[-1]["height"]
        anchors: list[str] = []
        told: list[str] = []
        heights = [block["height"] for block in blocks]
        for start in range(0, len(heights), MAX_STATEMENTS):
            part = heights[start : start + MAX_STATEMENTS]
            answer = self.ask(member, {"heights": part, "objects": [], "height": last})
            anchors += _signatures(answer, "anchors", len(part))
        for start in range(0, len(pairs), MAX_STATEMENTS):
            objects = [
                {"kind": kind, "object": object_}
                for kind, object_ in pairs[start : start + MAX_STATEMENTS]
            ]
            answer = self.ask(member, {"heights": [], "objects": objects, "height": last})
            told += _signatures(answer, "statuses", len(objects))
        listed = witnesses_at(self.network, last, ended)
        # A signature over another body recovers another key: then that node saw something else.
        seen = [listed.get(_signer(STATUS, *each)) for each in zip(statuses, told, strict=True)]
        seen.append(listed.get(_signer(ANCHOR, blocks[-1], anchors[-1])))
        if set(seen) != {member}:
            raise WitnessesMissing("A witness saw something else than this node.", member=member)
        return anchors, told


def _ended_keys(session: Session) -> dict[str, int]:
    """Return the height at which each revoked witness key (an address) was revoked."""
    query = select(MemberKey).where(
        MemberKey.purpose == int(KeyPurpose.WITNESS), col(MemberKey.revoked_block).is_not(None)
    )
    ended = {"0x" + row.key[-40:]: row.revoked_block for row in session.exec(query)}
    return {key: height for key, height in ended.items() if height is not None}


def _signatures(answer: object, name: str, count: int) -> list[str]:
    given = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(given, list) or len(given) != count:
        raise WitnessesMissing("A witness answered in another form.")
    return [str(signature) for signature in given]


def _signer(kind: str, body: Body, signature: str) -> str:
    try:
        return "0x" + recover_statement(kind, body, signature).hex()
    except IdentityError:
        return ""
