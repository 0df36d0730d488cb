"""What ``lading status`` and ``lading doctor`` show; apart, so that other commands load no node."""

import time
from pathlib import Path
from typing import Any

from node.chain.network import load
from node.chain.rpc import Rpc
from node.errors import NodeError
from node.serve import running_parts
from node.settings import Settings
from node.upkeep.before_start import before_start as offline
from node.upkeep.findings import Finding
from node.upkeep.measures import measure, opened
from node.upkeep.repair import repair as mend
from node.upkeep.running import of_network, while_running
from node.upkeep.vault import of_vault

ANSWER_SECONDS = 3.0


def standing(directory: Path) -> dict[str, Any]:
    """Return what runs, how far it is, what waits, and the last errors.

    Raises: SettingsInvalid, DatabaseNotMade, StorageUnavailable.
    """
    settings = Settings.load(directory)
    with opened(settings) as database, database.read() as session:
        now = measure(session, time.time())
    head = _head(settings)
    behind = None if head is None or now.height is None else max(0, head - now.height)
    return {
        "member": settings.member,
        "database": "postgresql" if database.is_postgresql else "sqlite",
        "jobs": settings.jobs,
        "parts": running_parts(settings.directory),
        "ledger": {"reachable": head is not None, "head": head},
        "tables": {
            "height": now.height,
            "behind_blocks": behind,
            "behind_seconds": now.behind_seconds,
        },
        "open_commands": now.commands,
        "unfinished_relays": now.relays,
        "oldest_due_seconds": round(now.oldest_due_seconds, 1),
        "subscribers": now.subscribers,
        "dead_webhooks": now.dead_webhooks,
        "outbox": [
            {"kind": kind, "state": state, "rows": rows}
            for (kind, state), rows in sorted(now.outbox.items())
        ],
        "deliveries": now.deliveries,
        "alarms": {code: count for code, count in now.alarms.items() if count},
        "last_errors": now.last_errors,
    }


# What stands in the way of nothing else that is looked at, or is what a repair may mend.
NOT_IN_THE_WAY = ("DATABASE_DAMAGED", "DISK_NEARLY_FULL")


def findings(
    directory: Path, repair: bool, before_start: bool, network: bool, vault: bool = False
) -> list[dict[str, Any]]:
    """Return what the doctor finds; the member's processes may run or not.

    Raises: as ``node.upkeep.repair.repair``, only where a repair is asked for.
    """
    found: list[Finding] = list(offline(directory, others=before_start))
    well = all(each.state != "fail" or each.code in NOT_IN_THE_WAY for each in found)
    if well and not before_start:
        settings = Settings.load(directory)
        if repair:
            found += mend(settings)
        found += while_running(settings)
        if network:
            found += of_network(settings)
        if vault:
            found += of_vault(settings)
    return [dict(vars(finding)) for finding in found]


def _head(settings: Settings) -> int | None:
    ledger = Rpc(settings.ledger_url, ANSWER_SECONDS)
    try:
        final = load(settings.network_file).profile.final
        block = ledger.call("eth_getBlockByNumber", final, False)
        return int(block["number"], 16)
    except (NodeError, KeyError, TypeError, ValueError):
        return None
    finally:
        ledger.close()
