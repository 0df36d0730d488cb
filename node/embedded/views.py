"""What the ledger holds, as the JSON objects of the Ethereum JSON-RPC specification."""

from collections.abc import Sequence
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI, SignedTransactionAPI
from eth.constants import BLANK_ROOT_HASH, ZERO_HASH32
from eth_bloom.bloom import BloomFilter
from eth_utils.address import to_checksum_address

from node.embedded.index import StoredLog, StoredTransaction
from node.embedded.rules import decode_transaction

BLOOM_BYTES = 256


def quantity(value: int) -> str:
    """Return ``value`` as a hex quantity."""
    return hex(value)


def data(value: bytes) -> str:
    """Return ``value`` as 0x-prefixed hex."""
    return "0x" + value.hex()


def address(value: bytes) -> str:
    """Return a 20-byte address with its EIP-55 checksum."""
    return to_checksum_address(value)


def block_view(
    header: BlockHeaderAPI, mined: Sequence[StoredTransaction], full: bool
) -> dict[str, Any]:
    """Return a block object; ``full`` puts transaction objects in place of hashes.

    Its fields are all a reader needs to recompute the block hash.
    """
    size = len(rlp.encode([header, [_rlp_item(each.raw) for each in mined], [], []]))
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": address(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(BLOOM_BYTES, "big")),
        "difficulty": quantity(header.difficulty),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": quantity(header.base_fee_per_gas or 0),
        "withdrawalsRoot": data(header.withdrawals_root or BLANK_ROOT_HASH),
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root or ZERO_HASH32),
        "size": quantity(size),
        "uncles": [],
        "withdrawals": [],
        "transactions": [mined_view(each) if full else data(each.hash) for each in mined],
    }


def mined_view(stored: StoredTransaction) -> dict[str, Any]:
    """Return the transaction object of a mined transaction."""
    view = waiting_view(decode_transaction(stored.raw))
    view["blockHash"] = data(stored.block_hash)
    view["blockNumber"] = quantity(stored.block_number)
    view["transactionIndex"] = quantity(stored.position)
    return view


def waiting_view(transaction: SignedTransactionAPI) -> dict[str, Any]:
    """Return the transaction object of a transaction that waits for its block."""
    kind = transaction.type_id or 0
    view: dict[str, Any] = {
        "type": quantity(kind),
        "hash": data(transaction.hash),
        "from": address(transaction.sender),
        "to": address(transaction.to) if transaction.to else None,
        "nonce": quantity(transaction.nonce),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(transaction.max_fee_per_gas),
        "value": quantity(transaction.value),
        "input": data(transaction.data),
        "chainId": quantity(transaction.chain_id or 0),
        "v": quantity(transaction.y_parity if kind else transaction.v),  # type: ignore[attr-defined]
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
    if kind:
        view["yParity"] = quantity(transaction.y_parity)
        view["accessList"] = [
            {
                "address": address(account),
                "storageKeys": [data(slot.to_bytes(32)) for slot in slots],
            }
            for account, slots in transaction.access_list
        ]
    if kind == 2:
        view["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        view["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    return view


def receipt_view(stored: StoredTransaction, logs: Sequence[StoredLog]) -> dict[str, Any]:
    """Return the receipt object; ``logs`` are the transaction's own, in order."""
    transaction = decode_transaction(stored.raw)
    return {
        "type": quantity(transaction.type_id or 0),
        "transactionHash": data(stored.hash),
        "transactionIndex": quantity(stored.position),
        "blockHash": data(stored.block_hash),
        "blockNumber": quantity(stored.block_number),
        "from": address(stored.sender),
        "to": address(transaction.to) if transaction.to else None,
        "contractAddress": None if stored.contract is None else address(stored.contract),
        "status": quantity(int(stored.succeeded)),
        "gasUsed": quantity(stored.gas_used),
        "cumulativeGasUsed": quantity(stored.gas_used_to_here),
        "effectiveGasPrice": quantity(0),
        "logs": [log_view(each) for each in logs],
        "logsBloom": data(_bloom(logs)),
    }


def log_view(stored: StoredLog) -> dict[str, Any]:
    """Return the log object."""
    return {
        "address": address(stored.log.address),
        "topics": [data(topic) for topic in stored.log.topics],
        "data": data(stored.log.data),
        "blockNumber": quantity(stored.block_number),
        "blockHash": data(stored.block_hash),
        "transactionHash": data(stored.transaction_hash),
        "transactionIndex": quantity(stored.transaction_position),
        "logIndex": quantity(stored.position),
        "removed": False,
    }


def _bloom(logs: Sequence[StoredLog]) -> bytes:
    bloom = BloomFilter()
    for stored in logs:
        bloom.add(stored.log.address)
        bloom.extend(stored.log.topics)
    return int(bloom).to_bytes(BLOOM_BYTES, "big")


def _rlp_item(raw: bytes) -> Any:
    # EIP-2718: a typed transaction stands in the block as a byte string, a legacy one as a list.
    return raw if raw[0] < 0x80 else rlp.decode(raw)
