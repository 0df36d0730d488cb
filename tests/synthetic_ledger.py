"""A ledger of made-up blocks in this process: the JSON-RPC that the follower uses, nothing else.

It keeps blocks and logs, connects them by hashes, and can refuse long ranges as real ledgers do.
"""

import json
from collections.abc import Sequence
from typing import Any

from eth_hash.auto import keccak

from identity.acts.effects import packed_effect
from identity.acts.typed import Act, Value, digest, encode_unsigned
from identity.acts.types import ActType
from node.chain.errors import RpcRefused
from node.chain.events import ACTED_TOPIC, FOLLOWED_TOPIC, REFUSED_TOPIC
from node.chain.network import CONTRACT_NAMES, DeployedContract, Network, Seat, WaitingTimes
from node.chain.rpc import Answer, Request

GENESIS_TIME = 1_800_000_000
SIGNER = bytes(19) + b"\x01"
ZERO = "0x" + "00" * 32

Log = dict[str, Any]


class SyntheticLedger:
    """Blocks that a test adds one by one; all of them are final.

    Args:
        longest_range: blocks that one eth_getLogs may span.
        most_logs: logs that one eth_getLogs may answer.
    """

    def __init__(self, longest_range: int = 10_000, most_logs: int = 20_000) -> None:
        self.longest_range = longest_range
        self.most_logs = most_logs
        self.asked: list[str] = []
        self._blocks: list[dict[str, Any]] = []
        self._logs: list[list[str]] = []
        self.add_block([])
        self.network = Network(
            chain_id=1,
            network_id=ZERO,
            nonce=ZERO,
            genesis=self._blocks[0]["hash"],
            engine="embedded",
            operator=None,
            deployed_height=1,
            contracts={
                name: DeployedContract(f"0x{i:040x}", ZERO)
                for i, name in enumerate(CONTRACT_NAMES, start=1)
            },
            threshold=1,
            seats=(Seat(ZERO, "0x" + "00" * 20),),
            rulebook=ZERO,
            waiting=WaitingTimes(enforcement_seconds=3600, transfer_seconds=7200),
            witnesses=(),
        )

    @property
    def height(self) -> int:
        """The last block's height."""
        return len(self._blocks) - 1

    def add_block(self, logs: Sequence[Log], salt: str = "") -> None:
        """Add a final block of these logs, one second after the last."""
        number = len(self._blocks)
        parent = self._blocks[-1]["hash"] if self._blocks else ZERO
        name = "0x" + keccak(f"{parent}{number}{salt}".encode()).hex()
        block = {"number": hex(number), "hash": name, "timestamp": hex(GENESIS_TIME + number)}
        self._blocks.append(block)
        placed = {"blockNumber": hex(number), "blockHash": name, "removed": False}
        made_up = [f"0x{number:032x}{i:032x}" for i in range(len(logs))]
        texts = [
            json.dumps({"transactionHash": made_up[i]} | log | placed | {"logIndex": hex(i)})
            for i, log in enumerate(logs)
        ]
        self._logs.append(texts)

    def drop_blocks(self, above: int) -> None:
        """Forget the blocks above a height, as no final ledger may."""
        del self._blocks[above + 1 :], self._logs[above + 1 :]

    def call(self, method: str, *params: Any) -> Any:
        """Answer one request."""
        self.asked.append(method)
        if method == "eth_getBlockByNumber":
            number = self.height if params[0] == "finalized" else int(params[0], 16)
            return self._blocks[number] if number <= self.height else None
        if method == "eth_getLogs":
            return self._range(params[0])
        raise RpcRefused(f"the method {method} does not exist", -32601)

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer several requests; a refusal is an answer, as over JSON-RPC."""
        return [self._answer(method, params) for method, params in requests]

    def _answer(self, method: str, params: Sequence[Any]) -> Answer:
        try:
            return self.call(method, *params)
        except RpcRefused as refused:
            return refused

    def _range(self, query: dict[str, Any]) -> list[Log]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first >= self.longest_range:
            raise RpcRefused("block range is too wide", -32005)
        texts = [text for logs in self._logs[first : last + 1] for text in logs]
        if len(texts) > self.most_logs and last > first:
            raise RpcRefused("query returned more than the limit", -32005)
        addresses = set(query["address"])
        logs = [json.loads(text) for text in texts]
        return [log for log in logs if log["address"] in addresses]

    def acted(self, name: str, counter: int, outcome: int = 0, **fields: Value) -> Log:
        """Return the log of an act; ``counter`` is the object's after it."""
        header: dict[str, Value] = {
            "delegation": bytes(32),
            "counter": counter - 1,
            "expires": GENESIS_TIME,
            "companion": bytes(32),
        }
        act = Act(name, header | fields)
        contract = act.type.contract
        unsigned = encode_unsigned(act)
        head = [packed_effect(SIGNER, counter, outcome), 64, len(unsigned)]
        return {
            "address": self.network.contracts[contract].address,
            "topics": [
                ACTED_TOPIC,
                _hex(act.object),
                _hex(act.principal),
                _hex(digest(self.network.domain(contract), act)),
            ],
            "data": _hex(_words(*head) + unsigned + bytes(-len(unsigned) % 32)),
        }

    def followed(self, contract: str, object_id: bytes, counter: int, state: int) -> Log:
        """Return the log of an object that changed because of another's act."""
        return {
            "address": self.network.contracts[contract].address,
            "topics": [FOLLOWED_TOPIC, _hex(object_id), ZERO],
            "data": _hex(_words(counter, state)),
        }

    def refused(self, name: str, object_id: bytes, principal: bytes, reason: bytes) -> Log:
        """Return the log of a refused act."""
        kind = ActType.by_name(name)
        padded = reason + bytes(-len(reason) % 32)
        return {
            "address": self.network.contracts[kind.contract].address,
            "topics": [REFUSED_TOPIC, _hex(object_id), _hex(principal), ZERO],
            "data": _hex(_words(kind.code, 64, len(reason)) + padded),
        }


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
