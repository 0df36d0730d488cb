"""Five organisations on an Avalanche network: what faults are done to, and what works meanwhile.

Each has a validator in a network namespace of its own, a Lading node and a signer. A node asks its
own organisation's validator and no other. Whoever is told that a write was accepted notes it: the
checks of ``faults.checks`` look for it afterwards.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from faults.checks import Checker
from faults.world import Item, World, wait_for
from network_faults.links import Links
from support.avalanche import Network, RunningValidator, found_network
from support.members import DISCHARGE, lay_down

from node.chain.rpc import Rpc, quantity
from node.errors import LedgerUnavailable
from node.member import write_json

NAMES = ("bank", "carrier", "customs", "shipper", "terminal")
RPC_PORT, PEERS_PORT = 9650, 9651
DATA_MB = 2500  # with less than 512 MiB free, avalanchego ends by itself
FINAL_SECONDS = 240.0


@dataclass
class NetworkWorld(World):
    """The organisations, their validators and nodes, and what was acknowledged to whom."""

    links: Links | None = None
    engine: Network | None = None
    made: int = field(default=0)

    def open(self) -> None:
        """Found the network on new links, then everything that ``World`` founds on it."""
        self.links = Links(len(NAMES))
        hosts = {name: self.links.host(place) for place, name in enumerate(NAMES)}
        launch = {name: self.links.inside(place) for place, name in enumerate(NAMES)}
        self.engine = found_network(
            self.folder,
            NAMES,
            ports=[RPC_PORT, PEERS_PORT] * len(NAMES),
            hosts=hosts,
            launch=launch,
        )
        engine = self.validator("terminal").directory
        self._disk("engine", engine / "data", DATA_MB)
        self.engine.start()
        self.ledger_url = self.engine.urls[NAMES.index("carrier")]
        for name, new in lay_down(self.folder, NAMES, self.ledger_url).items():
            path = new.directory / "settings.json"
            own = {"ledger_url": self.validator(name).url}
            write_json(path, {**json.loads(path.read_bytes()), **own})
            self._make_plain(new)
        for member in self.members.values():
            member.start()
        for member in self.members.values():
            wait_for(member.well, f"{member.name} is well", 600)
        self._allow_any_webhook()
        self._subscribe()

    def close(self) -> None:
        """End everything."""
        for member in self.members.values():
            member.close()
        for end in reversed(self._ends):
            end()
        if self.engine is not None:
            self.engine.stop()
        for disk in self.disks.values():
            disk.close()
        if self.links is not None:
            self.links.close()

    def revive(self) -> None:
        """Start whatever does not run."""
        assert self.engine is not None
        for validator in self.engine.validators:
            validator.resume()
        self.engine.start()
        for member in self.members.values():
            member.start()

    def validator(self, name: str) -> RunningValidator:
        """The validator of an organisation."""
        assert self.engine is not None
        return next(each for each in self.engine.validators if each.name == name)

    def place(self, name: str) -> int:
        """An organisation's number among the links."""
        return NAMES.index(name)

    # What the chain says.

    def height(self, name: str) -> int:
        """The last block of an organisation's validator."""
        rpc = Rpc(self.validator(name).url, timeout_seconds=5)
        try:
            return int(rpc.call("eth_blockNumber"), 16)
        finally:
            rpc.close()

    def goes_on(self, name: str, blocks: int = 2, seconds: float = 120.0) -> None:
        """Wait until a validator has so many more blocks; something must be writing."""
        begun = self.height(name)
        wait_for(lambda: self.height(name) >= begun + blocks, f"{name} sees blocks", seconds)

    def check_heads(self) -> None:
        """All validators have the same block hash and state root at a common height."""
        wait_for(lambda: self._near() or None, "the validators are near each other", 180)
        common = min(self.height(name) for name in NAMES)
        heads = {name: self._block(name, common) for name in NAMES}
        assert len(set(heads.values())) == 1, f"at {common} they differ: {heads}"

    def _near(self) -> bool:
        try:
            heights = [self.height(name) for name in NAMES]
        except LedgerUnavailable:
            return False
        return max(heights) - min(heights) <= 1

    def _block(self, name: str, height: int) -> tuple[str, str]:
        rpc = Rpc(self.validator(name).url)
        try:
            block = rpc.call("eth_getBlockByNumber", quantity(height), False)
        finally:
            rpc.close()
        return block["hash"], block["stateRoot"]

    # What members do.

    def registering(self) -> Item:
        """Return the registration of a device at the terminal that was not sent yet."""
        self.made += 1
        key = f"0x{self.made:064x}"
        body = {"key": key, "kind": "scale", "calibrated_until": 1_893_456_000, "port": DISCHARGE}
        return self.write("terminal", "/v1/devices", body, "admin")

    @contextmanager
    def busy(self, *makes: Callable[[], Item]) -> Iterator[list[Item]]:
        """Have writes acknowledged one after the other for the body, by a thread for each kind."""
        stop = threading.Event()
        taken: list[Item] = []
        errors: list[BaseException] = []

        def work(make: Callable[[], Item]) -> None:
            while not stop.is_set():
                try:
                    taken.append(self.take(make()))
                except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
                    errors.append(error)
                    return
                stop.wait(0.3)

        threads = [threading.Thread(target=work, args=(make,)) for make in makes or self._usual()]
        for thread in threads:
            thread.start()
        try:
            yield taken
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not errors, errors

    def _usual(self) -> Sequence[Callable[[], Item]]:
        return (self.issuing, self.registering)

    def _allow_any_webhook(self) -> None:
        carrier = self.members["carrier"]
        path = carrier.directory / "settings.json"
        write_json(path, {**json.loads(path.read_bytes()), "webhook_targets": "any"})
        carrier.programs["serve"].stop()
        carrier.start()
        wait_for(carrier.well, "the carrier is well", 300)


class NetworkChecker(Checker):
    """What must hold after a fault, the engine's part with it."""

    def check(self) -> None:
        """As ``Checker``, once all validators agree on a common block."""
        world = self._world
        assert isinstance(world, NetworkWorld)
        world.check_heads()
        super().check()


def final_while(world: NetworkWorld, seconds: float) -> float:
    """Have a write final, and return how many seconds it took; it may take so many."""
    begun = time.monotonic()
    world.final(world.take(world.issuing()), seconds)
    return time.monotonic() - begun
