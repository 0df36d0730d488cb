"""A founded network on anvil, and what acts cost there by their receipts.

Every act goes alone in its transaction unless a batch is asked for; one that is refused fails.
Anvil makes a block at once, where the embedded ledger makes one a second; both count the same gas.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import encode as encode_abi
from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded, FoundedMember
from model.anvil import Anvil

from identity.acts.objects import VERSIONS
from identity.acts.typed import Act, Value, digest, encode
from identity.acts.types import ActType
from identity.acts.words import Role
from identity.keys.secp256k1 import SigningKey
from node.chain import artifacts
from node.chain.deploy import send, wait_final
from node.chain.events import SUCCEEDED_NAMES, read_event
from node.chain.founding import Assignment, found
from node.chain.network import DeployedContract
from node.chain.relaying import gas_for, submit_calldata
from node.chain.rpc import data, read_bytes
from node.chain.views import view

ACT_SECONDS = 240
FOUNDING_SECONDS = 3_600
# Who takes part beside the six of every test, and as what.
OTHERS = {
    "customs of the loading port": Role.CUSTOMS,
    "inspection": Role.INSPECTION,
    "quarantine": Role.QUARANTINE,
    "agent": Role.SHIPPER,
}
# A member that has nothing else to do with what it relays.
RELAYER = "agent"
FOUNDING = "the founding account"
HOLDERS = tuple(f"holder {number}" for number in range(50))
ASSIGNMENTS = (
    (PORT_OF_DISCHARGE, Role.TERMINAL, "terminal"),
    (PORT_OF_DISCHARGE, Role.CUSTOMS, "customs"),
    (PORT_OF_LOADING, Role.CUSTOMS, "customs of the loading port"),
    (PORT_OF_DISCHARGE, Role.INSPECTION, "inspection"),
    (PORT_OF_DISCHARGE, Role.QUARANTINE, "quarantine"),
)


@dataclass(frozen=True)
class Cost:
    """What a transaction cost, in gas with its 21,000 and calldata, and in which scene."""

    verb: str
    gas: int
    scene: str


class GasLedger:
    """Sixty members, and every cost measured so far in ``costs``."""

    def __init__(self, anvil: Anvil) -> None:
        self._anvil = anvil
        self.founded = Founded(anvil.url, begin=False)
        members = self.founded.members
        roles = dict(OTHERS) | dict.fromkeys(HOLDERS, Role.CONSIGNEE)
        members |= {name: FoundedMember(name) for name in roles}
        admissions = [members[name].admission() for name in members if name not in roles]
        for name, role in roles.items():
            alike = replace(members[name], name="shipper").admission()
            admissions.append(replace(alike, roles=int(role)))
        self.founded.founding = replace(
            self.founded.founding,
            admissions=tuple(admissions),
            assignments=tuple(
                Assignment(port, role, data(members[name].id)) for port, role, name in ASSIGNMENTS
            ),
        )
        founded = self.founded
        until = self.now() + FOUNDING_SECONDS
        founded.network = found(
            founded.ledger, founded.founding, founded.founder, founded.council, until
        )
        self.costs: list[Cost] = []

    def id(self, name: str) -> bytes:
        """Return the id of the member called ``name``."""
        return self.founded.members[name].id

    def act(
        self,
        principal: str,
        verb: str,
        object_id: bytes,
        counter: int,
        key: SigningKey | None = None,
        /,
        **fields: Value,
    ) -> tuple[bytes, bytes]:
        """Return an act signed with ``key``, or the principal's own: its digest and wire form."""
        expires = self.now() + ACT_SECONDS
        signed, wire = self.founded.act(principal, verb, object_id, counter, key, expires, **fields)
        return bytes.fromhex(signed[2:]), wire

    def submit(self, contract: str, *wires: bytes, relayer: str = RELAYER) -> int:
        """Relay acts in one transaction and return its gas; fails where one is refused.

        Args:
            relayer: the member whose relay key sends it, or ``FOUNDING`` for the founding account,
                whose look-up is shorter.
        """
        founded = self.founded
        key = founded.founder if relayer == FOUNDING else founded.members[relayer].relay
        nonce = int(founded.ledger.call("eth_getTransactionCount", data(key.address), "latest"), 16)
        gas = gas_for(wires, self._view(contract, "gasCap")["gas"])
        to, chain_id = founded.network.address(contract), founded.network.chain_id
        calldata, engine = submit_calldata(list(wires)), founded.network.profile
        sent = send(founded.ledger, key, chain_id, nonce, to, calldata, gas, engine)
        receipt = wait_final(founded.ledger, sent, engine)
        names = {given.address: name for name, given in founded.network.contracts.items()}
        for log in receipt["logs"]:
            event = read_event(log, names[log["address"].lower()], 0)
            if event.kind == "refused":
                raise AssertionError(f"{event.verb} was refused: {event.refusal}, {event.reason}")
        return int(receipt["gasUsed"], 16)

    def measure(
        self, verb: str, scene: str, contract: str, wire: bytes, relayer: str = RELAYER
    ) -> Cost:
        """Relay one act alone; note its cost and return it."""
        self.costs.append(Cost(verb, self.submit(contract, wire, relayer=relayer), scene))
        return self.costs[-1]

    def counter_of(self, member: str) -> int:
        """Return the counter of a member's own record."""
        return int(self._view("Membership", "memberOf", self.id(member))["counter"])

    def motion(self, name: str, object_id: bytes, counter: int, **fields: Value) -> None:
        """Let the council carry a motion: two seats assent in one transaction."""
        contract = ActType.by_name(name).contract
        wires = []
        for seat, key in list(self.founded.council.items())[:2]:
            header: Mapping[str, Value] = {
                "principal": bytes.fromhex(seat[2:]),
                "delegation": NOBODY,
                "object": object_id,
                "counter": counter,
                "expires": self.now() + ACT_SECONDS,
                "companion": NOBODY,
            }
            act = Act(name, dict(header) | fields)
            signed = digest(self.founded.network.domain(contract), act)
            wires.append(encode(act, key.sign(signed)))
        self.submit(contract, *wires)

    def succeed_titles(self) -> None:
        """Deploy the Titles of a second version and activate it; later acts go there."""
        founded = self.founded
        network = founded.network
        arguments = encode_abi(
            ["address", "address"],
            [network.contracts["Network"].address, network.contracts["Titles"].address],
        )
        code = artifacts.load("Titles").bytecode + arguments
        key = founded.members[RELAYER].relay
        nonce = int(founded.ledger.call("eth_getTransactionCount", data(key.address), "latest"), 16)
        receipt = wait_final(
            founded.ledger,
            send(
                founded.ledger, key, network.chain_id, nonce, b"", code, 15_000_000, network.profile
            ),
            network.profile,
        )
        successor = str(receipt["contractAddress"]).lower()
        contracts = dict(network.contracts)
        contracts["Titles"] = DeployedContract(successor, contracts["Titles"].code_hash)
        addresses = [read_bytes(contracts[name].address) for name in SUCCEEDED_NAMES]
        self.motion("ActivateVersion", VERSIONS, 1, version=2, contracts=addresses)
        founded.network = replace(network, contracts=contracts)

    def now(self) -> int:
        """Return the last block's time, UTC seconds."""
        return int(self._anvil.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def pass_time(self, seconds: int) -> None:
        """Let the next block come that much after the last."""
        self._anvil.call("evm_setNextBlockTimestamp", self.now() + seconds)
        self._anvil.call("evm_mine")

    def _view(self, contract: str, function: str, *arguments: bytes) -> dict[str, Any]:
        founded = self.founded
        head = int(founded.ledger.call("eth_blockNumber"), 16)
        return view(founded.ledger, founded.network, contract, function, *arguments, block=head)


def sizes() -> dict[str, int]:
    """Return the bytes of each contract's deployed code."""
    return {name: len(artifacts.load(name).runtime) for name in artifacts.CONTRACTS}
