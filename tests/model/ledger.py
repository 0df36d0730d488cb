"""The real contracts on anvil: founded once, acts relayed to them, their views read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak
from model.anvil import CHAIN_ID, Anvil
from model.companies import (
    COMPANIES,
    ENFORCEMENT_SECONDS,
    GENESIS_TIME,
    LANES,
    SEATS,
    THRESHOLD,
    TRANSFER_SECONDS,
    hash_of,
    key_of,
)

from identity.acts.typed import Act, Domain, Value, digest
from identity.acts.typed import encode as encode_act
from identity.acts.words import DeviceKind
from identity.keys.secp256k1 import SigningKey
from node.chain import artifacts
from node.chain.events import Event, read_event
from node.chain.founding import Founding, found
from node.chain.network import Network as DeployedNetwork
from node.chain.network import Seat, WaitingTimes
from node.chain.relaying import gas_for, sign_transaction, submit_calldata
from node.chain.rpc import Rpc, data, read_bytes

FOUNDER = key_of("founder", "relay")


@dataclass(frozen=True)
class Signed:
    """An act with its signature; ``key`` is the address that signed ``digest``, None for no key."""

    act: Act
    digest: bytes
    key: bytes | None
    wire: bytes

    @property
    def contract(self) -> str:
        """The contract that executes it."""
        return self.act.type.contract


class Network:
    """A founded network of ``COMPANIES``, put back to its founding by ``begin``."""

    def __init__(self) -> None:
        self.anvil = Anvil()
        try:
            self._network = self._found()
            names = self._network.contracts
            self.addresses = {name: data(self._network.address(name)) for name in names}
            self._names = {address: name for name, address in self.addresses.items()}
            self._domains: dict[str, Domain] = {n: self._network.domain(n) for n in names}
            self._caps = {name: self.view(name, "gasCap")["gas"] for name in names}
            self._nonces: dict[bytes, int] = {}
            self._register_lanes()
            self._snapshot = self.anvil.snapshot()
        except BaseException:
            self.anvil.close()
            raise

    def close(self) -> None:
        """End the ledger."""
        self.anvil.close()

    def begin(self) -> int:
        """Put the ledger back to the founding; return its clock, UTC seconds."""
        self.anvil.revert(self._snapshot)
        self._snapshot = self.anvil.snapshot()
        self._nonces.clear()
        return int(self.anvil.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def pass_time(self, now: int) -> None:
        """Let the next block be at ``now``."""
        self.anvil.call("evm_setNextBlockTimestamp", now)

    def sign(self, act: Act, key: SigningKey) -> Signed:
        """Sign the act for the contract that executes it."""
        domain = self._domains[act.type.contract]
        signed = digest(domain, act)
        return Signed(act, signed, key.address, encode_act(act, key.sign(signed)))

    def relay(self, acts: Sequence[Signed], relayer: SigningKey = FOUNDER) -> list[Event] | None:
        """Relay acts of one contract in one transaction; None when it reverts as a whole."""
        contract = acts[0].contract
        wires = [act.wire for act in acts]
        gas = gas_for(wires, self._caps[contract])
        nonce = self._nonce(relayer.address)
        to = self._network.address(contract)
        raw, _ = sign_transaction(relayer, CHAIN_ID, nonce, to, submit_calldata(wires), gas, 0)
        receipt = self.anvil.call("eth_sendRawTransactionSync", data(raw))
        self._nonces[relayer.address] = nonce + 1
        if receipt["status"] != "0x1":
            return None
        return [read_event(log, self._names[log["address"]], 0) for log in receipt["logs"]]

    def view(self, contract: str, function: str, *arguments: Any) -> Mapping[str, Any]:
        """Return one view's answer by the names of its outputs; see ``views``."""
        return self.views([(contract, function, *arguments)])[0]

    def views(self, asked: Sequence[tuple[Any, ...]]) -> list[Mapping[str, Any]]:
        """Return the answers of views whose outputs are words: bytes32 as bytes, the rest ints."""
        requests = []
        for contract, function, *arguments in asked:
            selector, kinds, _ = _view(contract, function)
            calldata = data(selector + encode(kinds, arguments))
            call = {"to": self.addresses[contract], "data": calldata}
            requests.append(("eth_call", [call, "latest"]))
        answers = self.anvil.batch(requests)
        return [
            _read_words(_view(contract, function)[2], read_bytes(answer))
            for (contract, function, *_), answer in zip(asked, answers, strict=True)
        ]

    def _found(self) -> DeployedNetwork:
        seat_keys = {data(COMPANIES[name].id): key_of(name, "council") for name in SEATS}
        rpc = Rpc(self.anvil.url)
        try:
            return found(rpc, _founding(), FOUNDER, seat_keys, GENESIS_TIME + 3_600)
        finally:
            rpc.close()

    def _register_lanes(self) -> None:
        for lane in LANES:
            header: dict[str, Value] = {
                "principal": lane.owner,
                "delegation": bytes(32),
                "object": lane.id,
                "counter": 0,
                "expires": GENESIS_TIME + 3_600,
                "companion": bytes(32),
            }
            own: dict[str, Value] = {
                "key": lane.key.address,
                "kind": int(DeviceKind.LANE),
                "port": lane.port,
                "calibratedUntil": lane.calibrated_until,
            }
            act = Act("RegisterLane", header | own)
            events = self.relay([self.sign(act, key_of(lane.company))])
            assert events, "the lane is registered"
            assert events[0].kind == "acted", events[0]

    def _nonce(self, relayer: bytes) -> int:
        if relayer not in self._nonces:
            got = self.anvil.call("eth_getTransactionCount", data(relayer), "latest")
            self._nonces[relayer] = int(got, 16)
        return self._nonces[relayer]


def _founding() -> Founding:
    companies = COMPANIES.values()
    return Founding(
        nonce=data(hash_of("the model's network")),
        founder=data(FOUNDER.address),
        seats=tuple(
            Seat(data(COMPANIES[name].id), data(key_of(name, "council").address)) for name in SEATS
        ),
        threshold=THRESHOLD,
        rulebook=data(hash_of("the first rulebook")),
        waiting=WaitingTimes(ENFORCEMENT_SECONDS, TRANSFER_SECONDS),
        admissions=tuple(company.admission() for company in companies),
        assignments=tuple(given for company in companies for given in company.assignments()),
        engine="embedded",
    )


@cache
def _view(contract: str, function: str) -> tuple[bytes, list[str], tuple[tuple[str, str], ...]]:
    """Selector, argument types, and (name, type) of each word of the answer."""
    for entry in artifacts.load(contract).abi:
        if entry.get("type") == "function" and entry["name"] == function:
            inputs: Any = entry["inputs"]
            outputs: Any = entry["outputs"]
            if len(outputs) == 1 and outputs[0]["type"] == "tuple":
                outputs = outputs[0]["components"]
            kinds = [item["type"] for item in inputs]
            selector = keccak(f"{function}({','.join(kinds)})".encode())[:4]
            return selector, kinds, tuple((item["name"], item["type"]) for item in outputs)
    raise AssertionError(f"{contract} has no view {function}")


def _read_words(outputs: Sequence[tuple[str, str]], answer: bytes) -> Mapping[str, Any]:
    words = [answer[at : at + 32] for at in range(0, len(answer), 32)]
    return {
        name: word if kind == "bytes32" else int.from_bytes(word, "big")
        for (name, kind), word in zip(outputs, words, strict=True)
    }
