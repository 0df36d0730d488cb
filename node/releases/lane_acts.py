"""Acts that a lane has signed: checked for form and origin, and relayed as they are.

The gateway at the edge signs; the node holds no lane key and changes nothing. Whether the
conditions are met is not asked here: an early gate-out must reach the ledger, which records it.
"""

from identity.acts.objects import right_id
from identity.acts.typed import Act, decode
from identity.acts.types import LANE_VERBS
from identity.acts.words import Direction, Role
from identity.errors import ActMalformed
from identity.keys.secp256k1 import key_id
from node.commands.bodies import Body, SignedWire, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.commands.signed_acts import SignedAct, read_signed
from node.store.device_projections import Device
from node.store.projections import DeliveryOrder, PickupRight

MAX_ACT_SECONDS = 300
# Between the lane's clock and this node's.
CLOCK_SECONDS = 30


class LaneActBody(Body):
    """An act as a lane signed it: code, words and signature, ``0x`` hex."""

    act: SignedWire


def verb_of(body: LaneActBody) -> str:
    """Return the name of the act's verb; raises ActMalformed unless it is a lane's."""
    act, *_ = decode(to_bytes(body.act))
    if act.name not in LANE_VERBS:
        raise ActMalformed(f"{act.name} is not an act of a lane.", name=act.name)
    return act.name


def prepare_lane_act(context: Context, verb: str, body: LaneActBody) -> Prepared:
    """Check a lane's act and give it as it is.

    1. It is one encoding of ``verb``, in this member's name. 2. It expires within the contract's
    bound. 3. It names a right of an order of this terminal, or where a depot may act, of the port
    that it is assigned to. 4. Its lane is registered to this member, and its signature, for this
    network's Releases contract, is that lane's key's.

    Raises: ActMalformed, ContractRefused.
    """
    signed = read_signed(context, body.act)
    act = signed.act
    if act.name != verb or act.principal != to_bytes(context.member):
        raise ActMalformed(f"This is not a {verb} of this terminal.", name=act.name)
    if act.expires < context.now:
        raise refusal_named("ActExpired", expires=act.expires)
    if act.expires > context.now + MAX_ACT_SECONDS + CLOCK_SECONDS:
        raise refusal_named("LaneActTooFarAhead", expires=act.expires)
    _require_right(context, act)
    _require_lane_key(context, signed)
    return Prepared(act.object, act.counter, act.fields, wire=to_bytes(body.act))


def _require_right(context: Context, act: Act) -> None:
    order_id, tag = (_id_field(act, name) for name in ("order", "container"))
    order = context.session.get(DeliveryOrder, to_hex(order_id))
    if order is None:
        raise refusal_named("ObjectUnknown", object=to_hex(order_id))
    if order.terminal != context.member and not _depot_may(context, act, order):
        raise refusal_named(
            "NotTheTerminal", order=order.id, principal=context.member, terminal=order.terminal
        )
    right = context.session.get(PickupRight, to_hex(act.object))
    if right is None or act.object != right_id(order_id, tag):
        raise refusal_named("ObjectUnknown", object=to_hex(act.object))


def _depot_may(context: Context, act: Act, order: DeliveryOrder) -> bool:
    """Say whether this member takes equipment back at the order's port, and the act says that."""
    back = act.name == "ReturnEmpty" or act.fields.get("direction") == Direction.IN
    return back and context.assigned_port((order.port,), Role.DEPOT) is not None


def _require_lane_key(context: Context, signed: SignedAct) -> None:
    lane_id = to_hex(_id_field(signed.act, "lane"))
    lane = context.session.get(Device, lane_id)
    if lane is None:
        raise refusal_named("DeviceUnknown", device=lane_id)
    if lane.principal != context.member or lane.key != to_hex(signed.signer):
        key = to_hex(key_id(signed.signer))
        raise refusal_named("KeyNotValid", principal=context.member, key=key)


def _id_field(act: Act, name: str) -> bytes:
    value = act.fields[name]
    if not isinstance(value, bytes):
        raise ActMalformed(f"{name} is not 32 bytes.", field=name)
    return value
