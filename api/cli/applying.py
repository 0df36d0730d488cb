"""Makes an application to the council from a member's directory: every key signs it here."""

import json
import time
from pathlib import Path
from typing import Any

from api.cli.errors import UsageInvalid
from identity.acts.words import KeyPurpose, Role
from identity.council.application import ADMISSION, RECOVERY, Document, apply, file_hash
from identity.errors import ProfileMalformed
from identity.keys.keystore import Keystore
from identity.profile.profile import Profile
from node.chain.network import load
from node.member import write_json


def make(
    directory: Path,
    target: Path,
    documents: list[Path],
    passphrases: dict[str, str],
    recovery: bool,
    series: str | None,
) -> dict[str, Any]:
    """Write the application and return what its maker is told.

    Args:
        passphrases: of the two key stores, by process: ``signer`` and ``node``.
        series: the new number series of a carrier that has lost its numbering key.

    Raises:
        UsageInvalid: the target exists, or the directory is not one of ``lading init``.
        NetworkMalformed, CouncilSignatureMissing: network.json is missing or cannot be relied on.
        WrongPassphrase, KeystoreUnavailable, KeyMissing: a key cannot be had.
    """
    if target.exists():
        raise UsageInvalid("TARGET_IN_USE", f"{target} exists.", "Name a file that does not.")
    profile, roles = _own(directory)
    signer = Keystore.open(directory / "signer.keys.json", passphrases["signer"])
    node = Keystore.open(directory / "node.keys.json", passphrases["node"])
    relay = Keystore.open(directory / "relay.keys.json", passphrases["node"])
    application = apply(
        RECOVERY if recovery else ADMISSION,
        load(directory / "network.json").network_id,
        roles,
        profile,
        {
            KeyPurpose.ACT: signer.signing_key("act"),
            KeyPurpose.RELAY: relay.signing_key("relay"),
            KeyPurpose.WITNESS: node.signing_key("witness"),
        },
        node.ed25519_key("message"),
        [Document.of(path.name, path.read_bytes()) for path in documents],
        int(time.time()),
        series,
    )
    write_json(target, application.to_json())
    return {
        "application": file_hash(application),
        "kind": application.kind,
        "member": application.member,
        "file": str(target),
        "documents": [each.name for each in application.documents],
    }


def _own(directory: Path) -> tuple[Profile, Role]:
    try:
        profile = Profile.parse((directory / "profile.json").read_bytes())
        admission = json.loads((directory / "admission.json").read_bytes())
        return profile, Role(admission["roles"])
    except (OSError, ValueError, KeyError, TypeError, ProfileMalformed) as error:
        raise UsageInvalid(
            "DIRECTORY_UNUSABLE",
            f"{directory} has no profile.json and admission.json that can be read.",
            "Make it with lading init.",
        ) from error
