"""Gas of the contracts' verbs, from receipts of real transactions; prints one JSON line.

    make bench-contracts

The committed artifacts run on anvil (Cancun rules), reached through JSON-RPC. Every figure has the
21,000 of its transaction and the calldata in it. TradeTrust's published figures stand beside.
"""

import os
import sys
from collections.abc import Iterable
from typing import Any

from founded import PORT_OF_DISCHARGE
from gas_ledger import FOUNDING, HOLDERS, Cost, GasLedger, sizes
from gas_titles import BANK, BUYER, CARRIER, NEXT, SHIPPER, Trade, carry_over, tell
from line import Bar, print_line
from model.anvil import Anvil

from identity.acts.types import ACT_TYPES
from identity.acts.words import ConditionKind, DeviceKind, SurrenderPurpose
from identity.keys.secp256k1 import SigningKey, key_id
from node.attestations.log import attachment, proof_ranges, roots

BATCH = 50
YEAR_SECONDS = 365 * 86_400
MAX_CODE_BYTES = 24_575  # EIP-170, less one: each is under 24,576
TRADETRUST = {
    "source": "TradeTrust's published gas figures, one transaction each",
    "mint": 282_387,
    "transferHolder": 77_988,
    "nominate_and_endorse": 143_278,
    "return": 95_638,
}
BY_ITSELF = "a member's, relayed by itself"
KINDS = (
    (ConditionKind.FREIGHT, "carrier"),
    (ConditionKind.CUSTOMS, "customs"),
    (ConditionKind.INSPECTION, "inspection"),
    (ConditionKind.QUARANTINE, "quarantine"),
)


def handed_over(ledger: GasLedger, holders: list[str]) -> float:
    """Return gas a title: fifty offers in one transaction, the fifty acceptances in the next.

    The first title goes from the first holder to the second, and so on, round the list.
    """
    trade = Trade(ledger)
    trade.scene = "before a batch"
    pairs = [(holders[i % len(holders)], holders[(i + 1) % len(holders)]) for i in range(BATCH)]
    if len(holders) == 2:
        pairs = [(holders[0], holders[1])] * BATCH
    bills = [trade.held(by) for by, _ in pairs]
    offers = [
        trade.wire(bill, by, "Offer", **trade.offer_fields(bill, to))
        for bill, (by, to) in zip(bills, pairs, strict=True)
    ]
    gas = ledger.submit("Titles", *offers)
    answers = [
        trade.wire(bill, to, "Accept", offer=bill.last, root=bill.root)
        for bill, (_, to) in zip(bills, pairs, strict=True)
    ]
    return (gas + ledger.submit("Titles", *answers)) / BATCH


def opened(ledger: GasLedger) -> int:
    """Return the gas of opening an order with four conditions and two containers."""
    trade = Trade(ledger)
    trade.scene = "before an order"
    bill = trade.held(BUYER)
    trade.surrender(bill, BUYER, SurrenderPurpose.DELIVERY)
    trade.accept(bill, CARRIER)
    _, wire = ledger.act(
        CARRIER,
        "OpenOrder",
        os.urandom(32),
        0,
        title=bill.id,
        root=os.urandom(32),
        terminal=ledger.id("terminal"),
        kinds=[int(kind) for kind, _ in KINDS],
        members=[ledger.id(name) for _, name in KINDS],
        containers=sorted(os.urandom(32) for _ in range(2)),
    )
    return ledger.measure("OpenOrder", "four conditions", "Releases", wire).gas


def checkpointed(ledger: GasLedger, later: int, members: tuple[str, str]) -> dict[str, int]:
    """Return the worst checkpoint's gas at a size, by whose log it is and who relays it.

    From one leaf less than a power of two a proof has a node a level, and all but the lowest are
    hashed twice. The nodes are random: the contract sees no more of a log than such a proof.
    """
    earlier = later - 1
    nodes = [os.urandom(32) for _ in proof_ranges(earlier, later)]
    proved = roots(earlier, later, nodes)
    assert proved is not None
    device = SigningKey.generate()
    _register(ledger, device)
    logs: dict[str, tuple[str, bytes, SigningKey | None, str]] = {
        BY_ITSELF: (members[0], ledger.id(members[0]), None, members[0]),
        "a member's, relayed by the founding account": (
            members[1],
            ledger.id(members[1]),
            None,
            FOUNDING,
        ),
        "a device's, relayed by its owner": (
            "terminal",
            key_id(device.address),
            device,
            "terminal",
        ),
    }
    costs = {}
    for scene, (owner, origin, key, relayer) in logs.items():
        _, first = ledger.act(owner, "Checkpoint", origin, 0, key, size=earlier, root=proved[0])
        ledger.submit("Attestations", first)
        _, wire = ledger.act(owner, "Checkpoint", origin, 1, key, size=later, root=proved[1])
        wire += attachment(earlier, nodes)
        costs[scene] = ledger.measure("Checkpoint", scene, "Attestations", wire, relayer).gas
    return costs


def _register(ledger: GasLedger, key: SigningKey) -> None:
    _, wire = ledger.act(
        "terminal",
        "RegisterDevice",
        key_id(key.address),
        0,
        key=key_id(key.address),
        kind=int(DeviceKind.GATEWAY),
        port=PORT_OF_DISCHARGE,
        calibratedUntil=ledger.now() + YEAR_SECONDS,
    )
    ledger.submit("Devices", wire)


def figures(ledger: GasLedger) -> tuple[list[Bar], dict[str, Any]]:
    """Measure everything; return the bars and what stands beside them.

    The bars are for acts by members' own keys and members' own logs. What a delegation or a device
    adds, a look-up of its own, stands beside them.
    """
    own = told(ledger, ())
    delegated = told(ledger, (CARRIER, SHIPPER, BUYER, NEXT, BANK))
    batched, mixed = handed_over(ledger, [SHIPPER, BUYER]), handed_over(ledger, list(HOLDERS))
    order = opened(ledger)
    checkpoints = {
        "gas.checkpoint_2e20": checkpointed(ledger, 2**20, (CARRIER, SHIPPER)),
        "gas.checkpoint_2e32": checkpointed(ledger, 2**32, (BUYER, NEXT)),
    }
    carried = carry_over(ledger)
    costs = {
        "gas.issue": (own.pop("Issue"), 150_000),
        "gas.max_verb_alone": (highest(own.values()), 100_000),
        "gas.carry_over": (highest(carried), 130_000),
    }
    bars = [Bar(name, cost.gas, "gas", "less", bar) for name, (cost, bar) in costs.items()]
    bars += [
        Bar(name, checkpoints[name][BY_ITSELF], "gas", "less", bar)
        for name, bar in (("gas.checkpoint_2e20", 80_000), ("gas.checkpoint_2e32", 95_000))
    ]
    bars += [
        Bar("gas.handover_batched", batched, "gas", "less", 60_000),
        Bar("gas.handover_mixed", mixed, "gas", "less", 70_000),
        Bar("contracts.largest_bytes", max(sizes().values()), "bytes", "less", MAX_CODE_BYTES),
    ]
    also = {
        "gas.order_open": order,
        "scenes": {name: f"{cost.verb}: {cost.scene}" for name, (cost, _) in costs.items()},
        "worst_of_each_verb": {verb: [cost.gas, cost.scene] for verb, cost in own.items()},
        "carry_over_of_each_verb": {cost.verb: cost.gas for cost in sorted(carried, key=_gas)},
        "under_a_delegation": {verb: cost.gas for verb, cost in delegated.items()},
        "checkpoints": checkpoints,
        "bytes": sizes(),
        "tradetrust": TRADETRUST,
    }
    return bars, also


def told(ledger: GasLedger, delegating: tuple[str, ...]) -> dict[str, Cost]:
    """Return what each Titles verb costs at most in the lives of ``gas_titles``."""
    trade, before = Trade(ledger), len(ledger.costs)
    trade.delegate(*delegating)
    tell(trade)
    verbs = [verb.name for verb in ACT_TYPES.values() if verb.contract == "Titles"]
    measured = ledger.costs[before:]
    return {verb: highest(cost for cost in measured if cost.verb == verb) for verb in verbs}


def highest(costs: Iterable[Cost]) -> Cost:
    """Return the highest of some costs."""
    return max(costs, key=_gas)


def main() -> int:
    """Print the line; return 0 when every bar holds."""
    anvil = Anvil()
    try:
        bars, also = figures(GasLedger(anvil))
    finally:
        anvil.close()
    return 0 if print_line("contracts", bars, also) else 1


def _gas(cost: Cost) -> int:
    return cost.gas


if __name__ == "__main__":
    sys.exit(main())
