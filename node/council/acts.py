"""Acts that a council seat has signed: checked for form and seat, and relayed as they are.

The seat's key is in its own directory, away from every node; any member's node may relay for it.
"""

from sqlmodel import select

from identity.acts.typed import decode
from identity.errors import ActMalformed
from node.commands.bodies import Body, SignedWire, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.commands.signed_acts import read_signed
from node.council.motions import CARRIED, VERBS, motion_id, motions
from node.store.council_projections import Council, CouncilSeat


class CouncilActBody(Body):
    """An act as a council seat signed it: code, words and signature, ``0x`` hex."""

    act: SignedWire


def verb_of(body: CouncilActBody) -> str:
    """Return the name of the act's verb; raises ActMalformed unless it is a council's."""
    act, *_ = decode(to_bytes(body.act))
    if act.name not in VERBS:
        raise ActMalformed(f"{act.name} is not an act of the council.", name=act.name)
    return act.name


def prepare_council_act(context: Context, verb: str, body: CouncilActBody) -> Prepared:
    """Check a seat's act and give it as it is.

    1. It is one encoding of ``verb`` and has not expired. 2. Its key is a seat's in the council in
    force, and the seat is its principal's. 3. The seat has not assented to the motion already, and
    the motion has not taken effect.

    Raises: ActMalformed, ContractRefused.
    """
    signed = read_signed(context, body.act)
    act = signed.act
    if act.name != verb:
        raise ActMalformed(f"This is not a {verb}.", name=act.name)
    if act.expires < context.now:
        raise refusal_named("ActExpired", expires=act.expires)
    principal, key = to_hex(act.principal), to_hex(signed.signer)
    seats = context.session.exec(select(CouncilSeat).where(CouncilSeat.key == key)).all()
    if principal not in {seat.member for seat in seats}:
        raise refusal_named("NotACouncilSeat", principal=principal, key=key)
    council = context.session.exec(select(Council)).first()
    name = motion_id(0 if council is None else council.counter, act)
    for motion in motions(context.session):
        if motion.id == name and motion.state == CARRIED:
            raise refusal_named("MotionCarried", motion=name)
        if motion.id == name and principal in motion.assents:
            raise refusal_named("SeatAssented", motion=name, principal=principal)
    return Prepared(act.object, act.counter, act.fields, wire=to_bytes(body.act))
