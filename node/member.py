"""Make one member's directory from nothing: keys, certificate, profile, settings, tokens.

Everything of a member lies in this one directory (0700). What other members need of it is the
public half: its profile and the ids of its keys. Nothing here speaks to a ledger, and no key
that exists is ever replaced.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from identity.acts.types import ACT_TYPES
from identity.acts.words import KeyPurpose, Role
from identity.keys.keystore import Entry, Keystore
from identity.keys.kinds import KeyKind
from identity.profile.profile import Numbering, Profile
from identity.signatures import numbering
from node.documents.rulebook import default_rulebook
from node.exchange.tls import write_tls

TOKEN_BYTES = 32
ENGINE = "engine"


@dataclass(frozen=True)
class Addresses:
    """Where a member's processes listen.

    Attributes:
        host: the name or address in the profile.
        peers_listen: what the peers listener is bound to; the API is then left on loopback. None:
            both are bound to ``host``, as on one machine.
    """

    host: str
    api_port: int
    peers_port: int
    ledger_url: str
    peers_listen: str | None = None


@dataclass(frozen=True)
class NewMember:
    """A member as the council admits it.

    Attributes:
        id: 32 random bytes; who it is stands in its profile only.
        keys: the ledger's 32-byte key id and purpose of each first key.
    """

    id: bytes
    directory: Path
    roles: Role
    profile: Profile
    keys: tuple[tuple[bytes, KeyPurpose], ...]

    @property
    def hex_id(self) -> str:
        """The id as JSON has it."""
        return "0x" + self.id.hex()


def create_member(
    directory: Path,
    names: tuple[str, str],
    roles: Role,
    addresses: Addresses,
    passphrases: Mapping[str, str],
    credit_code: str | None = None,
    member: bytes | None = None,
) -> NewMember:
    """Write the directory of a new member; it must not exist yet, or hold its engine alone.

    Args:
        names: the organisation's legal name in English and in Chinese.
        passphrases: of the two key stores, by process: ``signer`` and ``node``.
        credit_code: its unified social credit code, if it is registered in China.
        member: the id of a member that has lost its keys and begins again; None: a new one.

    Raises:
        FileExistsError: the directory holds a member, or something else.
        KeystoreUnavailable: a key store cannot be written.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(path.name != ENGINE for path in directory.iterdir()):
        raise FileExistsError(f"{directory} is in use.")
    directory.chmod(0o700)
    member = member or secrets.token_bytes(32)
    signer = _signer_keys(directory, passphrases["signer"], Role.CARRIER in roles)
    node = _node_keys(directory, passphrases["node"])
    relay = Keystore.create(directory / "relay.keys.json", passphrases["node"]).add(
        "relay", KeyKind.SECP256K1, "relay"
    )
    profile = Profile(
        member=member,
        name_en=names[0],
        name_zh=names[1],
        peers_url=f"https://{addresses.host}:{addresses.peers_port}",
        api_url=f"http://{addresses.host}:{addresses.api_port}",
        tls_certificates=(write_tls(directory, "0x" + member.hex(), [addresses.host]),),
        message_keys={"message": node.entry("message").public},
        envelope_keys={"envelope": node.entry("envelope").public},
        witness_keys=(node.entry("witness").public,),
        numbering=_numbering(signer, member) if Role.CARRIER in roles else None,
        credit_code=credit_code,
    )
    write_json(directory / "profile.json", profile.to_json())
    _write_settings(directory, "0x" + member.hex(), addresses)
    (directory / "profiles").mkdir(mode=0o700)
    write_json(directory / "rulebook.json", dict(default_rulebook().content))
    return NewMember(member, directory, roles, profile, _first_keys(signer, node, relay, profile))


def grant_tokens(directory: Path, roles: Iterable[str], where: str | None = None) -> dict[str, str]:
    """Make one token a role, keep their hashes in ``tokens.json``, and return them by role.

    Subjects are ``<role>@<where>``; where is the directory's name unless it is given.

    The tokens themselves are kept nowhere: whoever is told here is the only one to know.
    """
    tokens = {role: secrets.token_urlsafe(TOKEN_BYTES) for role in roles}
    rows = [
        {
            "subject": f"{role}@{where or directory.name}",
            "roles": [role],
            "sha256": hashlib.sha256(token.encode()).hexdigest(),
        }
        for role, token in tokens.items()
    ]
    write_json(directory / "tokens.json", rows)
    return tokens


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as JSON, mode 0600, at once or not at all."""
    waiting = path.with_name(path.name + ".new")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def _write_settings(directory: Path, member: str, addresses: Addresses) -> None:
    """Write the node's settings and the signer's: every verb that a member's act key signs."""
    write_json(
        directory / "settings.json",
        {
            "member": member,
            "ledger_url": addresses.ledger_url,
            "api_host": addresses.host if addresses.peers_listen is None else "127.0.0.1",
            "api_port": addresses.api_port,
            "peers_host": addresses.peers_listen or addresses.host,
            "peers_port": addresses.peers_port,
        },
    )
    signed = ("member", "authority")
    verbs = sorted(t.name for t in ACT_TYPES.values() if t.signer in signed)
    write_json(directory / "signer.json", {"signer": 1, "member": member, "verbs": verbs})


def _signer_keys(directory: Path, passphrase: str, is_carrier: bool) -> Keystore:
    store = Keystore.create(directory / "signer.keys.json", passphrase)
    store.add("act", KeyKind.SECP256K1, "act")
    if is_carrier:
        store.add("numbering", KeyKind.RSA3072, "numbering")
    return store


def _node_keys(directory: Path, passphrase: str) -> Keystore:
    store = Keystore.create(directory / "node.keys.json", passphrase)
    store.add("witness", KeyKind.SECP256K1, "witness")
    store.add("message", KeyKind.ED25519, "message")
    store.add("envelope", KeyKind.X25519, "envelope")
    return store


def _numbering(signer: Keystore, member: bytes) -> Numbering:
    key = signer.rsa_key("numbering")
    return Numbering("1", numbering.modulus_of(key), tuple(numbering.prove(key, member)))


def _first_keys(
    signer: Keystore, node: Keystore, relay: Entry, profile: Profile
) -> tuple[tuple[bytes, KeyPurpose], ...]:
    keys = [
        (_key_id(signer.entry("act").public), KeyPurpose.ACT),
        (_key_id(relay.public), KeyPurpose.RELAY),
        (_key_id(node.entry("witness").public), KeyPurpose.WITNESS),
    ]
    if profile.numbering is not None:
        keys.append((numbering.key_id(profile.numbering.modulus), KeyPurpose.NUMBERING))
    return tuple(keys)


def _key_id(address: bytes) -> bytes:
    """The ledger's id of a secp256k1 key: its address, left-padded to 32 bytes."""
    return address.rjust(32, b"\0")
