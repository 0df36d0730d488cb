"""Receipts of one block and the proof that one of them stands in it.

The tree is Ethereum's receipts trie (Yellow Paper, 4.3.2 and appendix D; typed receipts by
EIP-2718), built and checked by the ``trie`` and ``rlp`` libraries. A proof is the list of trie
nodes from the receipts root of the block's header to the receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from trie.exceptions import BadTrieProof, InvalidNode, ValidationError
from trie.hexary import HexaryTrie

from node.evidence.errors import ReceiptNotProved

MAX_PROOF_NODES = 16
MAX_NODE_BYTES = 512 * 1024

_NOT_A_PROOF = (
    BadTrieProof,
    InvalidNode,
    rlp.exceptions.RLPException,
    ValidationError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    RecursionError,
)


@dataclass(frozen=True)
class Log:
    """One event as a receipt holds it: address 20 bytes, topics 32 bytes each."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What a receipt says: whether its transaction took effect, and its events in order."""

    succeeded: bool
    logs: tuple[Log, ...]


class ReceiptTree:
    """The receipts of one block, from the ledger's own answers to eth_getBlockReceipts."""

    def __init__(self, receipts: Sequence[Mapping[str, Any]]) -> None:
        self._trie: Any = HexaryTrie(db={}, prune=False)
        for receipt in receipts:
            index = int(receipt["transactionIndex"], 16)
            self._trie[rlp.encode(index)] = encode_receipt(receipt)

    @property
    def root(self) -> bytes:
        """The receipts root, 32 bytes, as the block's header must hold it."""
        root: bytes = self._trie.root_hash
        return root

    def prove(self, index: int) -> list[bytes]:
        """Return the trie nodes from the root to the receipt of transaction ``index``."""
        return [rlp.encode(node) for node in self._trie.get_proof(rlp.encode(index))]


def encode_receipt(receipt: Mapping[str, Any]) -> bytes:
    """Return the bytes of a receipt as the trie holds them, from its JSON-RPC form."""
    body: bytes = rlp.encode(
        [
            _integer(receipt["status"]),
            _integer(receipt["cumulativeGasUsed"]),
            _bytes(receipt["logsBloom"]),
            [
                [_bytes(log["address"]), [_bytes(t) for t in log["topics"]], _bytes(log["data"])]
                for log in receipt["logs"]
            ],
        ]
    )
    kind = int(receipt.get("type", "0x0"), 16)
    return body if kind == 0 else bytes([kind]) + body


def prove_receipt(root: bytes, index: int, proof: Sequence[bytes]) -> Receipt:
    """Return the receipt of transaction ``index`` that ``proof`` shows under ``root``.

    Raises:
        ReceiptNotProved: the nodes do not lead from the root to a receipt, or it is malformed.
    """
    if len(proof) > MAX_PROOF_NODES or any(len(node) > MAX_NODE_BYTES for node in proof):
        raise ReceiptNotProved("A receipt's proof is longer than any block gives.", index=index)
    try:
        nodes = [rlp.decode(node) for node in proof]
        trie: Any = HexaryTrie
        value = trie.get_from_proof(root, rlp.encode(index), nodes)
        return decode_receipt(bytes(value))
    except _NOT_A_PROOF as error:
        raise ReceiptNotProved(
            "A receipt does not lead to the receipts root of its block.", index=index
        ) from error


def decode_receipt(encoded: bytes) -> Receipt:
    """Read a receipt's bytes; raises ValueError or an RLP error when they are none."""
    if not encoded:
        raise ValueError("no receipt at this index")
    if 0x80 <= encoded[0] < 0xC0:
        raise ValueError("neither a receipt nor a typed one (EIP-2718)")
    body = encoded if encoded[0] >= 0xC0 else encoded[1:]
    status, _gas, _bloom, logs = rlp.decode(body)
    return Receipt(
        succeeded=bytes(status) == b"\x01",
        logs=tuple(
            Log(bytes(a), tuple(bytes(t) for t in topics), bytes(d)) for a, topics, d in logs
        ),
    )


def _integer(text: str) -> bytes:
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
