"""An engine that takes relay transactions, includes them in blocks, and carries out every act.

It has no EVM and no rules: an act it has not seen before takes effect. What it serves is what the
sender and the follower ask for. Tests and benchmarks tell it what to refuse.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from threading import Lock
from typing import Any

import rlp
from eth_hash.auto import keccak
from synthetic_ledger import Log, SyntheticLedger

from identity.acts.typed import decode, digest
from identity.errors import ActMalformed
from identity.keys.secp256k1 import recover
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.relaying import SUBMIT_SELECTOR, batch_of
from node.chain.sender import GAS_CAP_SELECTOR

GAS_CAP = 300_000
CODE = b"stub"
RELAYER_NOT_ACTIVE = keccak(b"RelayerNotActive(address)")[:4]


class StubEngine(SyntheticLedger):
    """A ledger of made-up blocks that includes what is sent to it; ``include`` makes a block.

    Attributes:
        poison: whether an act's bytes make the whole transaction revert.
        refused: relayers (``0x`` hex) that may not relay.
        stuck: relayers whose transactions are taken and never included.
    """

    def __init__(self, network: Network | None = None) -> None:
        super().__init__()
        self.network = network or self.network
        self.poison: Callable[[bytes], bool] = lambda _wire: False
        self.refused: set[str] = set()
        self.stuck: set[str] = set()
        self.sent: list[tuple[str, int]] = []
        self._guard = Lock()
        self._pending: dict[str, dict[int, tuple[str, bytes, bytes]]] = defaultdict(dict)
        self._nonces: dict[str, int] = defaultdict(int)
        self._used_at: dict[str, list[int]] = defaultdict(list)
        self._receipts: dict[str, dict[str, Any]] = {}
        self._done: set[bytes] = set()
        self._names = {c.address: name for name, c in self.network.contracts.items()}

    def call(self, method: str, *params: Any) -> Any:
        """Answer one request."""
        with self._guard:
            if method == "eth_sendRawTransaction":
                return self._take(bytes.fromhex(params[0][2:]))
            if method == "eth_getTransactionReceipt":
                return self._receipts.get(params[0])
            if method == "eth_getTransactionCount":
                return hex(self._count(params[0], params[1]))
            if method == "eth_call":
                return self._call(params[0])
            if method == "eth_chainId":
                return hex(self.network.chain_id)
            if method == "web3_clientVersion":
                return "stub/1"
            if method == "eth_syncing":
                return False
            if method == "eth_getCode":
                return "0x" + CODE.hex()
            return super().call(method, *params)

    def include(self) -> int:
        """Make a block of what waits, also of nothing; return its height."""
        with self._guard:
            logs: list[Log] = []
            height = self.height + 1
            for relayer, waiting in self._pending.items():
                while relayer not in self.stuck and self._nonces[relayer] in waiting:
                    name, to, calldata = waiting.pop(self._nonces[relayer])
                    self._nonces[relayer] += 1
                    self._used_at[relayer].append(height)
                    logs += self._execute(relayer, name, to, calldata, height)
            self.add_block(logs)
            return height

    def _take(self, raw: bytes) -> str:
        fields = rlp.decode(raw[1:])
        nonce = int.from_bytes(fields[1], "big")
        signature = b"".join(part.rjust(32, b"\0") for part in fields[10:12])
        signature += bytes([27 + int.from_bytes(fields[9], "big")])
        relayer = "0x" + recover(keccak(b"\x02" + rlp.encode(fields[:9])), signature).hex()
        name = "0x" + keccak(raw).hex()
        if nonce < self._nonces[relayer]:
            raise RpcRefused("nonce too low", -32000)
        self.sent.append((relayer, nonce))
        waiting = self._pending[relayer]
        if nonce in waiting and waiting[nonce][0] != name and relayer not in self.stuck:
            raise RpcRefused("replacement transaction underpriced", -32000)
        waiting[nonce] = (name, fields[5], fields[7])
        return name

    def _count(self, relayer: str, block: str) -> int:
        if block == "pending":
            return self._nonces[relayer] + len(self._pending[relayer])
        return sum(height <= int(block, 16) for height in self._used_at[relayer])

    def _call(self, call: dict[str, str]) -> str:
        calldata = bytes.fromhex(call["data"][2:])
        if calldata[:4] == GAS_CAP_SELECTOR:
            return "0x" + GAS_CAP.to_bytes(32, "big").hex()
        reason = self._reverts(call["from"], calldata)
        if reason is not None:
            raise RpcRefused("execution reverted", 3, reason)
        return "0x"

    def _reverts(self, relayer: str, calldata: bytes) -> bytes | None:
        if relayer in self.refused:
            return RELAYER_NOT_ACTIVE + bytes(32)
        return b"" if any(map(self.poison, wires_of(calldata))) else None

    def _execute(
        self, relayer: str, name: str, to: bytes, calldata: bytes, height: int
    ) -> list[Log]:
        submits = calldata[:4] == SUBMIT_SELECTOR
        reverted = submits and self._reverts(relayer, calldata) is not None
        status = "0x0" if reverted else "0x1"
        self._receipts[name] = {"blockNumber": hex(height), "status": status, "logs": []}
        if reverted or not submits:
            return []
        contract = self._names["0x" + to.hex()]
        logs = [log for wire in wires_of(calldata) if (log := self._effect(contract, wire))]
        return [log | {"transactionHash": name} for log in logs]

    def _effect(self, contract: str, wire: bytes) -> Log | None:
        try:
            act, _, _ = decode(wire)
        except ActMalformed:
            return None
        signed = digest(self.network.domain(contract), act)
        if signed in self._done:
            return None
        self._done.add(signed)
        fields = {name: value for name, value in act.fields.items() if name != "counter"}
        return self.acted(act.name, act.counter + 1, **fields)


def wires_of(calldata: bytes) -> list[bytes]:
    """Return the acts of a batch."""
    batch, wires = batch_of(calldata), []
    while batch:
        length = int.from_bytes(batch[:2], "big")
        wires.append(batch[2 : 2 + length])
        batch = batch[2 + length :]
    return wires


def include_for_ever(engine: StubEngine, seconds: float) -> None:
    """Include a block every so many seconds."""
    due = time.monotonic() + seconds
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        due += seconds
        engine.include()
