"""Runs a member's node: its parts as threads of one process, or some of them alone.

Every part holds the lock of its name in the member's directory while it runs, so that one process
at a time runs it and another can take over. A part that meets an error starts again after a
while and stops nothing else; ``kill -9`` at any instruction loses nothing. Logs name codes, ids
and places in the code, never a document's content.
"""

import ctypes
import fcntl
import gc
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import structlog
import uvicorn

from node.audit.checkpointing import Auditor
from node.chain.network import check_ledger
from node.commands.states import CODED_ERRORS
from node.errors import PartHeld, SettingsInvalid, Unavailable
from node.evidence.service import witness_route
from node.exchange.conformance import conformance_route
from node.exchange.exchange import peers_app
from node.jobs import work_waits
from node.listening import BoundedHttp
from node.logs import configure
from node.metrics import listen, part_ends
from node.node import Node
from node.oversight.agreement import agreement_route
from node.settings import Settings
from node.store.errors import StorageUnavailable

PARTS = ("api", "peers", "follow", "send", "work")
App = Any  # an ASGI application; uvicorn's own type for it is private
AppFactory = Callable[[Node], App]

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 30.0
STOP_SECONDS = 10.0
START_SECONDS = 60.0
# How long a part that found nothing to do goes without looking for work whose time has come: the
# longer, the longer there was none. A commit to the database has it look at once.
IDLE_SECONDS = 0.5
LONGEST_IDLE_SECONDS = 2.0
BUSY_SECONDS = 0.1
# After so long without a block the ledger is asked for one so many times less often.
CALM_SECONDS, CALMER = 10.0, 2
API_CONNECTIONS = 500
COLLECT_AFTER = (20_000, 20, 20)
M_ARENA_MAX, ARENAS = -8, 2
M_MMAP_THRESHOLD, MAPPED_BYTES = -3, 1024 * 1024

log = structlog.get_logger("serve")


def serve(settings: Settings, parts: Iterable[str], apps: Mapping[str, AppFactory]) -> None:
    """Run ``parts`` of the member's node until SIGTERM or SIGINT.

    Args:
        parts: names from ``PARTS``.
        apps: makes the ASGI application of ``api``, and of ``peers`` if it is not the plain one.

    Raises:
        SettingsInvalid: an unknown part, or what ``Node`` raises.
    """
    configure()
    measured(settings)
    node = open_node(settings)
    _bound_memory()
    # What is there now stays; looking through it again and again took a fifth of the time.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    service = Service(node, parts, apps)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    service.start()
    ended.wait()
    service.stop()
    node.close()


def _bound_memory() -> None:
    """Have all threads take memory from two pools, and large pieces from none (mallopt(3)).

    glibc gives threads up to eight pools a core, and each keeps what it once needed: threads that
    come and go would make the process grow for hours. Large pieces that grow side by side, as
    requests' bodies do, leave holes in a pool; mapped for themselves they grow where they are, and
    go back when they are freed. Another C library lacks the call, or the settings, and needs none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
        mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


def open_node(settings: Settings) -> Node:
    """Open the member's node; a database that starts at the same time is waited for, a minute.

    Raises: what ``Node`` raises.
    """
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return Node(settings)
        except StorageUnavailable as error:
            if time.monotonic() > until:
                raise
            log.warning("the database does not answer yet", code=error.code)
            time.sleep(FIRST_PAUSE_SECONDS)


def measured(settings: Settings) -> None:
    """Answer Prometheus where the settings say.

    Raises: SettingsInvalid, when something else listens there.
    """
    if settings.metrics_port is None:
        return
    try:
        listen(settings.metrics_port)
    except OSError as error:
        raise SettingsInvalid(
            "Nothing can listen on metrics_port: each process needs its own.",
            port=settings.metrics_port,
        ) from error


class Service:
    """The running parts of one node; each is a thread that keeps its part going."""

    def __init__(self, node: Node, parts: Iterable[str], apps: Mapping[str, AppFactory]) -> None:
        self._node = node
        self._apps = {"peers": peers_listener, **apps}
        self._stop = Event()
        chosen = list(dict.fromkeys(parts))
        unknown = [part for part in chosen if part not in PARTS]
        if unknown or ("api" in chosen and "api" not in apps):
            raise SettingsInvalid(f"There is no part {unknown or 'api'} to run.", parts=chosen)
        self._threads = [
            Thread(target=self._keep, args=(part,), name=part, daemon=True) for part in chosen
        ]

    def start(self) -> None:
        """Start every part."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask every part to end, and wait for it, ten seconds at most."""
        self._stop.set()
        self._node.tail.close()  # or open streams would hold up the API's end
        self._node.commits.ring()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _keep(self, part: str) -> None:
        """Run ``part`` again whenever it ends, until told to stop."""
        pause, told = FIRST_PAUSE_SECONDS, ""
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                with part_lock(self._node.settings.directory, part):
                    if not told:  # or it would be said at each attempt while something is down
                        log.info("a part runs", part=part)
                    self._run(part)
            except CODED_ERRORS as error:
                part_ends.labels(part, error.code).inc()
                if error.code != told:
                    log.warning("a part waits", part=part, code=error.code, detail=error.message)
                told = error.code
                if isinstance(error, Unavailable):
                    pause = FIRST_PAUSE_SECONDS
            except (Exception, SystemExit):  # uvicorn exits when it cannot listen
                part_ends.labels(part, "UNFORESEEN").inc()
                log.exception("a part failed and will start again", part=part)
            if time.monotonic() - began > STEADY_SECONDS:
                pause, told = FIRST_PAUSE_SECONDS, ""
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _run(self, part: str) -> None:
        if part == "api":
            self._listen(self._api())
        elif part == "peers":
            settings = self._node.settings
            app = self._apps["peers"](self._node)
            exchange = self._node.exchange
            self._listen(exchange.listener(app, settings.peers_host, settings.peers_port))
        elif part == "follow":
            self._follow()
        elif part == "send":
            self._send()
        else:
            self._work()

    def _api(self) -> uvicorn.Config:
        settings = self._node.settings
        return uvicorn.Config(
            self._apps["api"](self._node),
            host=settings.api_host,
            port=settings.api_port,
            http=BoundedHttp,
            lifespan="off",
            ws="none",
            limit_concurrency=API_CONNECTIONS,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )

    def _listen(self, config: uvicorn.Config) -> None:
        server = uvicorn.Server(config)
        stopper = Thread(target=self._stop_server, args=(server,), daemon=True)
        stopper.start()
        server.run()

    def _stop_server(self, server: uvicorn.Server) -> None:
        self._stop.wait()
        server.should_exit = True

    def _follow(self) -> None:
        check_ledger(self._node.rpc, self._node.network)
        follower, pace = self._node.follower(), self._node.poll_seconds
        moved = time.monotonic()
        while not self._stop.is_set():
            if follower.step():
                moved = time.monotonic()
                continue
            calm = time.monotonic() - moved > CALM_SECONDS
            self._stop.wait(CALMER * pace if calm else pace)

    def _send(self) -> None:
        network = self._node.network
        check_ledger(self._node.rpc, network)
        sender = self._node.sender()
        # A network.json that names other contracts makes another sender.
        self._poll(sender.step, lambda: self._node.network is network)

    def _work(self) -> None:
        worker, desk = self._node.worker(), self._node.signing_desk()
        couriers = self._node.exchange.couriers()
        messengers, auditor = self._node.messengers(), Auditor(self._node)
        overseer = self._node.overseer()
        messengers.start()
        overseer.start()

        def step() -> bool:
            if not work_waits(self._node.db):
                return auditor.step()
            return (worker.step() > 0) | desk.step() | couriers.step() | auditor.step()

        try:
            self._poll(step)
        finally:
            couriers.close()
            worker.close()
            messengers.close()
            overseer.close()

    def _poll(self, step: Callable[[], bool], holds: Callable[[], bool] = lambda: True) -> None:
        """Step until told to stop: soon again while busy, else when the database changes.

        ``holds``: ends it too when it says no; the part then begins again.
        """
        commits, idle = self._node.commits, IDLE_SECONDS
        while not self._stop.is_set() and holds():
            began, seen = time.monotonic(), commits.count
            if step():
                # Whoever took longer has more to do by now.
                self._stop.wait(max(0.0, began + BUSY_SECONDS - time.monotonic()))
                idle = IDLE_SECONDS
            elif not commits.wait(seen, idle):
                idle = min(2 * idle, LONGEST_IDLE_SECONDS)


def peers_listener(node: Node) -> App:
    """Return the peers listener's application: deliveries, witnessing, comparing, trying."""
    return peers_app(node, [witness_route(node), conformance_route(node), agreement_route(node)])


@contextmanager
def part_lock(directory: Path, part: str) -> Iterator[None]:
    """Hold the lock of ``part`` in the member's directory.

    Raises:
        PartHeld: another process, or thread, runs the part.
    """
    with (directory / f"{part}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PartHeld(f"Another process runs the part {part}.", part=part) from error
        yield


def running_parts(directory: Path) -> dict[str, bool]:
    """Return for each part whether some process of the member runs it now."""
    running: dict[str, bool] = {}
    for part in PARTS:
        with (directory / f"{part}.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                running[part] = False
            except BlockingIOError:
                running[part] = True
    return running
