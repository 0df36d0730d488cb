"""Receipts and their proofs: Ethereum's trie, typed and untyped receipts, hostile nodes."""

from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from node.evidence.errors import ReceiptNotProved
from node.evidence.receipts import (
    MAX_PROOF_NODES,
    ReceiptTree,
    decode_receipt,
    encode_receipt,
    prove_receipt,
)

BLANK_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


def receipt(index: int, kind: int = 2, logs: int = 1, status: int = 1) -> dict[str, Any]:
    return {
        "type": hex(kind),
        "status": hex(status),
        "transactionIndex": hex(index),
        "cumulativeGasUsed": hex(21_000 * (index + 1)),
        "logsBloom": "0x" + "00" * 256,
        "logs": [
            {
                "address": "0x" + f"{index:040x}",
                "topics": ["0x" + f"{n:064x}"],
                "data": "0x" + "ab" * n,
            }
            for n in range(logs)
        ],
    }


def test_a_block_without_receipts_has_the_blank_root() -> None:
    assert ReceiptTree([]).root.hex() == BLANK_ROOT


@given(count=st.integers(1, 200), kind=st.sampled_from([0, 1, 2]), data=st.data())
def test_every_receipt_is_proved_under_the_root_and_under_no_other_index(
    count: int, kind: int, data: st.DataObject
) -> None:
    receipts = [receipt(index, kind, index % 3) for index in range(count)]
    tree = ReceiptTree(receipts)
    index = data.draw(st.integers(0, count - 1))
    proof = tree.prove(index)
    proved = prove_receipt(tree.root, index, proof)
    assert proved == decode_receipt(encode_receipt(receipts[index]))
    assert proved.succeeded
    assert len(proved.logs) == index % 3
    other = data.draw(st.integers(0, count).filter(lambda n: n != index))
    if tree.prove(other) != proof:
        with pytest.raises(ReceiptNotProved):
            prove_receipt(tree.root, other, proof[:-1])


def test_a_failed_transactions_receipt_says_so() -> None:
    tree = ReceiptTree([receipt(0, status=0)])
    assert not prove_receipt(tree.root, 0, tree.prove(0)).succeeded


@pytest.mark.parametrize("place", range(0, 300, 7))
def test_a_changed_node_proves_nothing(place: int) -> None:
    tree = ReceiptTree([receipt(index) for index in range(3)])
    proof = [bytearray(node) for node in tree.prove(1)]
    node = proof[place % len(proof)]
    node[place % len(node)] ^= 1
    with pytest.raises(ReceiptNotProved):
        prove_receipt(tree.root, 1, [bytes(each) for each in proof])


@pytest.mark.parametrize(
    "proof",
    [[], [b""], [b"\x80"], [b"\xc0"], [b"\xc2\x80\x80"], [rlp.encode([b""] * 17)], [b"\xc1" * 99]],
)
def test_no_proof_is_no_proof(proof: list[bytes]) -> None:
    tree = ReceiptTree([receipt(0)])
    with pytest.raises(ReceiptNotProved):
        prove_receipt(tree.root, 0, proof)


def test_an_endless_proof_is_refused_before_it_is_read() -> None:
    with pytest.raises(ReceiptNotProved):
        prove_receipt(bytes(32), 0, [b"\xc0"] * (MAX_PROOF_NODES + 1))


@pytest.mark.parametrize("value", [b"", b"\x80", b"\xbf\x01", b"\xc0", b"\x02", b"\x02\xc0"])
def test_what_is_no_receipt_is_refused(value: bytes) -> None:
    with pytest.raises((ValueError, rlp.exceptions.RLPException)):
        decode_receipt(value)
