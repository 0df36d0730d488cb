"""The block rule, the pool and calls, on a ledger in this process."""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

import pytest
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_process import CHAIN_ID, account
from support.ledger_bench import (
    PROBE_ADDRESS,
    Bench,
    bench_in,
    probe_call,
    raw,
    settled,
)

from node.embedded.calls import Call
from node.embedded.errors import (
    ExecutionFailed,
    ExecutionReverted,
    StorageUnavailable,
    TransactionRefused,
)
from node.embedded.index import Index
from node.embedded.ledger import Ledger
from node.embedded.pool import AdmissionRules, read_transaction

PROBE = bytes.fromhex(PROBE_ADDRESS[2:])


def refused(bench: Bench, transaction: bytes) -> str:
    """Return why the ledger does not take ``transaction``."""
    reasons = []

    async def test(ledger: Ledger) -> None:
        with pytest.raises(TransactionRefused) as raised:
            await ledger.send(transaction)
        reasons.append(str(raised.value))

    bench.run(test)
    return reasons[0]


def call(function: str, *arguments: object, gas: int | None = None) -> Call:
    return Call(to=PROBE, data=bytes.fromhex(probe_call(function, *arguments)[2:]), gas=gas)


def test_an_acknowledged_transaction_is_on_disk_before_it_is_in_a_block(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        await ledger.send(raw(5, 0, "store", 1, 1))
        (count,) = bench.database.connect().execute("SELECT count(*) FROM pool").fetchone()
        mined = Index(bench.database.connect()).hashes_in(2)
        assert count + len(mined) == 1

    bench.run(test)


def test_nonces_follow_without_gaps_and_each_other_gets_its_reason(bench: Bench) -> None:
    far = time.time() + 1_000

    async def test(ledger: Ledger) -> None:
        first = raw(5, 0, "store", 1, 1)
        await ledger.send(first)
        await settled(ledger)
        with pytest.raises(TransactionRefused, match="nonce too low"):
            await ledger.send(first)
        with pytest.raises(TransactionRefused, match="nonce too high"):
            await ledger.send(raw(5, 2, "store", 1, 1))

    bench.run(test)

    async def without_blocks(ledger: Ledger) -> None:
        waits = raw(5, 1, "store", 1, 1)
        await ledger.send(waits)
        with pytest.raises(TransactionRefused, match="already known"):
            await ledger.send(waits)
        with pytest.raises(TransactionRefused, match="replacement transaction underpriced"):
            await ledger.send(raw(5, 1, "store", 1, 2))
        await ledger.send(raw(5, 2, "store", 1, 1))
        sender = bytes.fromhex(account(5).address[2:])
        assert ledger.pool.next_nonce(sender, 1) == 3

    bench.run(without_blocks, clock=lambda: far - 1_000_000)


def test_what_was_acknowledged_and_not_mined_is_mined_by_the_next_process(bench: Bench) -> None:
    async def without_blocks(ledger: Ledger) -> None:
        for nonce in range(3):
            await ledger.send(raw(5, nonce, "store", nonce, 1))
        assert ledger.head.block_number == 1

    bench.run(without_blocks, clock=lambda: time.time() - 1_000_000)

    async def test(ledger: Ledger) -> None:
        await asyncio.sleep(0)
        await settled(ledger)
        assert len(ledger.index.hashes_in(ledger.head.block_number)) == 3

    bench.run(test)


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (b"", "invalid transaction"),
        (b"\x02", "invalid transaction"),
        (b"\x02\xc0", "invalid transaction"),
        (b"\x03" + bytes(50), "type not supported"),
        (b"\x7e" + bytes(50), "type not supported"),
        (b"\xc0", "invalid transaction"),
        (bytes(200_000), "oversized data"),
    ],
)
def test_what_is_no_transaction_is_refused(bench: Bench, transaction: bytes, reason: str) -> None:
    assert reason in refused(bench, transaction)


def fields(**changed: object) -> bytes:
    base: dict[str, object] = {
        "nonce": 0,
        "gas": 100_000,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        "data": "0x",
        "to": PROBE_ADDRESS,
        "chainId": CHAIN_ID,
    }
    given = {name: value for name, value in (base | changed).items() if value is not None}
    return bytes(account(5).sign_transaction(given).raw_transaction)


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (fields(chainId=1), "invalid chain id"),
        (fields(gas=20_999), "intrinsic gas too low"),
        (fields(gas=30_000_001), "exceeds block gas limit"),
        (fields(value=1), "insufficient funds"),
        (fields(maxFeePerGas=1), "insufficient funds"),
        (fields(to=b"", data="0x" + "00" * 49_153, gas=9_000_000), "max initcode size"),
        (
            fields(maxFeePerGas=None, maxPriorityFeePerGas=None, gasPrice=0, chainId=None),
            "replay-protected",
        ),
    ],
)
def test_a_transaction_that_can_never_run_is_refused(
    bench: Bench, transaction: bytes, reason: str
) -> None:
    assert reason in refused(bench, transaction)


def test_a_legacy_transaction_and_one_with_an_access_list_are_mined(bench: Bench) -> None:
    legacy = fields(maxFeePerGas=None, maxPriorityFeePerGas=None, gasPrice=0)
    listed = {"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 0, "type": 1}
    entry = {"address": PROBE_ADDRESS, "storageKeys": ["0x" + "00" * 32]}

    async def test(ledger: Ledger) -> None:
        await ledger.send(legacy)
        await ledger.send(fields(**listed, nonce=1, accessList=[entry]))
        await settled(ledger)
        accounts = ledger.accounts(ledger.head)
        assert accounts.get_nonce(Address(bytes.fromhex(account(5).address[2:]))) == 2

    bench.run(test)


VALID = raw(5, 0, "store", 1, 1)
RULES = AdmissionRules(CHAIN_ID, 30_000_000)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading_of_a_transaction(content: bytes) -> None:
    for attempt in (content, VALID[: min(len(content), len(VALID) - 1)], VALID[:20] + content):
        with pytest.raises(TransactionRefused):
            read_transaction(attempt, RULES)


@given(st.integers(min_value=0, max_value=len(VALID) - 1), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_never_leaves_the_sender(place: int, change: int) -> None:
    changed = bytearray(VALID)
    changed[place] ^= change
    with contextlib.suppress(TransactionRefused):
        taken = read_transaction(bytes(changed), RULES)
        assert taken.sender != bytes.fromhex(account(5).address[2:])


def test_a_full_disk_refuses_the_transaction_and_takes_it_later(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        saver = ledger.pool._connection
        (pages,) = saver.execute("PRAGMA page_count").fetchone()
        saver.execute(f"PRAGMA max_page_count = {pages}")
        big = fields(data="0x" + "11" * 40_000, gas=9_000_000)
        with pytest.raises(StorageUnavailable, match="full"):
            await ledger.send(big)
        assert ledger.pool.is_empty
        saver.execute("PRAGMA max_page_count = 1000000")
        await ledger.send(big)
        await settled(ledger)

    bench.run(test)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.floats(min_value=0.0, max_value=1.5), min_size=1, max_size=5))
def test_chain_time_never_outruns_the_clock(pauses: list[float]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        bench = bench_in(Path(directory) / "ledger")
        seen: list[tuple[int, float]] = []

        async def test(ledger: Ledger) -> None:
            for nonce, pause in enumerate(pauses):
                await ledger.send(raw(5, nonce, "store", nonce, 1))
                await asyncio.sleep(pause)
                seen.append((ledger.head.timestamp, time.time()))
            await settled(ledger)
            seen.append((ledger.head.timestamp, time.time()))

        bench.run(test)
        assert all(chain <= clock for chain, clock in seen)
        assert sorted(set(bench.timestamps)) == bench.timestamps


def test_blocks_wait_when_the_clock_is_set_back(bench: Bench) -> None:
    offset = [0.0]

    async def test(ledger: Ledger) -> None:
        await ledger.send(raw(5, 0, "store", 1, 1))
        await settled(ledger)
        before = ledger.head.timestamp
        offset[0] = -2.0
        await ledger.send(raw(5, 1, "store", 1, 2))
        await settled(ledger)
        assert ledger.head.timestamp > before
        assert ledger.head.timestamp <= time.time() - 2

    bench.run(test, clock=lambda: time.time() + offset[0])


def test_an_estimate_suffices_where_gas_must_be_kept_for_a_call(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        wanted = call("storeWithReserve", 9, 1_000_000)
        gas = await ledger.estimate(wanted, ledger.pending_header())
        assert gas > 1_000_000 * 64 // 63
        enough, less = (Call(to=PROBE, data=wanted.data, gas=g) for g in (gas, gas * 98 // 100))
        await ledger.call(enough, ledger.pending_header())
        with pytest.raises((ExecutionReverted, ExecutionFailed)):
            await ledger.call(less, ledger.pending_header())

    bench.run(test)


def test_a_call_sees_the_state_of_the_height_it_names(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        heights = []
        for nonce in range(2):
            await ledger.send(raw(5, nonce, "store", 1, nonce + 100))
            await settled(ledger)
            heights.append(ledger.head)
        values = [await ledger.call(call("values", 1), header) for header in heights]
        assert [int.from_bytes(value, "big") for value in values] == [100, 101]

    bench.run(test)


def test_a_pending_call_sees_the_time_of_the_next_block(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        seen = int.from_bytes(await ledger.call(call("time"), ledger.pending_header()), "big")
        assert abs(seen - time.time()) < 5
        at_head = int.from_bytes(await ledger.call(call("time"), ledger.head), "big")
        assert at_head == ledger.head.timestamp

    bench.run(test)


def test_a_call_reads_hashes_of_earlier_blocks(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        for back in (1, 2, 1):
            found = await ledger.call(call("ancestor", back), ledger.pending_header())
            header = ledger.index.header_at(ledger.head.block_number + 1 - back)
            assert header is not None
            assert found == header.hash

    bench.run(test)


def test_a_call_that_runs_out_of_gas_says_so(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        with pytest.raises(ExecutionFailed, match="out of gas"):
            await ledger.call(call("spin", gas=100_000), ledger.head)
        with pytest.raises(ExecutionFailed, match="intrinsic gas too low"):
            await ledger.call(call("spin", gas=100), ledger.head)
        with pytest.raises(ExecutionReverted, match="not today"):
            await ledger.call(call("refuseInWords"), ledger.head)

    bench.run(test)
