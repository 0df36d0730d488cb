"""The proof that a lane signed two acts under one counter: whoever has both shows them."""

from identity.acts.types import LANE_VERBS
from identity.acts.words import DeviceState
from node.commands.bodies import Body, Id, SignedWire, to_bytes
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.commands.signed_acts import SignedAct, framed, read_signed
from node.devices.devices import device_at
from node.store.device_projections import Device


class ProveEquivocationBody(Body):
    """Two acts of the lane ``device`` with one device counter and different content."""

    device: Id
    first: SignedWire
    second: SignedWire


def prepare_prove_equivocation(context: Context, body: ProveEquivocationBody) -> Prepared:
    """Take the lane out of service for good. Raises: ActMalformed, ContractRefused."""
    lane = device_at(context, body.device)
    if lane.state == DeviceState.EQUIVOCATED:
        raise refusal_named("WrongState", object=lane.id, state=lane.state)
    first, second = (read_signed(context, wire) for wire in (body.first, body.second))
    proved = (
        _is_of(lane, first)
        and _is_of(lane, second)
        and first.digest != second.digest
        and first.act.fields["deviceCounter"] == second.act.fields["deviceCounter"]
    )
    if not proved:
        raise refusal_named(
            "NotAnEquivocation", lane=lane.id, first=first.digest, second=second.digest
        )
    return Prepared(
        to_bytes(lane.id),
        0,
        {"first": first.digest, "second": second.digest},
        attached=framed((body.first, body.second)),
    )


def _is_of(lane: Device, signed: SignedAct) -> bool:
    of_lane = signed.act.name in LANE_VERBS and signed.act.fields["lane"] == to_bytes(lane.id)
    return of_lane and "0x" + signed.signer.hex() == lane.key
