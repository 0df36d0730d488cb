"""What must hold after every fault, on every node: one function, ``check``.

1. No acknowledged item is lost: every command is final, its title and document are where they
   belong, every file that was sent is whole at its receiver.
2. No effect twice: on the ledger, in the tables, in the stream, at the webhook's receiver.
3. Every node's tables equal the ledger, read anew into tables of the checker's own.
4. Every effect has its audit row.
5. No byte of a document on a node not entitled to it, and none in the clear anywhere.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from faults.world import SECRET, Item, Member, World, wait_for
from sqlmodel import SQLModel, col, func, select

from node.chain.follower import Follower
from node.chain.rpc import Rpc
from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow, RelayTransaction
from node.store.database import Database
from node.store.documents import WAITING, AttachmentRow, DeliveryRow, DisclosureRow, DocumentRow
from node.store.errors import StorageUnavailable
from node.store.events import EventRow, StreamHead, SubscriberRow
from node.store.projections import ACTED, PROJECTIONS, REFUSED, ChainCursor, LedgerEvent
from node.store.schema import upgrade

SETTLE_SECONDS = 150.0
Place = tuple[int, int]


class Checker:
    """Compares members with the ledger; reads the ledger itself, from its first block on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rpc = Rpc(world.ledger_url)
        self.tables = Database(f"sqlite:///{world.folder / 'checker.sqlite'}")
        upgrade(self.tables)
        self._follower = Follower(self._rpc, self.tables, world.network())
        self._follow()
        with self.tables.read() as session:  # the founding's acts are nobody's commands
            self._founded = int(session.exec(select(func.max(LedgerEvent.block))).one())

    def close(self) -> None:
        self.tables.close()
        self._rpc.close()

    def check(self) -> None:
        """Wait until nothing is under way any more; then raise AssertionError if 1 to 5 fail."""
        for member in self._world.members.values():
            wait_for(member.well, f"{member.name} is well", SETTLE_SECONDS)
        for item in self._world.items:
            self._world.final(item, SETTLE_SECONDS)
        for member in self._world.members.values():
            try:
                wait_for(lambda m=member: not _left(m), "all work is done", SETTLE_SECONDS)  # type: ignore[misc]
            except TimeoutError as error:
                raise AssertionError(f"{member.name} still has work: {_left(member)}") from error
        self._follow()
        self._nothing_lost()
        self._nothing_twice()
        for member in self._world.members.values():
            self._equals_the_ledger(member)
            self._is_audited(member)
        self._nothing_leaked()

    def _follow(self) -> None:
        """Read the ledger to its end, and wait until every member has."""
        while self._follower.step():
            pass
        for member in self._world.members.values():
            wait_for(
                lambda m=member: _height(m.database) >= _height(self.tables),  # type: ignore[misc]
                f"{member.name} is at the ledger's height",
            )

    # 1

    def _nothing_lost(self) -> None:
        for item in self._world.items:
            told = self._world.command(item)
            assert told["state"] == "final", told
            if "document" in item.body:
                self._document_is_held(item, told["object"])
        for file in self._world.files:
            path = f"/v1/documents/{file.root}/attachments/{file.id}"
            for name in (file.sender, file.receiver):
                answer = self._world.members[name].ask("GET", path)
                assert answer.status_code == 200, f"{name} lost the file {file.id}: {answer.text}"
                assert answer.content == file.content, f"{name} serves another file"

    def _document_is_held(self, item: Item, title: str) -> None:
        for member in (self._world.carrier, self._world.shipper):
            root = member.get(f"/v1/titles/{title}")["root"]
            held = json.dumps(member.get(f"/v1/documents/{root}"))
            number = item.body["document"]["contractQuotationReference"]
            assert number in held, f"{member.name} serves another document for {title}"

    # 2

    def _nothing_twice(self) -> None:
        with self.tables.read() as session:
            events = session.exec(select(LedgerEvent)).all()
        acted = Counter(event.digest for event in events if event.kind == ACTED)
        twice = [digest for digest, count in acted.items() if count > 1]
        assert not twice, f"on the ledger twice: {twice}"
        ours = {member.id for member in self._world.members.values()}
        refused = [e.refusal for e in events if e.kind == REFUSED and e.principal in ours]
        assert not refused, f"relayed into a refusal: {refused}"
        issues = Counter(e.object for e in events if e.kind == ACTED and e.verb == "Issue")
        titles = [
            self._world.command(i)["object"] for i in self._world.items if i.path == "/v1/titles"
        ]
        assert len(set(titles)) == len(titles), "two issues made one title"
        for title in titles:
            assert issues[title] == 1, f"{title} was issued {issues[title]} times"
        places = {(event.block, event.log_index) for event in events}
        for member in self._world.members.values():
            self._stream_is_whole(member, places)
        self._webhook_is_whole()

    def _stream_is_whole(self, member: Member, places: set[Place]) -> None:
        """Each event of the ledger stands once in the stream, and each command's end."""
        with member.database.read() as session:
            rows = session.exec(select(EventRow)).all()
        of_ledger = Counter((r.block, r.log_index) for r in rows if r.block is not None)
        of_ledger = Counter({p: n for p, n in of_ledger.items() if p[1] is not None})
        assert set(of_ledger) == places, f"{member.name}: {set(of_ledger) ^ places}"
        assert max(of_ledger.values()) == 1, f"{member.name} tells an event twice: {of_ledger}"
        ends = Counter(r.command for r in rows if r.kind == "command" and r.state == "final")
        assert max(ends.values(), default=1) == 1, f"{member.name} ends a command twice"

    def _webhook_is_whole(self) -> None:
        """Every position was sent, under one id, and one id always with the same body."""
        messages = list(self._world.receiver.messages)
        bodies: dict[str, bytes] = {}
        under: dict[int, str] = {}
        for message in messages:
            assert bodies.setdefault(message.id, message.body) == message.body, message.id
            for position in message.positions:
                assert under.setdefault(position, message.id) == message.id, position
        with self._world.carrier.database.read() as session:
            all_of_them = set(session.exec(select(EventRow.position)))
        assert set(under) == all_of_them, f"the receiver lacks {sorted(all_of_them ^ set(under))}"

    # 3

    def _equals_the_ledger(self, member: Member) -> None:
        self._follow()
        for model in PROJECTIONS:
            ours, theirs = _rows(self.tables, model), _rows(member.database, model)
            if ours != theirs:
                self._follow()  # a block may have come meanwhile
                ours, theirs = _rows(self.tables, model), _rows(member.database, model)
            assert ours == theirs, f"{member.name}'s {model.__name__}: {ours ^ theirs}"

    # 4

    def _is_audited(self, member: Member) -> None:
        with member.database.read() as session:
            commands = session.exec(select(Command)).all()
            rows = session.exec(select(AuditRow).where(col(AuditRow.command).is_not(None))).all()
        outcomes = Counter((row.command, row.outcome) for row in rows)
        for command in commands:
            for outcome in ("accepted", command.state):
                count = outcomes[(command.id, outcome)]
                assert count == 1, f"{member.name}: {count} rows of {outcome} for {command.id}"
        known = {command.digest for command in commands}
        with self.tables.read() as session:
            effects = session.exec(
                select(LedgerEvent)
                .where(LedgerEvent.kind == ACTED, LedgerEvent.principal == member.id)
                .where(LedgerEvent.block > self._founded)
            ).all()
        unknown = [event.verb for event in effects if event.digest not in known]
        assert not unknown, f"{member.name} knows nothing of its own {unknown}"

    # 5

    def _nothing_leaked(self) -> None:
        bank = self._world.bank
        with bank.database.read() as session:
            for model in (DocumentRow, AttachmentRow, DisclosureRow):
                held = session.exec(select(func.count()).select_from(model)).one()
                assert held == 0, f"the bank holds {held} of {model.__name__}"
        sealed = {
            sha256(path.read_bytes()).digest()
            for name in ("carrier", "shipper")
            for path in _files(self._world.members[name].directory / "vault")
        }
        for path in _files(bank.directory / "vault"):
            assert sha256(path.read_bytes()).digest() not in sealed, f"the bank has {path.name}"
        telling = _files_with(SECRET, self._world.folder, self._world.postgresql.directory)
        assert not telling, f"what is secret stands in {telling}"


def _left(member: Member) -> list[str]:
    """Return what a member has under way, and which webhooks have not taken every event."""
    waiting = (
        select(OutboxRow),
        select(DeliveryRow).where(DeliveryRow.state == WAITING),
        select(RelayTransaction).where(RelayTransaction.state == "open"),
    )
    try:
        with member.database.read() as session:
            found = [repr(row)[:500] for query in waiting for row in session.exec(query)]
            head = session.get(StreamHead, 1)
            webhooks = select(SubscriberRow).where(col(SubscriberRow.url).is_not(None))
            late = [
                f"{row.name} has {row.acked} of {head.position if head else 0}"
                for row in session.exec(webhooks)
                if row.acked != (head.position if head else 0)
            ]
            return found + late
    except StorageUnavailable as error:
        return [error.message]


def _rows(database: Database, model: type[SQLModel]) -> set[tuple[object, ...]]:
    with database.read() as session:
        return {tuple(row.model_dump().items()) for row in session.exec(select(model))}


def _height(database: Database) -> int:
    with database.read() as session:
        cursor = session.get(ChainCursor, 1)
        return 0 if cursor is None else cursor.block


def _files(folder: Path) -> Iterator[Path]:
    """Every plain file below a folder, but for disks' images, which are mounted beside."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".disk":
            yield path


def _files_with(text: str, *folders: Path) -> list[str]:
    """Return the files below folders, but for disks' images, that contain a text.

    A process of its own reads them. Were this one to open a member's SQLite database as a plain
    file, closing it would end the locks of all its connections to that database (POSIX locks are
    the process's): the member would take itself for the last one, remove the log on its end, and
    these connections would go on reading what is no more: "database disk image is malformed".
    """
    search = ["grep", "-rlasF", "--devices=skip", "--exclude=*.disk", text, *map(str, folders)]
    return subprocess.run(search, stdout=subprocess.PIPE, text=True, check=False).stdout.split()
