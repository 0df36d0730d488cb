"""Checkpoints and reports of a split as commands: the proof attached, and early refusals."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.offline import OfflineMember, fields_of, new_id, refused

from identity.acts.typed import Act, Value, digest, encode
from identity.acts.words import OriginState, Role
from identity.keys.secp256k1 import SigningKey
from node.attestations.log import Log, attachment, prove
from node.audit.log import StoredLog
from node.commands.bodies import to_bytes, to_hex
from node.store.device_projections import LogOrigin
from privacy.merkle import leaf_hash


@pytest.fixture
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("logs"), "member", Role.SHIPPER)
    yield member
    member.node.close()


def log_of(entries: int) -> Log:
    log = Log()
    for number in range(entries):
        log.append(b"entry %d" % number)
    return log


def kept(member: OfflineMember, entries: int) -> None:
    """Let the node's audit log have these leaves; their rows are not asked for here."""
    with member.node.db.begin() as session:
        leaves = [(None, leaf_hash(b"entry %d" % number)) for number in range(entries)]
        StoredLog(session).append(leaves)


def published(member: OfflineMember, size: int, state: OriginState = OriginState.OPEN) -> None:
    """Let the node know this member's last checkpoint, of the first ``size`` entries."""
    root = to_hex(log_of(size).hash_of(0, size))
    member.put(
        LogOrigin(
            owner=member.id, origin=member.id, state=int(state), counter=2, size=size, root=root,
            last_block=1,
        )
    )  # fmt: skip


def later(log: Log, earlier: int) -> dict[str, Any]:
    proof = [to_hex(node) for node in prove(log, earlier, log.size)]
    return {"size": log.size, "root": to_hex(log.hash_of(0, log.size)), "proof": proof}


def test_the_first_checkpoint_attaches_nothing(member: OfflineMember) -> None:
    kept(member, 3)
    root = to_hex(log_of(3).hash_of(0, 3))
    command = member.ask("Checkpoint", size=3, root=root)
    assert command.act is not None
    fields = command.act["fields"]
    assert (fields["object"], fields["counter"], fields["size"]) == (member.id, 0, 3)
    assert [row.payload["attached"] for row in member.work_for(command)] == [""]
    assert refused(member, "Checkpoint", size=3, root=root, proof=[root]) == "PROOF_MALFORMED"


def test_a_later_checkpoint_attaches_the_earlier_size_and_the_proof(member: OfflineMember) -> None:
    published(member, 5)
    kept(member, 9)
    log = log_of(9)
    command = member.ask("Checkpoint", **later(log, 5))
    (row,) = member.work_for(command)
    assert row.payload["attached"] == attachment(5, prove(log, 5, 9)).hex()
    assert command.act is not None
    assert command.act["fields"]["counter"] == 2


def test_another_log_than_the_audit_log_is_not_published(member: OfflineMember) -> None:
    assert refused(member, "Checkpoint", size=3, root=new_id()) == "NOT_THE_AUDIT_LOG"
    kept(member, 4)
    assert refused(member, "Checkpoint", size=3, root=new_id()) == "NOT_THE_AUDIT_LOG"
    root = to_hex(log_of(3).hash_of(0, 3))
    assert member.ask("Checkpoint", size=3, root=root).state == "accepted"


def test_checkpoints_that_do_not_extend_the_log_are_refused_at_once(member: OfflineMember) -> None:
    published(member, 5)
    good = later(log_of(9), 5)
    cases: dict[str, dict[str, Any]] = {
        "SIZE_REFUSED": {"size": 5},
        "PROOF_MALFORMED": {"proof": good["proof"][1:]},
        "NOT_THE_LAST_CHECKPOINT": {"proof": [new_id() for _ in good["proof"]]},
        "NOT_AN_EXTENSION": {"root": new_id()},
    }
    assert {refused(member, "Checkpoint", **good | case) for case in cases.values()} == set(cases)
    published(member, 5, OriginState.SPLIT)
    assert refused(member, "Checkpoint", **good) == "ORIGIN_SPLIT"


def checkpoint(member: OfflineMember, origin: str, **changes: Value) -> str:
    """Return a checkpoint in wire form, as its origin signed it."""
    fields: dict[str, Value] = {
        "principal": to_bytes(origin), "delegation": bytes(32), "object": to_bytes(origin),
        "counter": 0, "expires": 1, "companion": bytes(32), "size": 4, "root": b"\x01" * 32,
    }  # fmt: skip
    act = Act("Checkpoint", fields | changes)
    hashed = digest(member.node.network.domain("Attestations"), act)
    return to_hex(encode(act, SigningKey((5).to_bytes(32, "big")).sign(hashed)))


def test_a_split_is_reported_with_both_checkpoints(member: OfflineMember) -> None:
    origin = member.other()
    first, second = (checkpoint(member, origin, root=bytes([n]) * 32) for n in (1, 2))
    body = {"owner": origin, "origin": origin, "first": first, "second": second}
    fields = fields_of(member, "ReportSplit", **body)
    assert (fields["object"], fields["owner"], fields["counter"]) == (origin, origin, 0)
    for other in (first, checkpoint(member, origin, root=b"\x02" * 32, size=5),
                  checkpoint(member, member.id, root=b"\x02" * 32)):  # fmt: skip
        assert refused(member, "ReportSplit", **body | {"second": other}) == "NOT_A_SPLIT"
