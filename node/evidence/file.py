"""The evidence file: its format, read strictly, written canonically.

JSON, at most 32 MiB, by evidence.schema.json. Nothing in it is believed for standing in it:
node/evidence/verify.py says what holds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from identity.companions.companion import Companion
from identity.errors import IdentityError
from identity.profile.profile import Profile
from node.chain.errors import NetworkMalformed
from node.chain.network import Network
from node.chain.network import parse as parse_network
from node.evidence.errors import EvidenceMalformed
from node.evidence.history import Place
from node.evidence.statements import Body, Signed
from privacy.canonical import parse_json
from privacy.disclosures import Disclosure
from privacy.errors import PrivacyError

MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class EvidenceFile:
    """An evidence file, read. Receipts' proofs are by (height, transaction index).

    Attributes:
        network: the exporter's copy of network.json; a verifier's own counts, not this one.
        export: who made the file, of what, as of which block; signed by its witness key.
        acts: (place, wire bytes with signature) of every act.
        containers: (ISO 6346 number, 32-byte salt) that open the order's containers.
        profiles: profiles of members, for their names and the roots of their certificates.
        companions: (digest of an act, its SM2 co-signature).
    """

    network: Network
    export: Signed
    blocks: tuple[Signed, ...]
    receipts: Mapping[tuple[int, int], tuple[bytes, ...]]
    acts: tuple[tuple[Place, bytes], ...]
    follows: tuple[Place, ...]
    statuses: tuple[Signed, ...]
    disclosures: tuple[Disclosure, ...]
    containers: tuple[tuple[str, bytes], ...]
    profiles: tuple[Profile, ...]
    companions: tuple[tuple[bytes, Companion], ...] = ()

    def to_bytes(self) -> bytes:
        """Return the file's bytes (RFC 8785)."""
        signatures = [vars(signature) for signature in self.network.signatures]
        cosigned: Body = {
            "companions": [{"act": _hex(d), "companion": c.to_json()} for d, c in self.companions]
        }
        return rfc8785.dumps(
            {
                **(cosigned if self.companions else {}),
                "evidence": 1,
                "network": {**self.network.body(), "signatures": signatures},
                "export": self.export.to_json(),
                "blocks": [block.to_json() for block in self.blocks],
                "receipts": [
                    {"height": height, "index": index, "proof": [_hex(n) for n in proof]}
                    for (height, index), proof in sorted(self.receipts.items())
                ],
                "acts": [{**vars(place), "wire": _hex(wire)} for place, wire in self.acts],
                "follows": [vars(place) for place in self.follows],
                "statuses": [status.to_json() for status in self.statuses],
                "disclosures": [disclosure.to_json() for disclosure in self.disclosures],
                "containers": [{"number": n, "salt": _hex(s)} for n, s in self.containers],
                "profiles": [profile.to_json() for profile in self.profiles],
            }
        )


def read(text: bytes) -> EvidenceFile:
    """Read an evidence file's bytes.

    Raises:
        EvidenceMalformed: over 32 MiB, not JSON, or not the format.
    """
    if len(text) > MAX_FILE_BYTES:
        raise EvidenceMalformed(f"An evidence file has at most {MAX_FILE_BYTES} bytes.")
    try:
        data: Any = parse_json(text, max_bytes=MAX_FILE_BYTES)
        fault = next(iter(_validator().iter_errors(data)), None)
        if fault is not None:
            raise EvidenceMalformed(f"Evidence at {fault.json_path}: {fault.message[:200]}.")
        return _read(data)
    except (PrivacyError, IdentityError, NetworkMalformed) as error:
        raise EvidenceMalformed(f"The evidence file cannot be read: {error}") from error


def _read(data: Body) -> EvidenceFile:
    receipts = {
        (r["height"], r["index"]): tuple(_bytes(node) for node in r["proof"])
        for r in data["receipts"]
    }
    if len(receipts) != len(data["receipts"]):
        raise EvidenceMalformed("A receipt stands in the file twice.")
    return EvidenceFile(
        network=parse_network(json.dumps(data["network"]).encode()),
        export=Signed.from_json(data["export"]),
        blocks=tuple(Signed.from_json(block) for block in data["blocks"]),
        receipts=receipts,
        acts=tuple((_place(act), _bytes(act["wire"])) for act in data["acts"]),
        follows=tuple(_place(follow) for follow in data["follows"]),
        statuses=tuple(Signed.from_json(status) for status in data["statuses"]),
        disclosures=tuple(Disclosure.from_json(given) for given in data["disclosures"]),
        containers=tuple((c["number"], _bytes(c["salt"])) for c in data["containers"]),
        profiles=tuple(Profile.from_json(profile) for profile in data["profiles"]),
        companions=tuple(
            (_bytes(given["act"]), Companion.from_json(given["companion"]))
            for given in data.get("companions", [])
        ),
    )


def _place(data: Body) -> Place:
    return Place(data["height"], data["index"], data["log"])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _is_integer(_: object, value: object) -> bool:
    """JSON Schema takes 1.0 for an integer; here a number has one form."""
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _validator() -> Validator:
    schema = json.loads((Path(__file__).parent / "evidence.schema.json").read_bytes())
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    made: Validator = extend(Draft202012Validator, type_checker=types)(schema)  # type: ignore[no-untyped-call]
    return made
