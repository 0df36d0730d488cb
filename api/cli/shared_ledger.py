"""The shared ledger under ``lading up``: the embedded one, or an Avalanche network of five members.

Either is started under the supervisor, names each member's JSON-RPC, and lets accounts write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from api.cli.errors import UsageInvalid
from api.cli.ports import HOST, free_ports
from api.cli.supervisor import Program, Supervisor, python_program
from identity.keys.secp256k1 import SigningKey
from node.chain.rpc import Rpc
from node.engine.machine import Machine, found, lay_down
from node.engine.organisation import OPERATOR, Organisation
from node.engine.permissions import allow, disallow
from node.engine.process import command, follows, log_of
from node.errors import LedgerUnavailable
from node.member import ENGINE

# Each of these members runs a validator and uses its own RPC; the shipper uses the carrier's.
VALIDATORS = ("bank", "carrier", "consignee", "customs", "terminal")
COUNCIL_THRESHOLD = 3
Say = Callable[[str], None]


class SharedLedger(Protocol):
    """What ``lading up`` needs of a ledger."""

    engine: str
    directory: Path
    """What an onlooker searches for what stands on the ledger."""

    @property
    def bundle(self) -> str | None:
        """Hash of what a newcomer's validator starts from, where there is one."""

    def start(self, supervisor: Supervisor, say: Say) -> None:
        """Make it where there is none, and let the supervisor run it."""

    def answers(self) -> bool:
        """Whether all of it can be used now."""

    def url(self, member: str) -> str:
        """Return the JSON-RPC that a member uses."""

    def permit(self, founder: bytes, relayers: Sequence[bytes]) -> None:
        """Let the founding account make contracts, and relayers send."""

    def retire(self, founder: bytes) -> None:
        """Take the founding account off again: after the founding nobody may make contracts."""


def shared_ledger(engine: str, directory: Path, told_url: str | None) -> SharedLedger:
    """Return the ledger of the consortium in ``directory``.

    Args:
        told_url: where the embedded ledger was before; None: a new consortium.

    Raises: UsageInvalid for an engine that ``lading up`` cannot run.
    """
    if engine == "avalanche":
        return AvalancheLedger(directory)
    if engine != "embedded":
        says = f"lading up runs no {engine}."
        raise UsageInvalid("LEDGER_UNKNOWN", says, "Use embedded or avalanche.")
    port = int(told_url.rsplit(":", 1)[1]) if told_url else free_ports(1)[0]
    return EmbeddedLedger(directory, port)


class EmbeddedLedger:
    """One writer behind JSON-RPC; anybody may write, and nothing costs anything."""

    engine = "embedded"
    bundle = None

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory / "ledger"
        self._log = directory / "ledger.log"
        self._port = port

    def start(self, supervisor: Supervisor, say: Say) -> None:  # noqa: ARG002
        """Run the ledger; it makes its own chain."""
        arguments = ("--dir", str(self.directory), "--port", str(self._port))
        supervisor.add(Program("ledger", python_program("node.embedded", *arguments), self._log))

    def answers(self) -> bool:
        """Whether it answers."""
        rpc = Rpc(self.url("carrier"))
        try:
            rpc.call("eth_chainId")
        except LedgerUnavailable:
            return False
        finally:
            rpc.close()
        return True

    def url(self, member: str) -> str:  # noqa: ARG002
        """One for all."""
        return f"http://{HOST}:{self._port}"

    def permit(self, founder: bytes, relayers: Sequence[bytes]) -> None:
        """Nobody needs to be permitted."""

    def retire(self, founder: bytes) -> None:
        """Nobody was permitted."""


def validator_program(organisation: Organisation) -> Program:
    """Return the organisation's validator as a supervisor keeps it running."""
    name = f"{organisation.public.name} engine"
    return Program(name, command(organisation), log_of(organisation))


class AvalancheLedger:
    """Five members' validators, each in its member's directory; any three are the council."""

    engine = "avalanche"

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "carrier" / ENGINE
        self._home = directory

    def start(self, supervisor: Supervisor, say: Say) -> None:
        """Found the network where there is none, then run the five validators."""
        machine = Machine.load(self._home)
        if machine is None:
            say("Founding the shared ledger: five validators, a council of three of five.")
            ports = free_ports(2 * len(VALIDATORS))
            machine = lay_down(self._home, VALIDATORS, ports, COUNCIL_THRESHOLD)
            found(machine, say)
        for organisation in machine.organisations:
            supervisor.add(validator_program(organisation))

    def answers(self) -> bool:
        """Whether every validator follows the chain."""
        machine = self._machine
        chain = machine.bundle.chain
        return all(follows(organisation.url, chain) for organisation in machine.organisations)

    def url(self, member: str) -> str:
        """Its own validator's, or the carrier's."""
        name = member if member in VALIDATORS else "carrier"
        return self._machine.bundle.rpc(self._machine.organisation(name).url)

    def permit(self, founder: bytes, relayers: Sequence[bytes]) -> None:
        """The carrier's operator enables and funds them."""
        with self._operator() as (rpc, operator):
            allow(rpc, operator, [founder], deployer=True)
            allow(rpc, operator, relayers)

    def retire(self, founder: bytes) -> None:
        """The carrier's operator takes it off both lists."""
        with self._operator() as (rpc, operator):
            disallow(rpc, operator, [founder])

    @contextmanager
    def _operator(self) -> Iterator[tuple[Rpc, SigningKey]]:
        organisation = self._machine.organisation("carrier")
        rpc = Rpc(self.url("carrier"))
        try:
            yield rpc, organisation.key(OPERATOR, self._machine.passphrases["carrier"])
        finally:
            rpc.close()

    @property
    def bundle(self) -> str:
        """Hash of the bundle, as network.json names it."""
        return self._machine.bundle.hash

    @property
    def _machine(self) -> Machine:
        machine = Machine.load(self._home)
        if machine is None:
            raise UsageInvalid("NOT_FOUNDED", "The ledger is not founded.", "Begin anew.")
        return machine
