"""Several organisations on one machine: laid down and founded, for trials, tests and measuring.

Each organisation keeps its own directory, keys and passphrase, and the founding takes the same
steps as on many machines. Passphrases stand in ``machine.json`` (0600): a machine that runs the
validators of all is a demonstration.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.engine import bundle as bundles
from node.engine import council
from node.engine.bundle import Bundle
from node.engine.configuration import configure, prepare
from node.engine.errors import EngineFileInvalid
from node.engine.founding import (
    DEFAULT_CHAIN_ID,
    EVM_GENESIS,
    Founding,
    gather,
    load_founding,
    sha256,
)
from node.engine.organisation import Organisation, make_keys
from node.engine.process import Validator, wait_until_follows
from node.member import ENGINE, write_json

FILE = "machine.json"
START_SECONDS = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Machine:
    """The organisations below one directory, in the order of their names."""

    directory: Path
    passphrases: Mapping[str, str]

    @staticmethod
    def load(directory: Path) -> "Machine | None":
        """Return what ``lay_down`` made in ``directory``, or None."""
        path = directory / FILE
        if not path.exists():
            return None
        told: dict[str, Any] = json.loads(path.read_bytes())
        return Machine(directory.resolve(), told["passphrases"])

    @property
    def organisations(self) -> list[Organisation]:
        """Every organisation that runs a validator here."""
        names = sorted(self.passphrases)
        return [Organisation(self.directory / name / ENGINE) for name in names]

    def organisation(self, name: str) -> Organisation:
        """Return one by its name."""
        return Organisation(self.directory / name / ENGINE)

    @property
    def bundle(self) -> Bundle:
        """The founded network; raises EngineFileInvalid before the founding is done."""
        found = bundles.load(self.organisations[0].directory)
        if found is None:
            raise EngineFileInvalid(f"{self.directory} holds no founded network.")
        return found

    @property
    def urls(self) -> list[str]:
        """Each organisation's JSON-RPC of the chain, in the order of ``organisations``."""
        bundle = self.bundle
        return [bundle.rpc(organisation.url) for organisation in self.organisations]


def lay_down(
    directory: Path,
    names: Sequence[str],
    ports: Sequence[int],
    threshold: int,
    chain_id: int = DEFAULT_CHAIN_ID,
    granite: bool = True,
    hosts: Mapping[str, str] | None = None,
    launch: Mapping[str, Sequence[str]] | None = None,
) -> Machine:
    """Make every organisation's keys and the founding they agree on.

    Args:
        ports: two for each organisation, nobody else's.
        hosts: where an organisation listens, if not on 127.0.0.1.
        launch: what is put before a validator's command, such as ``ip netns exec NAME``.

    Raises: EngineDirectoryExists, EngineMissing, EngineFileInvalid.
    """
    passphrases = {name: secrets.token_urlsafe(32) for name in sorted(names)}

    def make(place: int, name: str) -> Organisation:
        host = (hosts or {}).get(name, "127.0.0.1")
        pair, own = (ports[2 * place], ports[2 * place + 1]), passphrases[name]
        made = make_keys(directory / name, name, host, pair, own, host, founding=place == 0)
        _launched_by(made, (launch or {}).get(name, ()))
        return made

    with ThreadPoolExecutor() as pool:  # most of it is waiting for other programs
        made = list(pool.map(make, range(len(passphrases)), passphrases))
        versions = made[0].programs.versions()
        founding = gather([each.public for each in made], threshold, versions, chain_id, granite)
        list(pool.map(prepare, made, [founding] * len(made)))
    write_json(directory / FILE, {"machine": 1, "passphrases": passphrases})
    return Machine(directory.resolve(), passphrases)


def _launched_by(organisation: Organisation, command: Sequence[str]) -> None:
    settings = organisation.settings | {"launch": list(command)}
    write_json(organisation.directory / "engine.json", settings)


def found(machine: Machine, say: Say = lambda _: None) -> Bundle:
    """Do the whole founding: run all, fund the treasury, make subnet, validators and chain.

    What runs in the end is stopped again: the next start follows the chain.

    Raises: EngineRefused, EngineSilent.
    """
    organisations = machine.organisations
    founding = load_founding(organisations[0].directory / "founding.json")
    with ExitStack() as running:
        for organisation in organisations:
            validator = Validator(organisation)
            running.callback(validator.kill)  # as good as a stop: both databases are in sync
            validator.start()
        for organisation in organisations:
            wait_until_follows(organisation, "P", START_SECONDS)
        say("The primary network runs; the council takes its treasury and makes the chain.")
        bundle = _establish(machine, founding)
    count = len(organisations)
    with ThreadPoolExecutor() as pool:
        list(pool.map(configure, organisations, [bundle] * count, [count] * count))
    say(f"The chain is {bundle.chain}.")
    return bundle


def _establish(machine: Machine, founding: Founding) -> Bundle:
    """Make treasury, subnet, validators and chain, each signed by ``threshold`` members."""
    first = machine.organisation(founding.founders[0].name)
    holder = next(half.name for half in founding.founders if half.founding is not None)
    council.fund_treasury(machine.organisation(holder), machine.passphrases[holder], founding)
    (subnet,) = decide(machine, founding, [council.subnet()])
    genesis = (first.directory / EVM_GENESIS).read_bytes()
    wanted = [council.validator(half, subnet, founding.stakes_end) for half in founding.founders]
    *_, chain = decide(machine, founding, [*wanted, council.chain(subnet, genesis)], together=True)
    return bundles.make(founding, subnet, chain, first.programs)


def decide(
    machine: Machine,
    founding: Founding,
    wanted: Sequence[Mapping[str, Any]],
    together: bool = False,
) -> list[str]:
    """Let the first ``threshold`` council members sign transactions; return the ids once accepted.

    Raises: EngineRefused, EngineSilent.
    """
    signers = founding.founders[: founding.threshold]
    first = machine.organisation(signers[0].name)
    draft = council.build(first, founding, signers, wanted)
    for half in signers:
        organisation = machine.organisation(half.name)
        _require_own_chain(organisation, draft)
        draft = council.sign(organisation, machine.passphrases[half.name], draft)
    return council.issue(first, draft, together)


def _require_own_chain(organisation: Organisation, draft: council.Draft) -> None:
    """See that a chain in the draft has the genesis that this member has rendered itself."""
    own = sha256((organisation.directory / EVM_GENESIS).read_bytes())
    for says in draft.says:
        if says["kind"] == "chain" and says["genesis_sha256"] != own:
            raise EngineFileInvalid("The draft's chain has another genesis than the founding's.")
