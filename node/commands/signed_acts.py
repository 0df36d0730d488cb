"""Acts that came here signed: what they say, their digest, and whose key signed them."""

from collections.abc import Sequence
from dataclasses import dataclass

from identity.acts.typed import Act, batch, decode, digest
from identity.errors import SignatureInvalid
from identity.keys.secp256k1 import recover
from node.commands.bodies import to_bytes
from node.commands.preparing import Context
from node.commands.refusals import refusal_named


@dataclass(frozen=True)
class SignedAct:
    """An act of this network; ``digest`` is 32 bytes, ``signer`` the address that signed it."""

    act: Act
    digest: bytes
    signer: bytes


def read_signed(context: Context, wire: str) -> SignedAct:
    """Read an act's wire form, ``0x`` hex; whether its key counts is not asked here.

    Raises: ActMalformed, ContractRefused (SignatureInvalid).
    """
    act, signature, _ = decode(to_bytes(wire))
    hashed = digest(context.node.network.domain(act.type.contract), act)
    try:
        return SignedAct(act, hashed, recover(hashed, signature))
    except SignatureInvalid as error:
        raise refusal_named("SignatureInvalid") from error


def framed(wires: Sequence[str]) -> bytes:
    """Return acts as a proof attaches them: each behind its length (2 bytes), as in a batch."""
    return batch([to_bytes(wire) for wire in wires])
