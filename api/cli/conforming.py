"""``lading know`` and ``lading conformance``: what a node takes over, and how it is tried."""

import os
from pathlib import Path
from typing import Any

from sqlmodel import select

from api.cli.errors import UsageInvalid
from identity.acts.words import MemberStatus
from identity.council.application import parse as parse_application
from identity.errors import ApplicationMalformed, ProfileMalformed
from identity.profile.profile import Profile
from identity.strict_json import read_json
from node.chain.network import follows, load, save
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


def taken_over(directory: Path, file: Path) -> dict[str, Any]:
    """Put a profile (or an application's), or a later network.json, where the node looks for it.

    A profile counts as soon as its hash is the one in Membership. Running processes read a
    network.json again by themselves; a council seat's directory takes one too.

    Raises: UsageInvalid, SettingsInvalid, NetworkMalformed, CouncilSignatureMissing.
    """
    text = _read(file)
    if _is_network(text):
        return _install_network(directory / "network.json", file)
    profile = _profile(text)
    member = "0x" + profile.member.hex()
    folder = Settings.load(directory).profiles_directory
    write_json(folder / f"{member}.json", profile.to_json())
    return {"member": member, "name": profile.name_en, "hash": "0x" + profile.hash.hex()}


def _install_network(target: Path, file: Path) -> dict[str, Any]:
    later = load(file)
    if target.exists() and not follows(later, load(target)):
        raise UsageInvalid(
            "NETWORK_DIFFERS",
            f"{file} is of another network, or earlier than the one that is here.",
            "Ask the council for the last one.",
        )
    save(later, target)
    return {"network": later.network_id, "version": later.version, "file": str(target)}


def _is_network(text: bytes) -> bool:
    try:
        given = read_json(text)
    except ValueError:
        return False
    return isinstance(given, dict) and "network_id" in given and "contracts" in given


def _profile(text: bytes) -> Profile:
    try:
        return Profile.parse(text)
    except ProfileMalformed as error:
        try:
            return parse_application(text).profile
        except ApplicationMalformed:
            raise error from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageInvalid("FILE_UNREADABLE", f"{file} cannot be read.", "Name a file.") from error
