"""JSON-RPC parameters read strictly: hex, block tags, transaction objects and log filters."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.embedded.calls import Call
from node.embedded.errors import InvalidParams

QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
TAGS = frozenset({"latest", "safe", "finalized", "pending", "earliest"})
HASH_TEXT_LENGTH = 66
CHOICES_LIMIT = 1_000
TOPICS_LIMIT = 4
# Read and not used: no fee is charged, and py-evm takes the nonce from the state.
FIELDS_WITHOUT_EFFECT = frozenset(
    {"gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "nonce", "type", "chainId"}
)


@dataclass(frozen=True)
class BlockChoice:
    """A block as a caller names it: exactly one of tag, number and hash is set."""

    tag: str | None = None
    number: int | None = None
    hash: bytes | None = None


LATEST = BlockChoice(tag="latest")
PENDING = BlockChoice(tag="pending")


@dataclass(frozen=True)
class LogQuery:
    """A log filter as a caller gives it; ``only_block`` excludes a range."""

    first: BlockChoice
    last: BlockChoice
    only_block: bytes | None
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]


def read_quantity(value: Any, name: str = "quantity") -> int:
    """Read a hex quantity of at most 32 bytes without leading zeros."""
    if not isinstance(value, str) or not QUANTITY.fullmatch(value):
        raise InvalidParams(f"{name} must be a hex quantity such as 0x1f")
    return int(value, 16)


def read_data(value: Any, name: str = "data", length: int | None = None) -> bytes:
    """Read 0x-prefixed hex; of exactly ``length`` bytes if given."""
    if not isinstance(value, str) or not DATA.fullmatch(value):
        raise InvalidParams(f"{name} must be 0x-prefixed hex of whole bytes")
    data = bytes.fromhex(value[2:])
    if length is not None and len(data) != length:
        raise InvalidParams(f"{name} must be {length} bytes, not {len(data)}")
    return data


def read_address(value: Any, name: str = "address") -> bytes:
    """Read an address of 20 bytes; its checksum is not checked."""
    return read_data(value, name, 20)


def read_hash(value: Any, name: str = "hash") -> bytes:
    """Read a 32-byte hash."""
    return read_data(value, name, 32)


def read_flag(value: Any, name: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise InvalidParams(f"{name} must be true or false")
    return value


def read_block(value: Any, default: BlockChoice = LATEST) -> BlockChoice:
    """Read a tag, a height, a hash or an EIP-1898 object; null and absent give ``default``."""
    if value is None:
        return default
    if isinstance(value, str):
        if value in TAGS:
            return BlockChoice(tag=value)
        if len(value) == HASH_TEXT_LENGTH:
            return BlockChoice(hash=read_hash(value, "block hash"))
        return BlockChoice(number=_height(value))
    if isinstance(value, Mapping):
        if set(value) - {"requireCanonical"} == {"blockHash"}:
            return BlockChoice(hash=read_hash(value["blockHash"], "blockHash"))
        if set(value) == {"blockNumber"}:
            return BlockChoice(number=_height(value["blockNumber"]))
    raise InvalidParams("block must be a tag, a hex height, or an object with blockHash")


def read_call(value: Any) -> Call:
    """Read the transaction object of eth_call and eth_estimateGas."""
    if not isinstance(value, Mapping):
        raise InvalidParams("the transaction must be an object")
    known = {"from", "to", "gas", "value", "data", "input", "accessList"} | FIELDS_WITHOUT_EFFECT
    if unknown := set(value) - known:
        raise InvalidParams(f"unknown fields in the transaction: {', '.join(sorted(unknown))}")
    if value.get("accessList"):
        raise InvalidParams("accessList is not served in calls")
    data, also = value.get("data"), value.get("input")
    if data is not None and also is not None and data != also:
        raise InvalidParams('both "data" and "input" are set and not equal')
    content = also if data is None else data
    to, sender, gas = value.get("to"), value.get("from"), value.get("gas")
    amount = value.get("value")
    return Call(
        sender=bytes(20) if sender is None else read_address(sender, "from"),
        to=b"" if to is None else read_address(to, "to"),
        data=b"" if content is None else read_data(content),
        value=0 if amount is None else read_quantity(amount, "value"),
        gas=None if gas is None else read_quantity(gas, "gas"),
    )


def read_log_query(value: Any) -> LogQuery:
    """Read the filter object of eth_getLogs."""
    if not isinstance(value, Mapping):
        raise InvalidParams("the filter must be an object")
    if unknown := set(value) - {"fromBlock", "toBlock", "blockHash", "address", "topics"}:
        raise InvalidParams(f"unknown fields in the filter: {', '.join(sorted(unknown))}")
    only_block = value.get("blockHash")
    if only_block is not None and (value.get("fromBlock") or value.get("toBlock")):
        raise InvalidParams("cannot specify both BlockHash and FromBlock/ToBlock")
    topics = value.get("topics") or []
    if not isinstance(topics, Sequence) or isinstance(topics, str) or len(topics) > TOPICS_LIMIT:
        raise InvalidParams(f"topics must be a list of at most {TOPICS_LIMIT} positions")
    return LogQuery(
        first=read_block(value.get("fromBlock")),
        last=read_block(value.get("toBlock")),
        only_block=None if only_block is None else read_hash(only_block, "blockHash"),
        addresses=_choices(value.get("address"), 20, "address"),
        topics=tuple(_choices(topic, 32, "topic") for topic in topics),
    )


def _height(value: Any) -> int:
    number = read_quantity(value, "block number")
    if number >= 2**63:
        raise InvalidParams("block number is too large")
    return number


def _choices(value: Any, length: int, name: str) -> tuple[bytes, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (read_data(value, name, length),)
    if not isinstance(value, Sequence) or len(value) > CHOICES_LIMIT:
        raise InvalidParams(f"{name} must be one value or a list of at most {CHOICES_LIMIT}")
    if None in value:
        return ()
    return tuple(read_data(each, name, length) for each in value)
