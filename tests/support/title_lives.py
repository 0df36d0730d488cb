"""Blocks of a synthetic ledger in which titles live: members, issue, pledge, release, gate-out."""

from synthetic_ledger import GENESIS_TIME, Log, SyntheticLedger

from identity.acts.objects import condition_id, right_id

CARRIER, SHIPPER, BANK, TERMINAL, CUSTOMS = (bytes(31) + bytes([i]) for i in range(1, 6))
MEMBERS = (CARRIER, SHIPPER, BANK, TERMINAL, CUSTOMS)
NOBODY = bytes(32)
ROOT = b"R" * 32
LANE = b"\x99" * 32
DEADLINE = GENESIS_TIME + 86_400


def hex_of(value: bytes) -> str:
    return "0x" + value.hex()


def title_id(number: int) -> bytes:
    return b"T" + number.to_bytes(31, "big")


def order_id(number: int) -> bytes:
    return b"O" + number.to_bytes(31, "big")


def container_tag(number: int) -> bytes:
    return b"C" + number.to_bytes(31, "big")


def founded_ledger() -> SyntheticLedger:
    """A ledger whose first block is that of ``found``."""
    ledger = SyntheticLedger()
    found(ledger)
    return ledger


def found(ledger: SyntheticLedger) -> None:
    """Add a block that admits ``MEMBERS``, numbered 1 to 5, and registers a lane."""
    logs = [
        ledger.acted(
            "AdmitMember", 1, principal=NOBODY, object=member, roles=1, profile=NOBODY,
            rulebook=NOBODY, keys=[member], purposes=[1],
        )
        for member in MEMBERS
    ]  # fmt: skip
    lane = ledger.acted(
        "RegisterLane", 1, principal=TERMINAL, object=LANE, key=bytes(20), kind=1, port=2,
        calibratedUntil=DEADLINE,
    )  # fmt: skip
    ledger.add_block([*logs, lane])


def issue(ledger: SyntheticLedger, number: int, deadline: int = DEADLINE) -> Log:
    return ledger.acted(
        "Issue", 1, principal=CARRIER, object=title_id(number), kind=2, party=NOBODY,
        holder=SHIPPER, deadline=deadline, loading=1, discharge=2, root=ROOT,
    )  # fmt: skip


def accept(ledger: SyntheticLedger, number: int, counter: int, by: bytes) -> Log:
    return ledger.acted(
        "Accept", counter, principal=by, object=title_id(number), offer=NOBODY, root=ROOT
    )


def offer(
    ledger: SyntheticLedger, number: int, counter: int, to: bytes, deadline: int = DEADLINE
) -> Log:
    """The shipper's offer, endorsed in blank."""
    return ledger.acted(
        "Offer", counter, principal=SHIPPER, object=title_id(number), to=to, capacity=1,
        endorsement=2, deadline=deadline, root=ROOT,
    )  # fmt: skip


def refusal(ledger: SyntheticLedger, number: int, by: bytes = BANK) -> Log:
    return ledger.refused("Offer", title_id(number), by, bytes.fromhex("08c379a0"))


def freeze(ledger: SyntheticLedger, number: int, counter: int, order: bytes = b"L" * 32) -> Log:
    return ledger.acted(
        "Freeze", counter, principal=CUSTOMS, object=title_id(number), port=2, order=order
    )


def hold(ledger: SyntheticLedger, number: int, counter: int, order: bytes = b"L" * 32) -> Log:
    return ledger.acted(
        "HoldOrder", counter, principal=CUSTOMS, object=order_id(number), port=2, order=order
    )


def release(ledger: SyntheticLedger, number: int) -> list[Log]:
    """From acceptance by the shipper to the container's return and the order's closing."""
    title, order, tag = title_id(number), order_id(number), container_tag(number)

    def lane(verb: str, counter: int) -> Log:
        return ledger.acted(
            verb, counter, principal=TERMINAL, object=right_id(order, tag), order=order,
            container=tag, lane=LANE, deviceCounter=2 * number + counter, time=DEADLINE,
            reports=ROOT,
        )  # fmt: skip

    return [
        ledger.acted(
            "Surrender", 3, principal=SHIPPER, object=title, purpose=1, root=ROOT, amended=NOBODY,
            deadline=DEADLINE,
        ),
        accept(ledger, number, 4, CARRIER),
        open_order(ledger, number),
        ledger.acted(
            "SetCondition", 1, principal=CUSTOMS, object=condition_id(order, 2), order=order,
            met=1, reference=ROOT,
        ),
        lane("GateOut", 1),
        lane("ReturnEmpty", 2),
        ledger.followed("Releases", order, 2, 2),
    ]  # fmt: skip


def open_order(ledger: SyntheticLedger, number: int) -> Log:
    return ledger.acted(
        "OpenOrder", 1, principal=CARRIER, object=order_id(number), title=title_id(number),
        root=ROOT, terminal=TERMINAL, kinds=[2], members=[CUSTOMS],
        containers=[container_tag(number)],
    )  # fmt: skip
