"""Publishing this member's log: its size, its root, and the proof that it extends the last one.

A member's own log is its audit log, and no other root goes out for it: a second log under the same
origin would end both. A checkpoint is checked against the last one on the ledger; and a proof of
two that contradict each other is handed in.
"""

from typing import Annotated

from pydantic import Field

from identity.acts.typed import Value
from identity.acts.words import OriginState
from node.attestations.log import attachment, roots
from node.audit.log import StoredLog
from node.commands.bodies import Body, Id, SignedWire, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.commands.signed_acts import SignedAct, framed, read_signed
from node.errors import NotTheAuditLog
from node.store.device_projections import LogOrigin

MAX_PROOF_NODES = 66
# JSON numbers are exact up to here.
MAX_LOG_SIZE = 2**53 - 1


class CheckpointBody(Body):
    """This member's log has ``size`` entries and ``root``; ``proof`` leads there from the last."""

    size: Annotated[int, Field(ge=1, le=MAX_LOG_SIZE)]
    root: Id
    proof: Annotated[list[Id], Field(max_length=MAX_PROOF_NODES, default_factory=list)]


class ReportSplitBody(Body):
    """Two checkpoints of ``origin``, a member or device of ``owner``: one size and two roots."""

    owner: Id
    origin: Id
    first: SignedWire
    second: SignedWire


def prepare_checkpoint(context: Context, body: CheckpointBody) -> Prepared:
    """Publish a checkpoint of the audit log. Raises: ContractRefused, NotTheAuditLog."""
    log = context.session.get(LogOrigin, (context.member, context.member))
    fields: dict[str, Value] = {"size": body.size, "root": to_bytes(body.root)}
    if log is None:
        if body.proof:
            raise refusal_named("ProofMalformed", origin=context.member, size=body.size)
        _require_own(context, body)
        return Prepared(to_bytes(context.member), 0, fields)
    proof = [to_bytes(node) for node in body.proof]
    _require_extends(log, body, proof)
    _require_own(context, body)
    return Prepared(
        to_bytes(context.member), log.counter, fields, attached=attachment(log.size, proof)
    )


def prepare_report_split(context: Context, body: ReportSplitBody) -> Prepared:
    """Show that an origin signed two roots for one size. Raises: ActMalformed, ContractRefused."""
    log = context.session.get(LogOrigin, (body.owner, body.origin))
    if log is not None and log.state == OriginState.SPLIT:
        raise refusal_named("OriginSplit", origin=body.origin)
    first, second = (read_signed(context, wire) for wire in (body.first, body.second))
    one, other = first.act.fields, second.act.fields
    of_log = _is_of(body, first) and _is_of(body, second)
    if not of_log or one["size"] != other["size"] or one["root"] == other["root"]:
        raise refusal_named(
            "NotASplit", origin=body.origin, first=first.digest, second=second.digest
        )
    return Prepared(
        to_bytes(body.origin),
        0,
        {"owner": to_bytes(body.owner), "first": first.digest, "second": second.digest},
        attached=framed((body.first, body.second)),
    )


def _require_own(context: Context, body: CheckpointBody) -> None:
    stored = StoredLog(context.session)
    if body.size > stored.size or to_hex(stored.hash_of(0, body.size)) != body.root:
        raise NotTheAuditLog("The audit log has another root.", size=body.size, sealed=stored.size)


def _require_extends(log: LogOrigin, body: CheckpointBody, proof: list[bytes]) -> None:
    if log.state == OriginState.SPLIT:
        raise refusal_named("OriginSplit", origin=log.origin)
    if body.size <= log.size:
        raise refusal_named("SizeRefused", origin=log.origin, earlier=log.size, size=body.size)
    shown = roots(log.size, body.size, proof)
    if shown is None:
        raise refusal_named("ProofMalformed", origin=log.origin, size=body.size)
    earlier, later = map(to_hex, shown)
    if earlier != log.root:
        raise refusal_named(
            "NotTheLastCheckpoint", origin=log.origin, earlier=log.size, root=earlier
        )
    if later != body.root:
        raise refusal_named("NotAnExtension", origin=log.origin, root=body.root, proved=later)


def _is_of(body: ReportSplitBody, signed: SignedAct) -> bool:
    act = signed.act
    return (
        act.name == "Checkpoint"
        and act.principal == to_bytes(body.owner)
        and act.object == to_bytes(body.origin)
    )
