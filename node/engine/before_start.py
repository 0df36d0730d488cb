"""What a validator's start would miss or regret, told without its process; writes nothing."""

import ctypes
import json
import resource
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from node.chain.network import load as load_network
from node.engine import bundle as bundles
from node.engine.bundle import Bundle
from node.engine.configuration import FOUNDING, NODE
from node.engine.errors import EngineFileInvalid, EngineMissing, EngineRefused, EngineSilent
from node.engine.founding import Founding, load_founding, render, sha256
from node.engine.organisation import Organisation
from node.engine.process import ask
from node.engine.programs import program_version
from node.errors import NodeError
from node.upkeep.findings import Finding, State, found

DISK_WARN_BYTES, DISK_FAIL_BYTES = 10_000_000_000, 1_000_000_000
# The engine refuses a peer whose clock is a minute off.
CLOCK_SECONDS = 30
PEER_SECONDS = 3.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLOCK_ERROR = 5


def engine_before_start(organisation: Organisation) -> Iterator[Finding]:
    """Look at files, keys, versions, ports, limits, clock and disk of one validator."""
    home = organisation.directory
    try:
        founding = load_founding(home / FOUNDING)
        bundle = bundles.load(home)
    except EngineFileInvalid as error:
        yield found("ENGINE_FILE_WRONG", "fail", error.message)
        return
    yield from _versions(organisation, founding)
    yield from _files(organisation, founding, bundle)
    yield from _keys(organisation, founding)
    yield from _ports(organisation)
    yield from _peers(organisation, founding)
    yield _open_files(home)
    yield from _clock(home)
    yield _disk(home)


def _versions(organisation: Organisation, founding: Founding) -> Iterator[Finding]:
    try:
        programs = organisation.programs
        told = json.loads(program_version(programs.avalanchego))
        here = programs.versions()
    except (EngineMissing, OSError, ValueError) as error:
        yield found("ENGINE_VERSION_OTHER", "fail", f"The programs cannot be run: {error}")
        return
    runs = "v" + str(told["application"]).rpartition("/")[2]
    meant = dict(founding.versions)
    same = here == meant and runs == meant["avalanchego"]
    says = f"The programs are {here}, avalanchego says {runs}; the founding is for {meant}."
    yield found("ENGINE_VERSION_OTHER", "ok" if same else "fail", says)


def _files(
    organisation: Organisation, founding: Founding, bundle: Bundle | None
) -> Iterator[Finding]:
    """Compare each common file with what the founding renders, and the bundle with network.json."""
    home = organisation.directory
    try:
        rendered = render(founding, organisation.programs)
    except (EngineRefused, EngineMissing) as error:
        yield found("ENGINE_FILE_WRONG", "fail", f"Nothing can be rendered: {error.message}")
        return
    for name, content in rendered.items():
        path = home / name
        here = path.read_bytes() if path.exists() else b""
        says = f"{name} has the hash {sha256(here)}, the founding gives {sha256(content)}."
        yield found("ENGINE_FILE_WRONG", "ok" if here == content else "fail", says)
    if bundle is None:
        return
    same = bundle.founding == founding
    says = "founding.json and the bundle say the same." if same else "They say different things."
    yield found("ENGINE_FILE_WRONG", "ok" if same else "fail", says)
    network_file = home.parent / "network.json"
    if network_file.exists():
        try:
            bundles.require_named(bundle, load_network(network_file))
        except NodeError as error:
            yield found("ENGINE_FILE_WRONG", "fail", error.message)
        else:
            yield found("ENGINE_FILE_WRONG", "ok", f"network.json names the bundle {bundle.hash}.")


def _keys(organisation: Organisation, founding: Founding) -> Iterator[Finding]:
    own = organisation.public
    try:
        request = {"directory": str(organisation.directory / "staking")}
        here = organisation.programs.ask("identity", request)
    except (EngineRefused, EngineMissing) as error:
        yield found("ENGINE_KEY_OTHER", "fail", f"The staking keys cannot be read: {error.message}")
        return
    same = here == own.identity
    says = f"The staking keys are those of {here['node_id']}, public.json names {own.node_id}."
    yield found("ENGINE_KEY_OTHER", "ok" if same else "fail", says)
    named = [half for half in founding.founders if half.name == own.name]
    if named and named[0] != own:
        says = f"The founding has other keys or addresses for {own.name} than public.json."
        yield found("ENGINE_KEY_OTHER", "fail", says)


def _ports(organisation: Organisation) -> Iterator[Finding]:
    told, own = organisation.settings, organisation.public
    if _runs(organisation):
        yield found("PORT_IN_USE", "ok", "This validator itself listens on its ports.")
        return
    for host, port in ((told["rpc_host"], told["rpc_port"]), (own.host, own.peers_port)):
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            says = f"{host}:{port} cannot be listened on: {error.strerror}."
            yield found("PORT_IN_USE", "fail", says)
        else:
            yield found("PORT_IN_USE", "ok", f"{host}:{port} is free.")


def _runs(organisation: Organisation) -> bool:
    """Whether the validator of this directory runs already."""
    try:
        told = ask(organisation.url, "/ext/info", "info.getNodeID")
    except EngineSilent:
        return False
    return bool(told["nodeID"] == organisation.public.node_id)


def _peers(organisation: Organisation, founding: Founding) -> Iterator[Finding]:
    """Try the other founders' validators; those of a first start may not run yet."""
    for half in founding.founders:
        if half.name == organisation.public.name:
            continue
        at = f"{half.name}'s validator at {half.host}:{half.peers_port}"
        try:
            socket.create_connection((half.host, half.peers_port), PEER_SECONDS).close()
        except OSError as error:
            yield found("PEER_SILENT", "warn", f"{at} does not answer: {type(error).__name__}.")
        else:
            yield found("PEER_SILENT", "ok", f"{at} answers.")


def _open_files(home: Path) -> Finding:
    needed = int(json.loads((home / NODE).read_bytes())["fd-limit"])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = hard != resource.RLIM_INFINITY and hard < needed
    says = f"The hard limit of open files is {hard}; node.json asks for {needed}."
    return found("OPEN_FILES_FEW", "fail" if few else "ok", says)


def _clock(home: Path) -> Iterator[Finding]:
    """Compare the clock with the node's own last files, and ask the kernel whether it is set."""
    newest = max(
        (path.stat().st_mtime for path in (home / "data").rglob("*") if path.is_file()), default=0.0
    )
    behind = int(newest - time.time())
    state: State = "fail" if behind > CLOCK_SECONDS else "ok"
    says = f"The clock is {behind} s behind the node's last file." if behind > 0 else "It goes on."
    yield found("CLOCK_OFF", state, f"The clock against the node's own files: {says}")
    if _LIBC.adjtimex(ctypes.create_string_buffer(512)) == _CLOCK_ERROR:
        yield found("CLOCK_OFF", "warn", "The kernel says that nothing sets this clock by NTP.")


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home / "data").free
    state: State = "fail" if free < DISK_FAIL_BYTES else "warn" if free < DISK_WARN_BYTES else "ok"
    return found("DISK_NEARLY_FULL", state, f"{free / 1e9:.1f} GB are free for the engine.")
