"""Blocks as the builder makes them, and py-evm's own opinion of them."""

import os
import socket
import time
from pathlib import Path
from queue import SimpleQueue

import pytest
import rlp
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlock
from ledger_process import account
from load.direct_chain import PinnedChain, PinnedVM
from support.ledger_bench import PROBE_ADDRESS, Bench, raw, settled

from node.embedded.builder import BlockBuilder, listen
from node.embedded.database import Database, NodeStore
from node.embedded.index import Index
from node.embedded.ledger import Ledger
from node.embedded.rules import decode_header, decode_transaction


def put(bench: Bench, *raws: bytes) -> None:
    connection = bench.database.connect()
    with bench.database.writing(connection):
        connection.executemany(
            "INSERT INTO pool (hash, raw) VALUES (?, ?)",
            [(decode_transaction(each).hash, each) for each in raws],
        )


def waiting(bench: Bench) -> int:
    (count,) = bench.database.connect().execute("SELECT count(*) FROM pool").fetchone()
    return int(count)


def test_py_evm_imports_every_block_and_comes_to_the_same_state(
    bench: Bench, tmp_path: Path
) -> None:
    start = int(time.time()) - 1_000
    builder = BlockBuilder(bench.settings, bench.database)
    put(bench, *(raw(5, nonce, "store", nonce, nonce) for nonce in range(5)))
    builder.build(start)
    put(bench, raw(5, 5, "storeMany", 0, 4), raw(6, 0, "refuse", 1), raw(6, 1, "spin", gas=50_000))
    builder.build(start + 7)
    put(bench, raw(7, 0, "store", 2, 0), raw(5, 6, "descend", 20, gas=3_000_000))
    builder.build(start + 8)

    connection = bench.database.connect()
    other = Database(tmp_path)
    chain = PinnedChain.from_genesis_header(
        NodeStore(other.connect()),
        decode_header(connection.execute("SELECT header FROM blocks WHERE number=0").fetchone()[0]),
    )
    index = Index(connection)
    for number in range(1, 5):
        header = index.header_at(number)
        assert header is not None
        mined = [decode_transaction(each.raw) for each in index.transactions_in(number)]
        # Raises unless its own execution gives the same state, receipts, gas and bloom.
        imported = chain.import_block(CancunBlock(header, mined, [], [])).imported_block
        assert imported.header.hash == header.hash
    assert header.block_number == 4


def test_an_invalid_transaction_is_dropped_and_the_others_are_mined(bench: Bench) -> None:
    put(bench, raw(5, 0, "store", 1, 1), raw(6, 3, "store", 2, 2), raw(5, 1, "store", 3, 3))
    built = BlockBuilder(bench.settings, bench.database).build(int(time.time()))
    assert built.number == 2
    assert built.dropped == (decode_transaction(raw(6, 3, "store", 2, 2)).hash.hex(),)
    assert len(Index(bench.database.connect()).hashes_in(2)) == 2
    assert waiting(bench) == 0


def test_a_transaction_that_breaks_the_engine_is_dropped_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = raw(6, 0, "store", 2, 2)
    put(bench, raw(5, 0, "store", 1, 1), bad, raw(5, 1, "store", 3, 3))
    whole = CancunVM.make_receipt.__func__  # type: ignore[attr-defined]

    def make_receipt(cls: type, header: object, transaction: object, *rest: object) -> object:
        if transaction == decode_transaction(bad):
            raise AssertionError("a defect of the engine")
        return whole(cls, header, transaction, *rest)

    monkeypatch.setattr(CancunVM, "make_receipt", classmethod(make_receipt))
    builder = BlockBuilder(bench.settings, bench.database)
    first = builder.build(int(time.time()))
    assert (first.number, first.dropped) == (None, (decode_transaction(bad).hash.hex(),))
    second = builder.build(int(time.time()))
    assert (second.number, second.dropped) == (2, ())
    assert len(Index(bench.database.connect()).hashes_in(2)) == 2


def test_a_block_stops_at_its_gas_limit_and_the_rest_waits(bench: Bench) -> None:
    put(bench, *(raw(5, nonce, "store", nonce, 1, gas=30_000_000) for nonce in range(5)))
    builder = BlockBuilder(bench.settings, bench.database)
    builder.build(int(time.time()))
    # 100,000,000 gas a block: each asks for 30,000,000 and uses little, so all fit but the last
    # never asks for more than is left.
    header = Index(bench.database.connect()).header_at(2)
    assert header is not None
    assert header.gas_used < header.gas_limit
    assert waiting(bench) == 0


def test_a_block_stops_after_a_second_of_work_and_the_rest_waits(bench: Bench) -> None:
    put(bench, *(raw(5, nonce, "spin", gas=8_000_000) for nonce in range(12)))
    builder = BlockBuilder(bench.settings, bench.database)
    started = time.monotonic()
    builder.build(int(time.time()))
    assert time.monotonic() - started < 15
    assert 0 < waiting(bench) < 12


def test_a_call_chain_a_thousand_deep_is_executed(bench: Bench) -> None:
    put(bench, raw(5, 0, "descend", 1_000, gas=30_000_000))
    BlockBuilder(bench.settings, bench.database).build(int(time.time()))
    (mined,) = Index(bench.database.connect()).transactions_in(2)
    assert mined.position == 0


def test_a_full_disk_loses_nothing_and_the_block_comes_later(bench: Bench) -> None:
    connection = bench.database.connect()
    put(bench, *(raw(5, nonce, "storeMany", nonce * 10, 10) for nonce in range(5)))
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    builder = BlockBuilder(bench.settings, bench.database)
    builder._connection.execute(f"PRAGMA max_page_count = {pages}")
    failed = builder.build(int(time.time()))
    assert failed.failure is not None
    assert "full" in failed.failure
    assert waiting(bench) == 5
    builder._connection.execute("PRAGMA max_page_count = 1000000")
    assert builder.build(int(time.time())).number == 2
    assert waiting(bench) == 0


def test_the_pinned_fields_stay_and_no_balance_appears(bench: Bench) -> None:
    async def test(ledger: Ledger) -> None:
        for nonce in range(3):
            await ledger.send(raw(5, nonce, "store", nonce, 1))
            await settled(ledger)
        header = ledger.head
        assert (header.gas_limit, header.base_fee_per_gas) == (100_000_000, 0)
        for address in (account(5).address, PROBE_ADDRESS, "0x" + "00" * 20):
            assert ledger.accounts(header).get_balance(bytes.fromhex(address[2:])) == 0

    bench.run(test)


def test_headers_hash_to_their_stored_hash(bench: Bench) -> None:
    rows = bench.database.connect().execute("SELECT hash, header FROM blocks").fetchall()
    assert len(rows) == 2
    for block_hash, encoded in rows:
        header = decode_header(encoded)
        assert header.hash == block_hash
        assert rlp.encode(header) == encoded
    assert issubclass(PinnedVM, CancunVM)


def test_the_builder_ends_when_the_ledger_was_killed_with_an_answer_unread() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"an answer that nobody reads\n")
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            listen(theirs, SimpleQueue())
        finally:
            os._exit(1)
    theirs.close()
    ours.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
