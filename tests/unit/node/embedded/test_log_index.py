"""The index of logs answers as a plain search through all logs would."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.ledger_bench import PROBE_ADDRESS, bench_in, raw

from node.embedded.builder import BlockBuilder
from node.embedded.errors import LimitExceeded
from node.embedded.index import Index, LogFilter, StoredLog
from node.embedded.rules import decode_transaction

PROBE = bytes.fromhex(PROBE_ADDRESS[2:])
LAST_BLOCK = 6


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    bench = bench_in(Path(tmp_path_factory.mktemp("logs")) / "ledger")
    connection = bench.database.connect()
    builder = BlockBuilder(bench.settings, bench.database)
    for number in range(2, LAST_BLOCK + 1):
        sent = [
            raw(sender, number - 2, "storeMany", sender, number % 3 + 1, gas=500_000)
            for sender in (5, 6)
        ]
        with bench.database.writing(connection):
            connection.executemany(
                "INSERT INTO pool (hash, raw) VALUES (?, ?)",
                [(decode_transaction(each).hash, each) for each in sent],
            )
        builder.build(int(time.time()) + number)
    return Index(connection)


def matches(stored: StoredLog, wanted: LogFilter) -> bool:
    """Geth's rule: each position given must exist and be one of its choices, or any if empty."""
    topics = stored.log.topics
    return (
        wanted.first_block <= stored.block_number <= wanted.last_block
        and (not wanted.addresses or stored.log.address in wanted.addresses)
        and len(wanted.topics) <= len(topics)
        and all(
            not choices or topics[place] in choices for place, choices in enumerate(wanted.topics)
        )
    )


words = st.integers(min_value=0, max_value=12).map(lambda value: value.to_bytes(32, "big"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_filter_returns_exactly_the_logs_that_match_in_order(
    index: Index, data: st.DataObject
) -> None:
    everything = [each for number in range(LAST_BLOCK + 1) for each in index.logs_in(number)]
    seen = sorted({topic for each in everything for topic in each.log.topics})
    choices = st.lists(st.sampled_from(seen) | words, max_size=3)
    first = data.draw(st.integers(min_value=0, max_value=LAST_BLOCK))
    last = data.draw(st.integers(min_value=first, max_value=LAST_BLOCK + 2))
    addresses = data.draw(st.sampled_from([(), (PROBE,), (bytes(20),), (bytes(20), PROBE)]))
    wanted = LogFilter(first, last, addresses, data.draw(st.lists(choices, max_size=4)))
    assert index.logs(wanted) == [each for each in everything if matches(each, wanted)]


def test_logs_are_numbered_through_their_block(index: Index) -> None:
    for number in range(2, LAST_BLOCK + 1):
        logs = index.logs_in(number)
        assert [each.position for each in logs] == list(range(len(logs)))
        assert {each.transaction_position for each in logs} == {0, 1}


def test_too_many_logs_over_several_blocks_are_refused_and_in_one_block_given(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.embedded.index.LOG_RESULTS_LIMIT", 3)
    with pytest.raises(LimitExceeded, match="fewer blocks"):
        index.logs(LogFilter(0, LAST_BLOCK))
    assert len(index.logs(LogFilter(5, 5))) > 3
