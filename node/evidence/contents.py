"""Step 7 of verify: fields, containers and names in a file are those that the acts commit to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from identity.profile.profile import Profile
from node.documents.registry import TRANSPORT_DOCUMENT, schema_ref
from node.evidence.errors import (
    ContainerNotProved,
    ProfileNotOnLedger,
    RootNotOnLedger,
    SchemaNotKnown,
)
from node.evidence.file import EvidenceFile
from node.evidence.standing import Standing
from privacy.canonical import JsonValue
from privacy.containers import container_tag
from privacy.disclosures import check_disclosure
from privacy.errors import OtherSchema, RootMismatch

_CONTAINER = re.compile(r"utilizedTransportEquipments\.\d+\.equipment\.equipmentReference")


@dataclass(frozen=True)
class Shown:
    """What is proved of contents.

    Attributes:
        fields: disclosed fields of the bill, by path.
        tags: container tag (``0x`` hex) to number.
        names: member id to the English name in its profile.
    """

    fields: Mapping[str, JsonValue]
    tags: Mapping[str, str]
    names: Mapping[str, str]


def check_contents(
    evidence: EvidenceFile, standing: Standing, profiles: Mapping[bytes, bytes]
) -> Shown:
    """Return what the file shows, if the proved acts commit to it.

    Args:
        standing: after the last act.
        profiles: each member's profile hash, as its acts name it.

    Raises:
        RootNotOnLedger, SchemaNotKnown, ContainerNotProved, ProfileNotOnLedger, and what
        ``check_disclosure`` and ``container_tag`` raise.
    """
    fields: dict[str, JsonValue] = {}
    schema = schema_ref(TRANSPORT_DOCUMENT)
    for disclosure in evidence.disclosures:
        try:
            fields |= check_disclosure(disclosure, standing.title.root, schema=schema)
        except RootMismatch as error:
            raise RootNotOnLedger(
                "Disclosed fields do not lead to the root that the title's acts name."
            ) from error
        except OtherSchema as error:
            raise SchemaNotKnown(
                "The fields were committed under another schema.",
                schema=disclosure.header.schema.id,
            ) from error
    tags = _tags(evidence, standing)
    _check_container(evidence.export.body["container"], fields, tags)
    return Shown(fields, tags, _names(evidence.profiles, profiles))


def _tags(evidence: EvidenceFile, standing: Standing) -> dict[str, str]:
    tags: dict[str, str] = {}
    for number, salt in evidence.containers:
        tag = container_tag(number, salt)
        if tag not in standing.tags:
            raise ContainerNotProved("A container's number opens none of the order's tags.")
        tags["0x" + tag.hex()] = number
    return tags


def _check_container(
    number: str | None, fields: Mapping[str, JsonValue], tags: Mapping[str, str]
) -> None:
    in_bill = {value for path, value in fields.items() if _CONTAINER.fullmatch(path)}
    if number is not None and number not in in_bill and number not in tags.values():
        raise ContainerNotProved("Nothing in the file shows that the title has that container.")


def _names(given: tuple[Profile, ...], hashes: Mapping[bytes, bytes]) -> dict[str, str]:
    names: dict[str, str] = {}
    for profile in given:
        if hashes.get(profile.member) != profile.hash:
            raise ProfileNotOnLedger(
                "A profile is not the one that its member's acts name.",
                member="0x" + profile.member.hex(),
            )
        names["0x" + profile.member.hex()] = profile.name_en
    return names
