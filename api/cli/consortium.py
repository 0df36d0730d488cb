"""Lay down a small consortium on one machine: six members and their founding.

Everything is written below one directory, each member in its own (0700). A consortium that is
there is used as it is; one whose founding was cut short is finished. What ``up`` must remember to
start the members again, passphrases and tokens, stands in ``consortium.json`` (0600): a machine
that runs six companies at once is a demonstration, and says so.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.ports import HOST, free_ports
from api.cli.shared_ledger import SharedLedger
from identity.acts.words import KeyPurpose, Role
from identity.council.seat import KEY, STORE
from identity.council.seat import create as create_seat
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey
from node.chain.founding import Admission, Assignment, Founding, found
from node.chain.network import Network, Seat
from node.chain.rpc import Ledger
from node.documents.rulebook import default_rulebook, rulebook_hash
from node.member import Addresses, NewMember, create_member, grant_tokens, write_json

TOKEN_ROLES = ("issuer", "clerk", "finance", "gate", "officer", "auditor", "admin")
PORT_OF_DISCHARGE = "DEBRV"
SENSOR = "camera-1"


@dataclass(frozen=True)
class Part:
    """One member of the consortium: its directory's name, its names, what it is in the trade."""

    name: str
    names: tuple[str, str]
    roles: Role
    credit_code: str | None = None


PARTS = (
    Part("carrier", ("Eastern Tide Lines", "东潮航运"), Role.CARRIER, "91310000MA1FE5T1XT"),
    Part("shipper", ("Aarhus Export House", "奥胡斯出口公司"), Role.SHIPPER),
    Part("bank", ("Harbour Trade Bank", "海港贸易银行"), Role.BANK),
    Part("consignee", ("Weser Import Company", "威悉进口公司"), Role.CONSIGNEE),
    Part("terminal", ("Bremerhaven North Terminal", "不来梅港北码头"), Role.TERMINAL),
    Part("customs", ("Bremerhaven Customs Office", "不来梅港海关"), Role.CUSTOMS),
)
SEATS = ("carrier", "terminal", "customs")
THRESHOLD = 2
FOUNDING_SECONDS = 3600


@dataclass(frozen=True)
class Consortium:
    """A consortium that is laid down, as ``consortium.json`` tells it."""

    directory: Path
    told: dict[str, Any]

    @staticmethod
    def load(directory: Path) -> Consortium | None:
        """Return the consortium in ``directory``; None if none was ever laid down whole."""
        path = directory / "consortium.json"
        if not path.exists():
            return None
        return Consortium(directory, json.loads(path.read_text(encoding="utf-8")))

    @property
    def engine(self) -> str:
        """Which shared ledger it runs on: ``embedded`` or ``avalanche``."""
        return str(self.told.get("engine", "embedded"))


def lay_down(
    directory: Path, url_of: Callable[[str], str]
) -> tuple[list[NewMember], dict[str, Any]]:
    """Write the members' directories; return the members and what ``consortium.json`` will say.

    Args:
        url_of: the ledger's JSON-RPC that a member uses, by the member's name.

    Raises:
        FileExistsError: a member's directory is there, from a start that was cut short.
    """
    ports = free_ports(2 * len(PARTS) + 1)
    members: list[NewMember] = []
    told: dict[str, Any] = {"consortium": 1, "ledger": url_of(PARTS[0].name), "members": {}}
    for part in PARTS:
        passphrases = {"signer": secrets.token_urlsafe(32), "node": secrets.token_urlsafe(32)}
        api, peers = ports.pop(), ports.pop()
        home = directory / part.name
        addresses = Addresses(HOST, api, peers, url_of(part.name))
        new = create_member(home, part.names, part.roles, addresses, passphrases, part.credit_code)
        members.append(new)
        told["members"][part.name] = {
            "id": new.hex_id,
            "directory": str(home),
            "names": list(part.names),
            "api": f"http://{HOST}:{api}",
            "tokens": grant_tokens(home, TOKEN_ROLES),
            "passphrases": passphrases,
        }
    for member in members:
        for other in members:
            write_json(
                member.directory / "profiles" / f"{other.hex_id}.json", other.profile.to_json()
            )
    told["gate_port"] = ports.pop()
    return members, told


@dataclass(frozen=True)
class Lane:
    """The terminal's one lane as the gateway's settings and the camera's key describe it."""

    id: str
    key: bytes
    told: dict[str, Any]


def lay_down_lane(terminal: NewMember, told: dict[str, Any]) -> Lane:
    """Write the gateway's own directory, inside the terminal's: its key store and settings."""
    home = terminal.directory / "gateway"
    home.mkdir(mode=0o700)
    passphrase = secrets.token_urlsafe(32)
    key = Keystore.create(home / "lane.keys.json", passphrase).add(
        "lane", KeyKind.SECP256K1, "lane"
    )
    camera = Ed25519PrivateKey.generate()
    lane = "0x" + secrets.token_hex(32)
    member = told["members"]["terminal"]
    write_json(
        home / "gateway.json",
        {
            "gateway": 1,
            "lane": lane,
            "member": terminal.hex_id,
            "network": "../network.json",
            "keystore": "lane.keys.json",
            "journal": "journal.jsonl",
            "member_api": member["api"],
            "listen": {"host": HOST, "port": told["gate_port"]},
            "sensors": {SENSOR: "0x" + camera.public_key().public_bytes_raw().hex()},
        },
    )
    return Lane(
        lane,
        key.public,
        {
            "url": f"http://{HOST}:{told['gate_port']}",
            "lane": lane,
            "lane_key": "0x" + key.public.hex(),
            "sensor": SENSOR,
            "sensor_key": camera.private_bytes_raw().hex(),
            "settings": str(home / "gateway.json"),
            "passphrase": passphrase,
        },
    )


@dataclass(frozen=True)
class Rogues:
    """Keys outside every node, for showing what the contracts refuse by themselves.

    ``extra`` are further first keys of members, by the member's name; ``second_customs`` is a
    member with no node: admitted, and assigned to nothing.
    """

    extra: dict[str, list[tuple[bytes, KeyPurpose]]]
    second_customs: tuple[bytes, bytes]
    told: dict[str, Any]


def rogue_keys() -> Rogues:
    """Make the keys of dishonest clerks at the carrier and the shipper, and of a second customs."""
    carrier, shipper, relay, customs = (SigningKey.generate() for _ in range(4))
    member = secrets.token_bytes(32)
    return Rogues(
        extra={
            "carrier": [(carrier.address.rjust(32, b"\0"), KeyPurpose.ACT)],
            "shipper": [
                (shipper.address.rjust(32, b"\0"), KeyPurpose.ACT),
                (relay.address.rjust(32, b"\0"), KeyPurpose.RELAY),
            ],
        },
        second_customs=(member, customs.address.rjust(32, b"\0")),
        told={
            "carrier_act_key": "0x" + carrier.private.hex(),
            "shipper_act_key": "0x" + shipper.private.hex(),
            "relay_key": "0x" + relay.private.hex(),
            "second_customs": {"id": "0x" + member.hex(), "act_key": "0x" + customs.private.hex()},
        },
    )


def port_of_discharge() -> int:
    """The ledger's id of the port at which the story's authorities are assigned."""
    return default_rulebook().port_id(PORT_OF_DISCHARGE)


def lay_down_seats(
    directory: Path, members: list[NewMember], told: dict[str, Any]
) -> dict[str, SigningKey]:
    """Make the council seats' own directories, ``council/<member's name>``; return their keys.

    ``told`` learns where they are, and their passphrases.
    """
    keys, told["council"] = {}, {}
    for member in members:
        name = member.directory.name
        if name in SEATS:
            home, passphrase = directory / "council" / name, secrets.token_urlsafe(32)
            create_seat(home, member.hex_id, passphrase)
            store = Keystore.open(home / STORE, passphrase)
            keys[member.hex_id] = store.signing_key(KEY)
            told["council"][name] = {"directory": str(home), "passphrase": passphrase}
    return keys


def found_consortium(
    ledger: Ledger,
    members: list[NewMember],
    rogues: Rogues | None,
    seat_keys: dict[str, SigningKey],
    shared: SharedLedger,
) -> Network:
    """Found the network: deploy, admit, assign the port's authorities, sign network.json.

    The founding account's key is made here and forgotten here.
    """
    by_name = {member.directory.name: member for member in members}
    founder = SigningKey.generate()
    port = port_of_discharge()
    founding = Founding(
        nonce="0x" + secrets.token_hex(32),
        founder="0x" + founder.address.hex(),
        seats=tuple(Seat(m, "0x" + key.address.hex()) for m, key in seat_keys.items()),
        threshold=THRESHOLD,
        rulebook="0x" + rulebook_hash(default_rulebook()).hex(),
        waiting=default_rulebook().waiting,
        admissions=tuple(_admission(member, rogues) for member in members) + _second(rogues),
        assignments=tuple(
            Assignment(port, role, by_name[name].hex_id)
            for name, role in (("terminal", Role.TERMINAL), ("customs", Role.CUSTOMS))
        ),
        engine=shared.engine,
        engine_bundle=shared.bundle,
        operator=f"{by_name[SEATS[0]].profile.name_en}, for all members, on one machine",
    )
    shared.permit(founder.address, [_account(key) for key in _relay_keys(founding)])
    network = found(ledger, founding, founder, seat_keys, int(time.time()) + FOUNDING_SECONDS)
    shared.retire(founder.address)
    return network


def _relay_keys(founding: Founding) -> list[str]:
    return [
        key
        for admission in founding.admissions
        for key, purpose in admission.keys
        if purpose == KeyPurpose.RELAY
    ]


def _account(key: str) -> bytes:
    """The account of a secp256k1 key's id: its last 20 bytes."""
    return bytes.fromhex(key[2:])[-20:]


def _admission(member: NewMember, rogues: Rogues | None) -> Admission:
    extra = rogues.extra.get(member.directory.name, []) if rogues else []
    keys = tuple(("0x" + key.hex(), int(purpose)) for key, purpose in [*member.keys, *extra])
    profile = "0x" + member.profile.hash.hex()
    return Admission(member.hex_id, int(member.roles), profile, keys)


def _second(rogues: Rogues | None) -> tuple[Admission, ...]:
    if rogues is None:
        return ()
    member, key = rogues.second_customs
    keys = (("0x" + key.hex(), int(KeyPurpose.ACT)),)
    return (Admission("0x" + member.hex(), int(Role.CUSTOMS), "0x" + secrets.token_hex(32), keys),)
