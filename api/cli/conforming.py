"""``lading conformance`` and ``lading install``: a new node's last steps, in its own directory."""

import os
from pathlib import Path
from typing import Any

from sqlmodel import select

from api.cli.errors import UsageInvalid
from identity.acts.words import MemberStatus
from identity.council.application import parse as parse_application
from identity.errors import ApplicationMalformed, ProfileMalformed
from identity.profile.profile import Profile
from node.exchange.conformance import conform
from node.member import write_json
from node.node import Node
from node.settings import Settings
from node.store.projections import Member


def tried(directory: Path, peer: str | None) -> list[dict[str, Any]]:
    """Return what was tried against ``peer``, or against each active member whose profile is here.

    Raises: what ``Node`` raises.
    """
    node = Node(Settings.load(directory), os.environ)
    try:
        with node.db.read() as session:
            active = select(Member.id).where(Member.status == MemberStatus.ACTIVE)
            known = sorted(set(session.exec(active)) - {node.settings.member})
        found: list[dict[str, Any]] = []
        for each in [peer] if peer is not None else known:
            found += [{"peer": each, **vars(one)} for one in conform(node, each)]
        return found
    finally:
        node.close()


def install_profile(directory: Path, file: Path) -> dict[str, Any]:
    """Put another member's profile, or that of an application, where the node looks for it.

    It counts as soon as its hash is the one in Membership, and not before.

    Raises: UsageInvalid, SettingsInvalid.
    """
    settings = Settings.load(directory)
    profile = _profile(file)
    member = "0x" + profile.member.hex()
    write_json(settings.profiles_directory / f"{member}.json", profile.to_json())
    return {"member": member, "name": profile.name_en, "hash": "0x" + profile.hash.hex()}


def _profile(file: Path) -> Profile:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageInvalid("FILE_UNREADABLE", f"{file} cannot be read.", "Name a file.") from error
    try:
        return Profile.parse(text)
    except ProfileMalformed as error:
        try:
            return parse_application(text).profile
        except ApplicationMalformed:
            raise error from None
