"""The files that one validator's program reads: rendered anew each time, not edited by hand."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from identity.private_files import write_private
from node.engine import bundle as bundles
from node.engine.bundle import Bundle
from node.engine.errors import EngineFileInvalid
from node.engine.founding import GENESIS, UPGRADES, Founding, render, sha256
from node.engine.organisation import Organisation
from node.member import write_json

NODE = "node.json"
FOUNDING = "founding.json"
# A plugin's database waits for the disk only if it is told to; else a kill of all loses blocks.
SYNC = base64.b64encode(json.dumps({"sync": True}).encode()).decode()
NO_SYNC = base64.b64encode(json.dumps({"sync": False}).encode()).decode()


def parameters(validators: int) -> dict[str, int]:
    """Return the chain's consensus parameters for so many validators.

    ``k`` above the number of validators halts the chain: add a validator, then raise it; lower it,
    then remove one.
    """
    return {
        "k": validators,
        "alphaPreference": validators // 2 + 1,
        "alphaConfidence": validators - (validators - 1) // 3,
        "beta": 4,
        "concurrentRepolls": 4,
        "optimalProcessing": 10,
        "maxOutstandingItems": 256,
        "maxItemProcessingTime": 30_000_000_000,
    }


def prepare(organisation: Organisation, founding: Founding) -> dict[str, str]:
    """Write the common files and a node that knows no chain yet; return each file's SHA-256.

    Raises:
        EngineFileInvalid: the programs are of other versions than the founding's.
        EngineRefused, EngineMissing.
    """
    programs = organisation.programs
    if programs.versions() != dict(founding.versions):
        raise EngineFileInvalid(
            f"The founding is for {dict(founding.versions)}, here is {programs.versions()}."
        )
    home = organisation.directory
    hashes = {}
    for name, content in render(founding, programs).items():
        write_private(home / name, content)
        hashes[name] = sha256(content)
    write_json(home / FOUNDING, founding.to_json())
    for folder in ("subnets", "chains", "data"):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    write_json(home / NODE, _node(organisation, founding, None))
    return hashes


def configure(
    organisation: Organisation, bundle: Bundle, validators: int, fetching: bool = False
) -> None:
    """Write what a validator of the chain needs; a start after this follows the chain.

    Args:
        validators: how many the subnet has: the consensus parameters follow from it.
        fetching: of a newcomer, which has nothing that the others do not have: its databases do
            not wait for the disk, in which it would spend half of its catching up
            (``make bench-long-chain``).

    Raises: EngineFileInvalid when what is rendered here is not what the bundle names.
    """
    home = organisation.directory
    if prepare(organisation, bundle.founding) != dict(bundle.files):
        raise EngineFileInvalid("The bundle's hashes are not those of its founding.")
    programs = organisation.programs
    allowed = organisation.settings.get("allowed_nodes", [])
    subnet = {**programs.template("subnet"), "allowedNodes": allowed}
    write_json(
        home / "subnets" / f"{bundle.subnet}.json",
        subnet | {"consensusParameters": parameters(validators)},
    )
    chain = home / "chains" / bundle.chain
    chain.mkdir(mode=0o700, exist_ok=True)
    sync = NO_SYNC if fetching else SYNC
    own = {"database-config": sync, "feeRecipient": organisation.public.operator}
    write_json(chain / "config.json", programs.template("chain") | own)
    node = _node(organisation, bundle.founding, bundle)
    write_json(home / NODE, {**node, "db-config-file-content": sync})
    write_private(home / bundles.FILE, bundle.content())


def waits_for_disk(directory: Path) -> bool:
    """Whether the databases here are told to wait for the disk, as a newcomer's are not."""
    told: dict[str, Any] = json.loads((directory / NODE).read_bytes())
    return told.get("db-config-file-content") != NO_SYNC


def configured_validators(directory: Path, bundle: Bundle) -> int:
    """Return the number of validators that the consensus parameters here are made for."""
    path = directory / "subnets" / f"{bundle.subnet}.json"
    told: dict[str, Any] = json.loads(path.read_bytes())
    return int(told["consensusParameters"]["k"])


def _node(
    organisation: Organisation, founding: Founding, bundle: Bundle | None
) -> Mapping[str, Any]:
    home, own, told = organisation.directory, organisation.public, organisation.settings
    others = [half for half in founding.founders if half.node_id != own.node_id]
    programs = organisation.programs
    return {
        **programs.template("node"),
        "network-id": str(founding.network_id),
        "genesis-file": str(home / GENESIS),
        "upgrade-file": str(home / UPGRADES),
        "data-dir": str(home / "data"),
        "http-host": told["rpc_host"],
        "http-port": told["rpc_port"],
        "staking-host": own.host,
        "staking-port": own.peers_port,
        "public-ip": own.host,
        "staking-tls-cert-file": str(home / "staking" / "staker.crt"),
        "staking-tls-key-file": str(home / "staking" / "staker.key"),
        "staking-signer-key-file": str(home / "staking" / "signer.key"),
        "bootstrap-ips": ",".join(f"{half.host}:{half.peers_port}" for half in others),
        "bootstrap-ids": ",".join(half.node_id for half in others),
        "plugin-dir": str(programs.plugins),
        "subnet-config-dir": str(home / "subnets"),
        "chain-config-dir": str(home / "chains"),
        "track-subnets": bundle.subnet if bundle else "",
    }
