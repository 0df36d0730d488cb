"""What keeps a member's node busy during a soak: writes, reads, subscribers, documents, files."""

import contextlib
import os
import secrets
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx
from sqlmodel import col, select
from support.members import RunningMember
from support.peers import bill_number, make_bill

from node.errors import Refused, Unavailable
from node.store.commands import Command
from node.store.projections import NOBODY, Title

FILE_BYTES = 300_000
SUBSCRIBERS = 2
BULK = 10
ACCEPT_SECONDS = 1.0
# What happens how often in a second at a rate of one.
PACE = {"device": 0.5, "bulk": 0.02, "bill": 0.1, "read": 2.0, "file": 0.02}


class Site:
    """The member that is measured, its client, and what it knows by now."""

    def __init__(self, carrier: RunningMember, shipper: RunningMember, token: str) -> None:
        settings = carrier.node.settings
        self.shipper = shipper
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{settings.api_port}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=60,
        )
        self.titles: list[str] = []
        self.roots: list[str] = []
        self.commands: list[str] = []

    def answers(self, path: str) -> bool:
        """Whether the API answers there."""
        try:
            return self.http.get(path).is_success
        except httpx.TransportError:
            return False

    def write(self, path: str, body: Any) -> Any:
        """Send one write; return its answer."""
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": secrets.token_hex(12)})
        return answer.raise_for_status().json()


def device() -> dict[str, Any]:
    """A device's registration: a command that waits for no other member."""
    return {
        "key": "0x" + secrets.token_hex(32), "kind": "scale", "port": 1,
        "calibrated_until": 1_893_456_000,
    }  # fmt: skip


def register(site: Site) -> None:
    """One command, one request."""
    _keep(site.commands, site.write("/v1/devices", device())["id"])


def register_many(site: Site) -> None:
    """Several commands by the bulk door."""
    commands = [
        {"key": secrets.token_hex(12), "verb": "RegisterDevice", "body": device()}
        for _ in range(BULK)
    ]
    site.http.post("/v1/commands/bulk", json={"commands": commands}).raise_for_status()


def issue(site: Site) -> None:
    """A bill: its document goes to the shipper's node, over the exchange."""
    bill = make_bill(bill_number())
    told = site.write("/v1/titles", {"document": bill, "holder": site.shipper.id})
    _keep(site.commands, told["id"])
    if root := (told["result"] or {}).get("root"):
        _keep(site.roots, root)


def read(site: Site) -> None:
    """A page of titles, one of them, its events, and a command."""
    page = site.http.get("/v1/titles", params={"limit": 20}).raise_for_status().json()
    paths = [f"/v1/commands/{one}" for one in site.commands[-1:]]
    for title in page["titles"][:1]:
        _keep(site.titles, title["id"])
        _keep(site.roots, title["root"])
        paths += [f"/v1/titles/{title['id']}", f"/v1/titles/{title['id']}/events"]
    for path in (*paths, "/v1/metrics"):
        site.http.get(path)


def send_file(site: Site) -> None:
    """A file beside a document, sent to the shipper; where one is there already."""
    if not site.roots:
        return
    root = site.roots[-1]
    path = f"/v1/documents/{root}/attachments"
    file = site.http.post(
        path,
        params={"name": f"{secrets.token_hex(4)}.bin"},
        content=os.urandom(FILE_BYTES),
        headers={"Idempotency-Key": secrets.token_hex(12)},
    )
    if file.is_success:
        site.http.post(f"{path}/{file.json()['id']}/deliveries", json={"to": site.shipper.id})


DOES: dict[str, Callable[[Site], None]] = {
    "device": register,
    "bulk": register_many,
    "bill": issue,
    "read": read,
    "file": send_file,
}


def _keep(known: list[str], one: str) -> None:
    known.append(one)
    del known[:-100]


class Load:
    """Does everything at its pace until it is told to stop; one thread a kind."""

    def __init__(self, site: Site, rate: float) -> None:
        self._site, self._stop = site, Event()
        self.done = dict.fromkeys(DOES, 0)
        self.failed = dict.fromkeys(DOES, 0)
        self.heard = 0
        self._threads = [
            Thread(target=self._keep_doing, args=(kind, 1 / (rate * PACE[kind])), daemon=True)
            for kind in DOES
        ] + [Thread(target=self._listen, daemon=True) for _ in range(SUBSCRIBERS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everything come to its end."""
        self._stop.set()
        for thread in self._threads[: len(DOES)]:
            thread.join(60)

    def _keep_doing(self, kind: str, every: float) -> None:
        due = monotonic()
        while not self._stop.wait(max(0.0, due - monotonic())):
            due = max(due + every, monotonic() - every)
            try:
                DOES[kind](self._site)
                self.done[kind] += 1
            except httpx.HTTPError:
                self.failed[kind] += 1

    def _listen(self) -> None:
        """Follow the stream from its end; begin again whenever it ends."""
        while not self._stop.is_set():
            with (
                contextlib.suppress(httpx.HTTPError),
                self._site.http.stream("GET", "/v1/events/stream") as answer,
            ):
                for line in answer.iter_lines():
                    self.heard += line.startswith("data: ")
                    if self._stop.is_set():
                        return
            self._stop.wait(1)


class Shipper:
    """The other member's own work: it accepts what it is offered, once it has the document."""

    def __init__(self, member: RunningMember) -> None:
        self._member, self._stop = member, Event()
        self.accepted = 0
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stop.wait(ACCEPT_SECONDS):
            for title, offer in self._offers():
                with contextlib.suppress(Refused, Unavailable):
                    key = f"accept-{offer[2:42]}"
                    self._member.ask("Accept", key, title=title, offer=offer)
                    self.accepted += 1

    def _offers(self) -> list[tuple[str, str]]:
        """Return what is offered and not yet accepted."""
        with self._member.node.db.read() as session:
            taken = select(Command.object).where(Command.verb == "Accept")
            query = select(Title.id, Title.offer).where(
                Title.counterparty == self._member.id,
                Title.offer != NOBODY,
                col(Title.id).not_in(taken),
            )
            return list(session.exec(query).all())
