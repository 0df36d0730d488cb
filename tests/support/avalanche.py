"""A real Avalanche network of several organisations on this machine, for tests and measuring.

    with running_network(folder) as network:
        network.allow([address])
        network.validators[1].kill()

With ``LEDGER=avalanche``, ``ledger_process.running_ledger`` starts one for the test process.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.cli.ports import free_ports
from identity.keys.secp256k1 import SigningKey
from node.chain.rpc import Rpc
from node.engine.bundle import Bundle
from node.engine.machine import Machine, found, lay_down
from node.engine.organisation import OPERATOR, Organisation
from node.engine.permissions import allow, disallow
from node.engine.process import Validator, wait_until_follows

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "deployments" / "engines" / "avalanche" / "build"
START_SECONDS = 120.0
_RUNNING: "dict[str, Network]" = {}


@dataclass
class RunningValidator:
    """One organisation's validator; ``url`` is its JSON-RPC of the chain."""

    organisation: Organisation
    url: str
    bundle: Bundle
    process: Validator

    @property
    def name(self) -> str:
        """The organisation's name."""
        return self.organisation.public.name

    @property
    def directory(self) -> Path:
        """The engine's directory of the organisation."""
        return self.organisation.directory

    @property
    def pid(self) -> int:
        """Process id of avalanchego, and of the group with its plugin."""
        return self.process.pid

    def start(self, wait: bool = True) -> None:
        """Start it, and wait until it follows the chain unless told otherwise."""
        self.process.start()
        if wait:
            wait_until_follows(self.organisation, self.bundle.chain, START_SECONDS)

    def stop(self) -> None:
        """Let it end."""
        self.process.stop()

    def kill(self) -> None:
        """Kill it and its plugin with -9."""
        self.process.kill()

    def pause(self) -> None:
        """Halt it and its plugin."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.process.resume()


@dataclass
class Network:
    """A founded network; ``found_seconds`` from nothing to every RPC, the programs being built."""

    machine: Machine
    bundle: Bundle
    validators: list[RunningValidator] = field(default_factory=list)
    found_seconds: float = 0.0

    @property
    def urls(self) -> list[str]:
        """Each validator's JSON-RPC of the chain."""
        return [validator.url for validator in self.validators]

    def operator(self, place: int = 0) -> SigningKey:
        """The operator's account of one organisation, a Manager of the allow lists."""
        name = self.validators[place].name
        return self.machine.organisation(name).key(OPERATOR, self.machine.passphrases[name])

    def allow(self, addresses: Sequence[bytes], deployer: bool = True) -> None:
        """Let accounts of 20 bytes write, with money for fees; by the first living validator."""
        with self._operating() as (ledger, operator):
            allow(ledger, operator, addresses, deployer)

    def disallow(self, addresses: Sequence[bytes]) -> None:
        """Take accounts of 20 bytes off both lists; by the first living validator."""
        with self._operating() as (ledger, operator):
            disallow(ledger, operator, addresses)

    @contextmanager
    def _operating(self) -> Iterator[tuple[Rpc, SigningKey]]:
        place = next(i for i, each in enumerate(self.validators) if each.process.runs)
        ledger = Rpc(self.urls[place])
        try:
            yield ledger, self.operator(place)
        finally:
            ledger.close()

    def start(self) -> None:
        """Start whatever does not run, and wait until all follow the chain."""
        for validator in self.validators:
            validator.start(wait=False)
        for validator in self.validators:
            wait_until_follows(validator.organisation, self.bundle.chain, START_SECONDS)
        _RUNNING.update(dict.fromkeys(self.urls, self))

    def stop(self) -> None:
        """End all; a validator does not wait for the others."""
        for url in self.urls:
            _RUNNING.pop(url, None)
        for validator in self.validators:
            validator.kill()


def found_network(
    folder: Path,
    names: Sequence[str],
    threshold: int = 3,
    granite: bool = True,
    hosts: Mapping[str, str] | None = None,
    ports: Sequence[int] | None = None,
    launch: Mapping[str, Sequence[str]] | None = None,
) -> Network:
    """Build the programs if need be, lay down and found; nothing runs afterwards.

    Args:
        names: of the organisations, in their order.
        hosts, launch: as in ``lay_down``.
        ports: two for each organisation; free ones of this machine without them.
    """
    subprocess.run([str(BUILD)], check=True, stdout=subprocess.DEVNULL)
    machine = lay_down(
        folder,
        names,
        ports or free_ports(2 * len(names)),
        threshold,
        granite=granite,
        hosts=hosts,
        launch=launch,
    )
    bundle = found(machine)
    network = Network(machine, bundle)
    for organisation in machine.organisations:
        url = bundle.rpc(organisation.url)
        network.validators.append(
            RunningValidator(organisation, url, bundle, Validator(organisation))
        )
    return network


@contextmanager
def running_network(
    folder: Path, validators: int = 5, threshold: int = 3, granite: bool = True
) -> Iterator[Network]:
    """Found a network in ``folder`` and run it for the body."""
    began = time.monotonic()
    names = [f"org{number}" for number in range(1, validators + 1)]
    network = found_network(folder, names, threshold, granite)
    try:
        network.start()
        network.found_seconds = time.monotonic() - began
        yield network
    finally:
        network.stop()


def network_at(url: str) -> Network | None:
    """Return the network of which ``url`` is a validator's JSON-RPC, if this process runs it."""
    return _RUNNING.get(url)
