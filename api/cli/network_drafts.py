"""What ``lading network draft`` builds, and how a founder checks the chain that was made."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api.cli.errors import UsageInvalid
from identity.acts.words import MemberStatus
from node.chain.network import load as load_network
from node.chain.rpc import Rpc
from node.chain.views import view
from node.engine import bundle as bundles
from node.engine import council
from node.engine.bundle import Bundle
from node.engine.configuration import configure, configured_validators
from node.engine.council import Draft
from node.engine.founding import EVM_GENESIS, STAKE_SECONDS, Founding, load_founding
from node.engine.organisation import Organisation, PublicHalf
from node.engine.primary import chain_on_ledger, know, validators_of


def drafted(
    organisation: Organisation,
    kind: str,
    signers: Sequence[str],
    subnet: str | None,
    public: Path | None,
    node: str | None,
) -> Draft:
    """Build what is asked for, by the organisation's own node.

    Raises: UsageInvalid, EngineFileInvalid, EngineRefused, EngineSilent.
    """
    founding = load_founding(organisation.directory / "founding.json")
    halves = _signers(founding, signers)
    if kind == "subnet":
        wanted = [council.subnet()]
    elif kind == "chain":
        if subnet is None:
            raise _missing("--subnet")
        wanted = _chain(organisation, founding, subnet)
    elif kind == "admit":
        if public is None:
            raise _missing("--public")
        wanted = _newcomer(organisation, public)
    elif kind == "remove":
        if node is None:
            raise _missing("--node")
        wanted = _removal(organisation, node)
    else:
        says = f"There is no draft {kind}."
        raise UsageInvalid("DRAFT_UNKNOWN", says, "Use subnet, chain, admit or remove.")
    return council.build(organisation, founding, halves, wanted)


def settled(organisation: Organisation, chain: str) -> Bundle:
    """Take the chain over that the P-chain has under this id, if it is the founding's.

    Raises: EngineFileInvalid: its genesis, its subnet's council or its threshold is another's.
    """
    founding = load_founding(organisation.directory / "founding.json")
    genesis = (organisation.directory / EVM_GENESIS).read_bytes()
    subnet = chain_on_ledger(organisation, founding, chain, genesis)
    bundle = bundles.make(founding, subnet, chain, organisation.programs)
    configure(organisation, bundle, len(founding.founders))
    return bundle


def joined(
    organisation: Organisation, file: Path, network_file: Path, validators: int | None
) -> Bundle:
    """Lay down a newcomer's node, once the bundle is the one that the council's network.json names.

    Raises: NetworkMalformed, CouncilSignatureMissing, EngineFileInvalid.
    """
    bundle, network = bundles.parse(file.read_bytes()), load_network(network_file)
    bundles.require_named(bundle, network)
    configure(organisation, bundle, validators or len(bundle.founding.founders), fetching=True)
    return bundle


def _chain(organisation: Organisation, founding: Founding, subnet: str) -> list[dict[str, Any]]:
    genesis = (organisation.directory / EVM_GENESIS).read_bytes()
    validators = [
        council.validator(half, subnet, founding.stakes_end) for half in founding.founders
    ]
    return [*validators, council.chain(subnet, genesis)]


def _newcomer(organisation: Organisation, public: Path) -> list[dict[str, Any]]:
    half = PublicHalf.read(json.loads(public.read_bytes()))
    _require_active(organisation, half)
    know(organisation, half)
    now = int(time.time())
    end = now + STAKE_SECONDS - 24 * 3600
    bundle = _bundle(organisation)
    return [council.stake(half, now), council.validator(half, bundle.subnet, end)]


def _require_active(organisation: Organisation, half: PublicHalf) -> None:
    """See that the newcomer is an active member, where this directory has a network.json."""
    file = organisation.directory.parent / "network.json"
    if not file.exists():
        return
    network, ledger = load_network(file), Rpc(_bundle(organisation).rpc(organisation.url))
    try:
        member = bytes.fromhex((half.member or "0x").removeprefix("0x"))
        head = int(ledger.call("eth_getBlockByNumber", network.profile.final, False)["number"], 16)
        asked = member.rjust(32, b"\0")
        told = view(ledger, network, "Membership", "memberOf", asked, block=head)
    finally:
        ledger.close()
    if told["status"] != MemberStatus.ACTIVE:
        says = f"{half.name} is no active member of Membership."
        raise UsageInvalid("MEMBER_NOT_ACTIVE", says, "First the council's motion, then its node.")


def _removal(organisation: Organisation, node: str) -> list[dict[str, Any]]:
    bundle = _bundle(organisation)
    left = len(validators_of(organisation.url, bundle.subnet)) - 1
    if configured_validators(organisation.directory, bundle) > left:
        says = f"The consensus parameters here are for more than {left} validators."
        advice = f"First, at every member: lading network retune DIRECTORY --validators {left}."
        raise UsageInvalid("PARAMETERS_TOO_HIGH", says, advice)
    return [council.removal(node, bundle.subnet)]


def _bundle(organisation: Organisation) -> Bundle:
    found = bundles.load(organisation.directory)
    if found is None:
        says = f"{organisation.directory} follows no chain yet."
        raise UsageInvalid("NOT_FOUNDED", says, "Found the network first, or join one.")
    return found


def _signers(founding: Founding, names: Sequence[str]) -> list[PublicHalf]:
    by_name = {half.name: half for half in founding.founders}
    unknown = sorted(set(names) - set(by_name))
    if unknown or len(set(names)) != founding.threshold:
        says = f"{founding.threshold} founders sign; {', '.join(unknown) or len(names)} do not fit."
        raise UsageInvalid("SIGNERS_WRONG", says, f"Name {', '.join(by_name)}.")
    return [by_name[name] for name in names]


def _missing(option: str) -> UsageInvalid:
    return UsageInvalid("OPTION_MISSING", f"{option} is missing.", "Name it.")
