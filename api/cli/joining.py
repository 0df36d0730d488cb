"""Makes a new member's directory for ``lading init``, whole or not at all."""

import re
import shutil
from pathlib import Path
from typing import Any

from api.cli.errors import UsageInvalid
from identity.acts.words import Role
from identity.policy.decide import ROLES
from identity.profile.credit_code import is_credit_code
from node.chain.network import load, save
from node.member import Addresses, NewMember, create_member, grant_tokens, write_json


def lay_down(
    directory: Path,
    names: tuple[str, str],
    roles: list[str],
    where: tuple[str, str, int, int],
    ledger_url: str,
    passphrases: dict[str, str],
    network_file: Path | None,
    credit_code: str | None = None,
    recover: str | None = None,
) -> dict[str, Any]:
    """Write the directory and return what its operator is told, tokens included.

    Args:
        where: the public host, the address that is listened on, the API's port, the peers' port.
        recover: the id of the member that has lost its keys; None: a newcomer.

    Raises:
        UsageInvalid: a role, credit code or id that is none, or a directory that exists.
        NetworkMalformed, CouncilSignatureMissing: the network's file cannot be relied on.
    """
    network = load(network_file) if network_file is not None else None
    if credit_code is not None and not is_credit_code(credit_code):
        raise UsageInvalid(
            "CREDIT_CODE_INVALID",
            f"{credit_code} is no unified social credit code.",
            "Copy its 18 characters from the business licence, in upper case, without spaces.",
        )
    host, listen, api_port, peers_port = where
    addresses = Addresses(host, api_port, peers_port, ledger_url, listen)
    if directory.exists():
        raise UsageInvalid(
            "DIRECTORY_EXISTS", f"{directory} exists.", "Name a directory that does not exist yet."
        )
    begun = directory.with_name(directory.name + ".unfinished")
    shutil.rmtree(begun, ignore_errors=True)
    member = None if recover is None else _member_id(recover)
    new = create_member(begun, names, _roles(roles), addresses, passphrases, credit_code, member)
    tokens = grant_tokens(begun, sorted(ROLES), directory.name)
    write_json(begun / "profiles" / f"{new.hex_id}.json", new.profile.to_json())
    admission = _admission(new)
    write_json(begun / "admission.json", admission)
    if network is not None:
        save(network, begun / "network.json")
    begun.rename(directory)
    return {"directory": str(directory), "admission": admission, "tokens": tokens}


def _admission(new: NewMember) -> dict[str, Any]:
    """What the council's motion to admit the member names; all of it is public."""
    return {
        "member": new.hex_id,
        "roles": int(new.roles),
        "profile": "0x" + new.profile.hash.hex(),
        "keys": [{"key": "0x" + key.hex(), "purpose": int(purpose)} for key, purpose in new.keys],
    }


def _member_id(text: str) -> bytes:
    if not re.fullmatch(r"0x[0-9a-f]{64}", text):
        raise UsageInvalid(
            "MEMBER_ID_INVALID", "This is no member's id.", "It is 0x and 64 lower-case hex digits."
        )
    return bytes.fromhex(text[2:])


def _roles(names: list[str]) -> Role:
    known = {role.name.lower(): role for role in Role if role.name}
    unknown = sorted(set(names) - set(known))
    if unknown or not names:
        raise UsageInvalid(
            "ROLE_UNKNOWN",
            f"There is no role {', '.join(unknown) or 'given'}.",
            f"Use one or more of {', '.join(sorted(known))}.",
        )
    roles = Role(0)
    for name in names:
        roles |= known[name]
    return roles
