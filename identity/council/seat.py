"""A council seat's own directory: its key, and the one way to sign a motion with it.

It signs council acts in the seat's own name and nothing else. Every signature leaves a line in
``council.audit.jsonl`` first, which is a chain as the signer's file is.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identity.acts.typed import ZERO_WORD, Act, Domain, Value, digest, encode
from identity.acts.wording import describe
from identity.errors import SettingsUnusable, VerbRefused
from identity.keys.keystore import Keystore
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey
from identity.signatures.statements import sign_statement
from identity.signer.audit import AuditFile
from identity.signer.settings import MAX_TTL_SECONDS, check_directory, domains_of, hex_of, read_file

FORMAT = 1
KEY = "seat"
STORE, SETTINGS, AUDIT = "council.keys.json", "council.json", "council.audit.jsonl"


@dataclass(frozen=True)
class Seat:
    """A seat that is open: the member it belongs to, and its key."""

    member: bytes
    key: SigningKey
    domains: Mapping[str, Domain]
    audit: AuditFile

    def act(
        self, verb: str, object_id: bytes, counter: int, fields: Mapping[str, Value], expires: int
    ) -> Act:
        """Return the act by which this seat assents to a motion; ``expires`` in UTC seconds."""
        header: dict[str, Value] = {
            "principal": self.member,
            "delegation": ZERO_WORD,
            "object": object_id,
            "counter": counter,
            "expires": expires,
            "companion": ZERO_WORD,
        }
        return Act(verb, {**header, **fields})

    def sign(self, act: Act, now: int) -> tuple[bytes, bytes]:
        """Return the act's digest and wire form.

        Raises:
            VerbRefused: not a council's act, another seat's, expired, or open for over seven days.
            ActMalformed: its fields are not those of its verb.
            AuditUnavailable: its line is not on the disk, so nothing is signed.
        """
        if act.type.signer != "council" or act.principal != self.member:
            raise VerbRefused(f"This seat does not sign {act.name}.", verb=act.name)
        if not now < act.expires <= now + MAX_TTL_SECONDS:
            raise VerbRefused("The act has expired or stays open too long.", expires=act.expires)
        hashed = digest(self.domains[act.type.contract], act)
        wire = encode(act, self.key.sign(hashed))
        self.audit.append(
            "signed", verb=act.name, object="0x" + act.object.hex(), digest="0x" + hashed.hex(),
            says=describe(act),
        )  # fmt: skip
        return hashed, wire

    def sign_network(self, body: dict[str, Any]) -> str:
        """Return the seat's signature of network.json; raises as ``sign``."""
        signature = sign_statement("network", body, self.key)
        self.audit.append("signed", statement="network", network_id=body.get("network_id"))
        return signature


def create(directory: Path, member: str, passphrase: str) -> bytes:
    """Make the directory (0700) of a seat of ``member`` and return its key's address, 20 bytes.

    Raises:
        FileExistsError: it is there.
        KeystoreUnavailable: the key store cannot be written.
    """
    directory.mkdir(mode=0o700, parents=True)
    entry = Keystore.create(directory / STORE, passphrase).add(KEY, KeyKind.SECP256K1, "council")
    settings = directory / SETTINGS
    handle = os.open(settings, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"council": FORMAT, "member": member}, file)
        file.write("\n")
    return entry.public


@contextmanager
def opened(directory: Path, passphrase: str) -> Iterator[Seat]:
    """Open the seat in ``directory``, which holds the network's network.json too.

    Raises:
        SettingsUnusable: a file is missing or not of its format, or somebody else has it open.
        WrongPassphrase, KeystoreUnavailable, KeyMissing: its key cannot be had.
        AuditUnavailable: its audit file cannot be opened.
    """
    directory = directory.resolve()
    check_directory(directory)
    given = read_file(directory / SETTINGS)
    if set(given) != {"council", "member"} or given["council"] != FORMAT:
        raise SettingsUnusable("council.json is not one of this release.")
    domains = domains_of(read_file(directory / "network.json"))
    key = Keystore.open(directory / STORE, passphrase).signing_key(KEY)
    audit = AuditFile(directory / AUDIT)
    try:
        yield Seat(hex_of(given["member"], 32, "member"), key, domains, audit)
    finally:
        audit.close()
