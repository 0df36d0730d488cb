"""Who is in the tests' small consortium: ids, keys and profiles, all derived from names."""

from hashlib import sha256
from pathlib import Path

from support.ledgers import ENGINE

from identity.acts.words import KeyPurpose, Role
from identity.keys.secp256k1 import SigningKey, key_id
from identity.profile.profile import Profile
from node.chain.founding import Admission, Assignment, Founding
from node.chain.network import Seat, WaitingTimes

ROLES = {
    "carrier": Role.CARRIER,
    "shipper": Role.SHIPPER,
    "bank": Role.BANK,
    "consignee": Role.CONSIGNEE,
    "terminal": Role.TERMINAL,
    "customs": Role.CUSTOMS,
}
SEATS = ("port authority", "chamber of shipping", "customs union")
LOADING, DISCHARGE = 7, 9
CONTAINER = "MAEU6543213"
OTHER_CONTAINER = "CSQU3054383"
BILL = Path(__file__).parents[1] / "data" / "bill" / "transport-document.json"


def member_id(name: str) -> bytes:
    """Return the id of a member or seat by its name."""
    return sha256(b"member " + name.encode()).digest()


def key_of(name: str, purpose: str, realm: str = "") -> SigningKey:
    """Return a key that only this member should have; in another ``realm``, a forger's."""
    return SigningKey(sha256(f"{name}'s {purpose} key{realm}".encode()).digest())


def profile_of(name: str) -> Profile:
    """Return a member's profile; its certificate is none, and nothing here connects to it."""
    return Profile(
        member=member_id(name),
        name_en=name.capitalize(),
        name_zh=name,
        peers_url="https://127.0.0.1:1",
        api_url="http://127.0.0.1:1",
        tls_certificates=(b"\x30" + name.encode(),),
        message_keys={"message": sha256(b"message" + name.encode()).digest()},
        envelope_keys={"envelope": sha256(b"envelope" + name.encode()).digest()},
        witness_keys=(key_of(name, "witness").address,),
    )


def hexed(value: bytes) -> str:
    """Return ``value`` as JSON holds it."""
    return "0x" + value.hex()


def founding_of(founder: SigningKey, seat_keys: dict[str, SigningKey], realm: str) -> Founding:
    """Return the founding of all members by the seats with these keys."""
    return Founding(
        nonce=hexed(sha256(b"a network").digest()),
        founder=hexed(founder.address),
        seats=tuple(Seat(seat, hexed(key.address)) for seat, key in seat_keys.items()),
        threshold=2,
        rulebook=hexed(sha256(b"rulebook").digest()),
        waiting=WaitingTimes(enforcement_seconds=1, transfer_seconds=1),
        admissions=tuple(_admission(name, role, realm) for name, role in ROLES.items()),
        assignments=(
            Assignment(DISCHARGE, Role.TERMINAL, hexed(member_id("terminal"))),
            Assignment(DISCHARGE, Role.CUSTOMS, hexed(member_id("customs"))),
        ),
        engine=ENGINE,
        operator="the demonstration's host",
    )


def _admission(name: str, role: Role, realm: str) -> Admission:
    purposes = {"act": KeyPurpose.ACT, "relay": KeyPurpose.RELAY, "witness": KeyPurpose.WITNESS}
    keys = tuple(
        (hexed(key_id(key_of(name, word, realm).address)), int(purpose))
        for word, purpose in purposes.items()
    )
    return Admission(hexed(member_id(name)), int(role), hexed(profile_of(name).hash), keys)
