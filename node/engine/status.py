"""``lading network status``: how the network stands, seen from one's own validators."""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from node.chain.errors import RpcRefused
from node.chain.rpc import Rpc, quantity
from node.engine.bundle import Bundle, load
from node.engine.configuration import configured_validators, waits_for_disk
from node.engine.errors import EngineFileInvalid
from node.engine.organisation import Organisation
from node.engine.primary import halves_known, validators_of
from node.engine.process import ask
from node.errors import LedgerUnavailable

LAST_BLOCKS = 100
DAY_SECONDS = 24 * 3600
STAKE_WARN_DAYS = 90
STOPPED_SECONDS = 60
PRIMARY = "11111111111111111111111111111111LpoYY"


def status(organisation: Organisation, others: Sequence[Organisation] = ()) -> dict[str, Any]:
    """Return height, validators with their share of the last blocks, disk, and what is wrong.

    Args:
        others: organisations whose nodes can be asked from here too; their lag is then told.

    Raises: EngineSilent, LedgerUnavailable when the own node does not answer; EngineFileInvalid.
    """
    bundle = load(organisation.directory)
    if bundle is None:
        raise EngineFileInvalid(f"{organisation.directory} follows no chain yet.")
    now = time.time()
    blocks = _last_blocks(bundle.rpc(organisation.url))
    height, block_time = int(blocks[0]["number"], 16), int(blocks[0]["timestamp"], 16)
    heights = {each.public.name: _height(bundle, each) for each in (organisation, *others)}
    rows = _validators(organisation, bundle, blocks, heights, max(h or 0 for h in heights.values()))
    told = {
        "name": organisation.public.name,
        "threshold": f"{bundle.founding.threshold} of {len(bundle.founding.founders)}",
        "chain": bundle.chain,
        "height": height,
        "last_block_seconds_ago": max(0, int(now - block_time)),
        "validators": rows,
        "parameters_for": configured_validators(organisation.directory, bundle),
        "waits_for_disk": waits_for_disk(organisation.directory),
        "disk": _disk(organisation.directory, height, blocks),
    }
    return told | {"trouble": _trouble(told, now)}


def _last_blocks(url: str) -> list[dict[str, Any]]:
    """Return the last blocks, newest first."""
    ledger = Rpc(url)
    try:
        newest = int(ledger.call("eth_blockNumber"), 16)
        first = max(0, newest - LAST_BLOCKS + 1)
        asked = [quantity(number) for number in range(newest, first - 1, -1)]
        found = ledger.batch([("eth_getBlockByNumber", [number, False]) for number in asked])
    finally:
        ledger.close()
    return [block for block in found if isinstance(block, dict)]


def _height(bundle: Bundle, organisation: Organisation) -> int | None:
    ledger = Rpc(bundle.rpc(organisation.url), timeout_seconds=3.0)
    try:
        return int(ledger.call("eth_blockNumber"), 16)
    except (LedgerUnavailable, RpcRefused):
        return None
    finally:
        ledger.close()


def _validators(
    organisation: Organisation,
    bundle: Bundle,
    blocks: Sequence[dict[str, Any]],
    heights: dict[str, int | None],
    highest: int,
) -> list[dict[str, Any]]:
    """Return each validator: who, whether and from where it is connected, its blocks, its end."""
    own = organisation.public.node_id
    peers = {
        peer["nodeID"]: peer for peer in ask(organisation.url, "/ext/info", "info.peers")["peers"]
    }
    stakes = {each.node_id: each.end for each in validators_of(organisation.url, PRIMARY)}
    made = Counter(block["miner"].lower() for block in blocks if int(block["number"], 16) > 0)
    counted = max(1, sum(made.values()))
    halves = {half.node_id: half for half in halves_known(organisation, bundle)}
    rows = []
    for each in validators_of(organisation.url, bundle.subnet):
        half, peer = halves.get(each.node_id), peers.get(each.node_id)
        name = half.name if half else "-"
        height = heights.get(name)
        rows.append(
            {
                "name": name,
                "node_id": each.node_id,
                "connected": each.node_id == own or peer is not None,
                "speaks_from": peer["publicIP"] if peer else None,
                "expected_from": f"{half.host}:{half.peers_port}" if half else None,
                "version": peer["version"] if peer else None,
                "lag": None if height is None else highest - height,
                "share_of_last_blocks": round(made[half.operator] / counted, 2) if half else None,
                "stake_ends": stakes.get(each.node_id),
                "place_ends": each.end,
            }
        )
    return rows


def _disk(directory: Path, height: int, blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return bytes used and free, and in how many days it is full at the last blocks' pace."""
    used = sum(path.stat().st_size for path in (directory / "data").rglob("*") if path.is_file())
    free = shutil.disk_usage(directory).free
    spanned = int(blocks[0]["timestamp"], 16) - int(blocks[-1]["timestamp"], 16)
    a_day = used / max(1, height) * len(blocks) / max(1, spanned) * DAY_SECONDS
    return {
        "used_bytes": used,
        "free_bytes": free,
        "bytes_a_block": used // max(1, height),
        "full_in_days": int(free / a_day) if a_day >= 1 else None,
    }


def _trouble(told: dict[str, Any], now: float) -> list[str]:
    """Say what is wrong, a sentence each, with its remedy."""
    found = []
    for row in told["validators"]:
        who = f"{row['name']} ({row['node_id']})"
        if not row["connected"]:
            found.append(
                f"{who} is not connected: ask it; if it has left, let the council remove it."
            )
        elif row["speaks_from"] and row["expected_from"] not in (None, row["speaks_from"]):
            found.append(
                f"{who} speaks from {row['speaks_from']}, not from {row['expected_from']}: somebody"
                " else may have its staking key; ask it by another way."
            )
        ends = min(row["stake_ends"] or row["place_ends"], row["place_ends"])
        if ends - now < STAKE_WARN_DAYS * DAY_SECONDS:
            days = int((ends - now) / DAY_SECONDS)
            found.append(f"{who} ends in {days} days: let the council admit it again.")
    count, k = len(told["validators"]), told["parameters_for"]
    retune = f"lading network retune DIRECTORY --validators {count}, then start it again."
    if k != count:
        found.append(
            f"The consensus parameters here are for {k} validators, there are {count}: {retune}"
        )
    if not told["waits_for_disk"]:
        found.append(
            "The databases here do not wait for the disk, which was for the time of catching up"
            f" alone: {retune}"
        )
    return found
