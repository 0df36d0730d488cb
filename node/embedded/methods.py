"""The JSON-RPC methods that are served; docs/protocol/ledger.md lists them with one line each."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from itertools import groupby
from typing import Any

from eth.abc import BlockHeaderAPI
from eth_typing import Address

from node.embedded import views
from node.embedded.errors import InvalidParams, LimitExceeded, UnknownBlock, UnknownMethod
from node.embedded.index import LogFilter, StoredTransaction
from node.embedded.ledger import Ledger
from node.embedded.params import (
    PENDING,
    BlockChoice,
    read_address,
    read_block,
    read_call,
    read_data,
    read_flag,
    read_hash,
    read_log_query,
    read_quantity,
)

LOG_BLOCKS_LIMIT = 10_000
FEE_HISTORY_LIMIT = 1_024

Method = Callable[..., Awaitable[Any]]


class Methods:
    """Dispatch of method names to answers over one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._methods: dict[str, tuple[Method, int, int]] = {
            "eth_blockNumber": (self._block_number, 0, 0),
            "eth_call": (self._call, 1, 2),
            "eth_chainId": (self._chain_id, 0, 0),
            "eth_estimateGas": (self._estimate_gas, 1, 2),
            "eth_feeHistory": (self._fee_history, 2, 3),
            "eth_gasPrice": (self._no_fee, 0, 0),
            "eth_getBalance": (self._balance, 1, 2),
            "eth_getBlockByHash": (self._block_by_hash, 1, 2),
            "eth_getBlockByNumber": (self._block_by_number, 1, 2),
            "eth_getBlockReceipts": (self._block_receipts, 1, 1),
            "eth_getCode": (self._code, 1, 2),
            "eth_getLogs": (self._logs, 1, 1),
            "eth_getStorageAt": (self._storage_at, 2, 3),
            "eth_getTransactionByHash": (self._transaction, 1, 1),
            "eth_getTransactionCount": (self._transaction_count, 1, 2),
            "eth_getTransactionReceipt": (self._receipt, 1, 1),
            "eth_maxPriorityFeePerGas": (self._no_fee, 0, 0),
            "eth_sendRawTransaction": (self._send, 1, 1),
            "eth_syncing": (self._syncing, 0, 0),
            "net_version": (self._net_version, 0, 0),
            "web3_clientVersion": (self._client_version, 0, 0),
        }

    @property
    def names(self) -> list[str]:
        """The served methods' names."""
        return sorted(self._methods)

    async def answer(self, name: str, params: list[Any]) -> Any:
        """Return the result of method ``name``, ready for JSON.

        Raises:
            LedgerError: any of the tree that carries a JSON-RPC code.
        """
        if name not in self._methods:
            raise UnknownMethod(name)
        method, least, most = self._methods[name]
        if len(params) < least:
            raise InvalidParams(f"missing value for required argument {len(params)}")
        if len(params) > most:
            raise InvalidParams(f"too many arguments, want at most {most}")
        return await method(*params)

    # -- the chain ------------------------------------------------------------------------------

    async def _block_number(self) -> str:
        return views.quantity(self._ledger.head.block_number)

    async def _chain_id(self) -> str:
        return views.quantity(self._ledger.settings.chain_id)

    async def _net_version(self) -> str:
        return str(self._ledger.settings.chain_id)

    async def _client_version(self) -> str:
        return f"lading-ledger/{version('lading')}/py-evm-{version('py-evm')}"

    async def _syncing(self) -> bool:
        return False

    async def _no_fee(self) -> str:
        return views.quantity(0)

    async def _fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> Any:
        asked = count if type(count) is int else read_quantity(count, "blockCount")
        head = self._ledger.head.block_number
        last = min(int(self._header(read_block(newest)).block_number), head)
        blocks = max(0, min(asked, FEE_HISTORY_LIMIT, last + 1))
        headers = [self._header(BlockChoice(number=n)) for n in _heights(last, blocks)]
        history: dict[str, Any] = {
            "oldestBlock": views.quantity(last - blocks + 1),
            "baseFeePerGas": ["0x0"] * (blocks + 1),
            "gasUsedRatio": [each.gas_used / each.gas_limit for each in headers],
            "baseFeePerBlobGas": ["0x1"] * (blocks + 1),
            "blobGasUsedRatio": [0.0] * blocks,
        }
        if percentiles:
            if not isinstance(percentiles, list) or len(percentiles) > 100:
                raise InvalidParams("rewardPercentiles must be a list of at most 100")
            history["reward"] = [["0x0"] * len(percentiles)] * blocks
        return history

    # -- state ----------------------------------------------------------------------------------

    async def _balance(self, account: Any, block: Any = None) -> str:
        accounts = self._ledger.accounts(self._header(read_block(block)))
        return views.quantity(accounts.get_balance(Address(read_address(account))))

    async def _code(self, account: Any, block: Any = None) -> str:
        accounts = self._ledger.accounts(self._header(read_block(block)))
        return views.data(accounts.get_code(Address(read_address(account))))

    async def _storage_at(self, account: Any, slot: Any, block: Any = None) -> str:
        accounts = self._ledger.accounts(self._header(read_block(block)))
        place = read_data(slot, "slot", 32) if _is_word(slot) else None
        number = read_quantity(slot, "slot") if place is None else int.from_bytes(place, "big")
        value = accounts.get_storage(Address(read_address(account)), number)
        return views.data(value.to_bytes(32, "big"))

    async def _transaction_count(self, account: Any, block: Any = None) -> str:
        sender, choice = read_address(account), read_block(block)
        nonce = self._ledger.accounts(self._header(choice)).get_nonce(Address(sender))
        if choice == PENDING:
            nonce = self._ledger.pool.next_nonce(sender, nonce)
        return views.quantity(nonce)

    async def _call(self, call: Any, block: Any = None) -> str:
        header = self._header(read_block(block))
        return views.data(await self._ledger.call(read_call(call), header))

    async def _estimate_gas(self, call: Any, block: Any = None) -> str:
        header = self._header(read_block(block, default=PENDING))
        return views.quantity(await self._ledger.estimate(read_call(call), header))

    # -- blocks, transactions, logs -------------------------------------------------------------

    async def _block_by_number(self, block: Any, full: Any = False) -> Any:
        choice = read_block(block)
        found = self._ledger.head if choice == PENDING else self._find(choice)
        return self._block_view(found, read_flag(full, "full"))

    async def _block_by_hash(self, block_hash: Any, full: Any = False) -> Any:
        found = self._find(BlockChoice(hash=read_hash(block_hash)))
        return self._block_view(found, read_flag(full, "full"))

    async def _block_receipts(self, block: Any) -> Any:
        choice = read_block(block)
        header = self._ledger.head if choice == PENDING else self._find(choice)
        if header is None:
            return None
        logs = {
            position: list(group)
            for position, group in groupby(
                self._ledger.index.logs_in(header.block_number),
                key=lambda each: each.transaction_position,
            )
        }
        mined = self._ledger.index.transactions_in(header.block_number)
        return [views.receipt_view(each, logs.get(each.position, [])) for each in mined]

    async def _transaction(self, transaction_hash: Any) -> Any:
        wanted = read_hash(transaction_hash)
        mined = self._mined(wanted)
        if mined is not None:
            return views.mined_view(mined)
        waiting = self._ledger.pool.waiting(wanted)
        return None if waiting is None else views.waiting_view(waiting)

    async def _receipt(self, transaction_hash: Any) -> Any:
        mined = self._mined(read_hash(transaction_hash))
        if mined is None:
            return None
        in_block = self._ledger.index.logs_in(mined.block_number)
        own = [each for each in in_block if each.transaction_position == mined.position]
        return views.receipt_view(mined, own)

    async def _send(self, raw: Any) -> str:
        return views.data(await self._ledger.send(read_data(raw, "transaction")))

    async def _logs(self, query: Any) -> Any:
        wanted = read_log_query(query)
        head = self._ledger.head.block_number
        first, last = self._height(wanted.first), self._height(wanted.last)
        if wanted.only_block is not None:
            first = last = self._header(BlockChoice(hash=wanted.only_block)).block_number
        if first > last:
            raise InvalidParams("invalid block range params")
        if last - first >= LOG_BLOCKS_LIMIT:
            raise LimitExceeded(f"block range is too wide: at most {LOG_BLOCKS_LIMIT} blocks")
        found = self._ledger.index.logs(
            LogFilter(first, min(last, head), wanted.addresses, wanted.topics)
        )
        return [views.log_view(each) for each in found]

    # -- which block ----------------------------------------------------------------------------

    def _height(self, choice: BlockChoice) -> int:
        if choice.number is not None:
            return choice.number
        return 0 if choice.tag == "earliest" else self._ledger.head.block_number

    def _find(self, choice: BlockChoice) -> BlockHeaderAPI | None:
        head = self._ledger.head
        if choice.hash is not None:
            found = self._ledger.index.header_of(choice.hash)
        elif self._height(choice) >= head.block_number:
            found = head if self._height(choice) == head.block_number else None
        else:
            found = self._ledger.index.header_at(self._height(choice))
        return None if found is None or found.block_number > head.block_number else found

    def _header(self, choice: BlockChoice) -> BlockHeaderAPI:
        found = self._ledger.pending_header() if choice == PENDING else self._find(choice)
        if found is None:
            raise UnknownBlock("header not found")
        return found

    def _mined(self, transaction_hash: bytes) -> StoredTransaction | None:
        mined = self._ledger.index.transaction(transaction_hash)
        if mined is None or mined.block_number > self._ledger.head.block_number:
            return None
        return mined

    def _block_view(self, header: BlockHeaderAPI | None, full: bool) -> Any:
        if header is None:
            return None
        mined = self._ledger.index.transactions_in(header.block_number)
        return views.block_view(header, mined, full)


def _heights(last: int, count: int) -> range:
    return range(last - count + 1, last + 1)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 66
