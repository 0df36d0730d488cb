"""Disks that are full, and disks that fail to sync: refused, nothing half done, then as before."""

import sqlite3
import time
from collections.abc import Callable

import httpx
import psycopg
import pytest
from faults.kinds import kind
from faults.tracing import injected
from faults.world import File, Item, World, wait_for
from sqlmodel import select

from node.store.commands import OutboxRow

REFUSED_SECONDS = 90.0
MANY = 100


def refused_for(world: World, member: str, make: Callable[[], Item], code: str) -> Item:
    """Send writes until one is refused with 503 and this code; return that one, to send again."""

    def refused() -> Item | None:
        item = make()
        answer = world.members[member].send(item)
        if answer.status_code == 202:
            world.acknowledged(item, answer)
            return None
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == code, answer.text
        return item

    return wait_for(refused, f"{member} refuses with {code}", REFUSED_SECONDS)


def attaching(world: World, root: str, key: str, content: bytes) -> httpx.Response:
    """Hand a file in at the shipper."""
    return world.shipper.ask(
        "POST", f"/v1/documents/{root}/attachments", params={"name": "survey.bin"},
        content=content, headers={"Idempotency-Key": key},
    )  # fmt: skip


@kind("disk full: PostgreSQL")
def postgresql_full(world: World) -> None:
    """PostgreSQL's disk has no byte left, until the node refuses a write."""
    with world.disks["postgresql"].full():
        item = refused_for(world, "carrier", world.issuing, "STORAGE_UNAVAILABLE")
        time.sleep(3)
    revive(world)
    world.final(world.take(item))


@kind("disk full: PostgreSQL's WAL")
def wal_full(world: World) -> None:
    """PostgreSQL finds no room for its next segment of WAL and panics; it is started with room."""
    item = world.issue()
    stranger = psycopg.connect(world.postgresql.url, autocommit=True)
    checkpointer = _checkpointer(world)
    with world.disks["postgresql"].full():
        with pytest.raises(psycopg.OperationalError) as ended:
            _write_ahead(stranger)
        assert stranger.closed, ended.value
        late = refused_for(world, "carrier", world.issuing, "STORAGE_UNAVAILABLE")
    stranger.close()
    revive(world)
    # Its log, on the same disk, may have no room to say so.
    assert _checkpointer(world) != checkpointer, "PostgreSQL did not panic"
    for each in (item, world.take(late)):
        world.final(each)


def _checkpointer(world: World) -> int:
    """The process of PostgreSQL that is another one after a panic."""
    query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    with psycopg.connect(world.postgresql.url) as connection:
        found = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert found is not None
    return int(found[0])


def _write_ahead(stranger: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Fill segments of WAL until there is room for none."""
    for _ in range(MANY):
        stranger.execute("SELECT pg_logical_emit_message(false, '', repeat('x', 4000000))")
        stranger.execute("SELECT pg_switch_wal()")


def revive(world: World) -> None:
    """Start PostgreSQL if it has ended, and return once it answers."""
    try:
        wait_for(lambda: _answers(world), "PostgreSQL answers", 10)
    except TimeoutError:
        world.postgresql.start()


def _answers(world: World) -> bool:
    try:
        psycopg.connect(world.postgresql.url).close()
    except psycopg.OperationalError:
        return False
    return True


@kind("disk full: SQLite")
def sqlite_full(world: World) -> None:
    """The disk of a SQLite database has no byte left: writes are refused, reads go on."""
    title = world.title(world.issue())
    offer = world.shown(world.shipper, title)["offer"]["digest"]
    path = f"/v1/titles/{title}/accept"
    _shrink(world)
    with world.disks["database"].full():
        item = refused_for(
            world, "shipper", lambda: world.write("shipper", path, {"offer": offer}),
            "STORAGE_UNAVAILABLE",
        )  # fmt: skip
        assert world.shipper.get(f"/v1/titles/{title}")["state"] == "issued"
    world.final(world.take(item))


def _shrink(world: World) -> None:
    """Leave no room in SQLite's write-ahead log, where it could go on without the disk."""
    connection = sqlite3.connect(world.shipper.database.path, timeout=30)
    wait_for(
        lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
        "the log is written back",
    )
    connection.close()


@kind("disk full: vault")
def vault_full(world: World) -> None:
    """The vault's disk has no byte left: a file is refused at the door, and what a peer sends
    waits there until there is room."""
    _, root = world.held_title()
    content = b"survey" * 100_000
    with world.disks["vault"].full():
        answer = attaching(world, root, "a-full-vault-1", content)
        assert (answer.status_code, answer.json()["code"]) == (503, "VAULT_FULL"), answer.text
        item = world.issue()
        wait_for(world.delivery_failed, "a delivery waits for room", 60)
    answer = attaching(world, root, "a-full-vault-1", content)
    assert answer.status_code == 201, answer.text
    world.files.append(File("shipper", "shipper", root, answer.json()["id"], content))
    world.final(item)


@kind("disk full: logs")
def logs_full(world: World) -> None:
    """The logs' disk has no byte left while node and signer die and start again: they run."""
    with world.disks["logs"].full():
        for program in world.shipper.programs.values():
            program.kill()
            program.start()
        wait_for(world.shipper.well, "the node runs without its log", 120)
        world.held_title()
        assert world.disks["logs"].free_bytes == 0


@kind("disk full: signer's audit")
def audit_full(world: World) -> None:
    """The signer cannot write its audit line, so it signs nothing until it can."""
    title = world.title(world.issue())
    offer = world.shown(world.shipper, title)["offer"]["digest"]
    item = world.write("shipper", f"/v1/titles/{title}/accept", {"offer": offer})
    with world.disks["home"].full():
        _fill_last_block(world)
        world.take(item)
        wait_for(lambda: "AUDIT_UNAVAILABLE" in _last_errors(world), "the signer refuses", 60)
        assert world.command(item)["state"] == "accepted"
    world.final(item)


def _fill_last_block(world: World) -> None:
    """Use up what is left of the audit file's last block, with lines of the signer's own form."""
    try:
        with (world.shipper.directory / "signer.audit.jsonl").open("ab", buffering=0) as file:
            while file.write(b'{"did": "filled"}\n'):
                pass
    except OSError:
        return


def _last_errors(world: World) -> str:
    with world.shipper.database.read() as session:
        return " ".join(row.last_error or "" for row in session.exec(select(OutboxRow)))


@kind("EIO on fsync: PostgreSQL")
def postgresql_cannot_sync(world: World) -> None:
    """Syncing its WAL fails: PostgreSQL panics and recovers from what was synced."""
    before = (world.postgresql.directory / "log").read_text().count("PANIC")
    with injected(world.postgresql.pid, "fdatasync,fsync", "error=EIO") as trace:
        for door in world.carrier.database_doors.values():
            door.cut()  # new connections are processes that are traced
        late = refused_for(world, "carrier", world.issuing, "STORAGE_UNAVAILABLE")
        wait_for(lambda: trace.hits, "a sync failed", 30)
    assert (world.postgresql.directory / "log").read_text().count("PANIC") > before
    revive(world)
    world.final(world.take(late))


@kind("EIO on fsync: SQLite")
def sqlite_cannot_sync(world: World) -> None:
    """Every sync of the shipper's node fails: it refuses to acknowledge, and then goes on."""
    title = world.title(world.issue())
    offer = world.shown(world.shipper, title)["offer"]["digest"]
    path = f"/v1/titles/{title}/accept"
    with injected(world.shipper.programs["serve"].pid, "fsync,fdatasync", "error=EIO") as trace:
        item = refused_for(
            world, "shipper", lambda: world.write("shipper", path, {"offer": offer}),
            "STORAGE_UNAVAILABLE",
        )  # fmt: skip
        assert trace.hits
    world.final(world.take(item))


@kind("EIO on fsync: vault")
def vault_cannot_sync(world: World) -> None:
    """Syncing the carrier's vault fails: the issue is refused and nothing of it is kept."""
    before = sorted(path.name for path in (world.carrier.directory / "vault").iterdir())
    item = world.issuing()
    with injected(world.carrier.programs["api"].pid, "fsync,fdatasync", "error=EIO") as trace:
        answer = world.carrier.send(item)
        assert trace.hits
    assert (answer.status_code, answer.json()["code"]) == (503, "VAULT_UNAVAILABLE"), answer.text
    assert sorted(path.name for path in (world.carrier.directory / "vault").iterdir()) == before
    world.final(world.take(item))


@kind("EIO on fsync: signer's audit")
def signer_cannot_sync(world: World) -> None:
    """Syncing the signer's audit line fails, so there is no signature; then there is one."""
    with injected(world.carrier.programs["sign"].pid, "fsync,fdatasync", "error=EIO") as trace:
        item = world.issue()
        wait_for(lambda: trace.hits, "the signer has tried to sync", 60)
        assert world.command(item)["state"] == "accepted"
    world.final(item)
