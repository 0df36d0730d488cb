"""The rulebook: ports, waiting times, and what authorities are told by law.

Its hash stands in Membership, so every member reads the same rules or knows that it does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import Any, cast

from node.chain.network import WaitingTimes
from node.documents.errors import PortUnknown, RulebookInvalid, SchemaRefused
from node.documents.registry import RULEBOOK, SCHEMA_IDS, validate
from privacy.canonical import JsonValue, canonical_json, parse_json
from privacy.errors import PrivacyError
from privacy.fields import check_path

MAX_RULEBOOK_BYTES = 1_000_000
ANY_PORT = "*"


@dataclass(frozen=True)
class StatutoryRule:
    """Fields that an authority is sent of every document of a type.

    Attributes:
        port: the port's id, or ``"*"``.
        role: name of a ``Role``, such as ``customs``.
        document_type: schema id.
        paths: field paths; each covers what lies below it.
    """

    port: int | str
    role: str
    document_type: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Rulebook:
    """A rulebook in force or proposed.

    Attributes:
        version: counts up with every change.
        ports: the port's id on the ledger (1 to 65535), by UN/LOCODE.
        waiting: from a recorded default to the pledgee's enforcement, and from a freeze to a
            transfer under the same order.
        statutory: what authorities are told by law.
        content: the JSON it was read from; the hash is over this.
    """

    version: int
    ports: Mapping[str, int]
    waiting: WaitingTimes
    statutory: tuple[StatutoryRule, ...]
    content: Mapping[str, JsonValue] = field(repr=False)

    def port_id(self, unlocode: str) -> int:
        """Return the id on the ledger of a port. Raises: PortUnknown."""
        if unlocode not in self.ports:
            raise PortUnknown("The rulebook does not name this port.", port=unlocode[:5])
        return self.ports[unlocode]

    def port_name(self, port: int) -> str:
        """Return the UN/LOCODE of a port's id. Raises: PortUnknown."""
        for unlocode, number in self.ports.items():
            if number == port:
                return unlocode
        raise PortUnknown("The rulebook does not name this port.", port=port)


def parse_rulebook(data: bytes) -> Rulebook:
    """Read a rulebook strictly from JSON, at most ``MAX_RULEBOOK_BYTES`` bytes.

    Raises: RulebookInvalid.
    """
    try:
        value = parse_json(data, max_bytes=MAX_RULEBOOK_BYTES)
        validate(value, RULEBOOK)
    except PrivacyError as error:
        raise RulebookInvalid(error.message, **error.facts) from error
    except SchemaRefused as error:
        raise RulebookInvalid(error.message, **error.facts) from error
    content = cast("dict[str, Any]", value)
    ports = {port["unlocode"]: port["id"] for port in content["ports"]}
    if not len(ports) == len(set(ports.values())) == len(content["ports"]):
        raise RulebookInvalid("A port or a port's id is named twice.")
    waiting = content["waiting_times_seconds"]
    return Rulebook(
        version=content["version"],
        ports=ports,
        waiting=WaitingTimes(waiting["default_enforcement"], waiting["order_bound_transfer"]),
        statutory=tuple(_rule(entry, ports) for entry in content["statutory"]),
        content=content,
    )


def default_rulebook() -> Rulebook:
    """Return the rulebook that new networks start with (rulebook-1.json)."""
    return parse_rulebook((files("node.documents") / "rulebook-1.json").read_bytes())


def rulebook_hash(rulebook: Rulebook) -> bytes:
    """Return SHA-256 over the rulebook's canonical JSON (RFC 8785): 32 bytes."""
    return sha256(canonical_json(dict(rulebook.content))).digest()


def statutory_paths(rulebook: Rulebook, port: int, role: str, schema_id: str) -> tuple[str, ...]:
    """Return the field paths, sorted, that ``role`` at ``port`` is sent of a type of document.

    Empty where no rule gives that authority anything. See ``privacy.commitments.paths_below``.
    """
    return tuple(
        sorted(
            {
                path
                for rule in rulebook.statutory
                if rule.port in {port, ANY_PORT}
                and (rule.role, rule.document_type) == (role, schema_id)
                for path in rule.paths
            }
        )
    )


def _rule(entry: dict[str, Any], ports: Mapping[str, int]) -> StatutoryRule:
    if entry["port"] != ANY_PORT and entry["port"] not in ports.values():
        raise RulebookInvalid("A statutory rule names an unknown port.", port=entry["port"])
    if entry["document_type"] not in SCHEMA_IDS:
        raise RulebookInvalid(
            "A statutory rule names an unknown schema.", schema=entry["document_type"]
        )
    try:
        for path in entry["paths"]:
            check_path(path)
    except PrivacyError as error:
        raise RulebookInvalid(error.message, **error.facts) from error
    return StatutoryRule(
        port=entry["port"],
        role=entry["role"],
        document_type=entry["document_type"],
        paths=tuple(entry["paths"]),
    )
