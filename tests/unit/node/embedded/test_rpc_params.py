"""JSON-RPC parameters are read strictly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.embedded import views
from node.embedded.errors import InvalidParams
from node.embedded.params import (
    BlockChoice,
    read_block,
    read_call,
    read_data,
    read_log_query,
    read_quantity,
)

WORD = "0x" + "11" * 32
ACCOUNT = "0x" + "22" * 20


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_a_quantity_reads_back_as_written(value: int) -> None:
    assert read_quantity(views.quantity(value)) == value


@given(st.binary(max_size=100))
def test_data_reads_back_as_written(value: bytes) -> None:
    assert read_data(views.data(value)) == value


@pytest.mark.parametrize("value", ["0x", "0x01", "1", "0xg", "", "0x" + "1" * 65, 1, None, "0x1 "])
def test_a_malformed_quantity_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        read_quantity(value)


@pytest.mark.parametrize("value", ["0x1", "11", "0xzz", 5, None, [], "0x11\n"])
def test_malformed_data_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        read_data(value)


def test_a_block_is_named_by_tag_height_or_hash() -> None:
    assert read_block("safe") == BlockChoice(tag="safe")
    assert read_block("0x10") == BlockChoice(number=16)
    assert read_block(WORD).hash == b"\x11" * 32
    assert read_block({"blockHash": WORD}).hash == b"\x11" * 32
    assert read_block({"blockHash": WORD, "requireCanonical": True}).hash == b"\x11" * 32
    assert read_block({"blockNumber": "0x2"}) == BlockChoice(number=2)
    assert read_block(None) == BlockChoice(tag="latest")


@pytest.mark.parametrize("value", ["newest", 5, [], {}, {"blockHash": "0x11"}, "0x" + "f" * 32])
def test_a_block_named_otherwise_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        read_block(value)


@pytest.mark.parametrize(
    "value",
    [
        5,
        {"to": "0x11"},
        {"data": "0x1"},
        {"data": "0x11", "input": "0x12"},
        {"authorizationList": []},
        {"accessList": [{"address": ACCOUNT, "storageKeys": []}]},
    ],
)
def test_a_malformed_call_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        read_call(value)


def test_topics_are_one_or_several_choices_a_position() -> None:
    query = read_log_query({"address": [ACCOUNT], "topics": [None, WORD, [WORD, WORD], []]})
    assert query.addresses == (b"\x22" * 20,)
    assert [len(choices) for choices in query.topics] == [0, 1, 2, 0]


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"topics": "0x"},
        {"topics": [None] * 5},
        {"topics": [5]},
        {"address": 5},
        {"address": [ACCOUNT] * 1_001},
        {"blockHash": WORD, "fromBlock": "0x1"},
        {"limit": 5},
    ],
)
def test_a_malformed_filter_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParams):
        read_log_query(value)
