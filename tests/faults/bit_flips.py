"""Bits that turned on the disk: told, never served, and mended as the manual says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
from faults.databases import errors_of
from faults.kinds import kind
from faults.world import LADING, ROOT, File, Member, World, wait_for
from sqlmodel import select
from support.servers import flip_bit

from node.store.database import Database
from node.store.documents import AttachmentRow, DeliveryRow, DocumentRow
from node.store.projections import Title


def lading(
    member: Member, *words: str, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run one of the operator's commands as the member's node would."""
    program = next(p for name, p in member.programs.items() if name in ("api", "serve"))
    kept = {k: v for k, v in program.environment.items() if k != "LADING_METRICS_PORT"}
    return subprocess.run(
        [sys.executable, *LADING, *words],
        env=os.environ | kept | (environment or {}),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def findings(member: Member, *words: str) -> dict[str, str]:
    """What the doctor finds, by its code: the state of each."""
    done = lading(member, "doctor", str(member.directory), "--json", *words)
    assert done.stdout.startswith("["), done.stdout + done.stderr
    order = ["ok", "warn", "fail"]
    states: dict[str, str] = {}
    for each in json.loads(done.stdout):
        before = states.get(each["code"], "ok")
        states[each["code"]] = max(before, each["state"], key=order.index)
    return states


@kind("bit flip: document in the vault")
def document_flipped(world: World) -> None:
    """One bit of a sealed document turns: it is not served, the doctor names it, and the file from
    a backup is served again."""
    _, root = world.held_title()
    with world.shipper.database.read() as session:
        digest = session.get_one(DocumentRow, root).vault_digest.removeprefix("0x")
    file = world.shipper.directory / "vault" / digest
    whole = file.read_bytes()
    flip_bit(file, len(whole) // 2)
    for path in (f"/v1/documents/{root}", f"/v1/documents/{root}/pdf"):
        answer = world.shipper.ask("GET", path)
        assert answer.status_code >= 500, f"{path} answers {answer.status_code}"
        assert answer.json()["code"] == "VAULT_DAMAGED", answer.text
    assert findings(world.shipper, "--vault")["VAULT_FILE_DAMAGED"] == "fail"
    file.write_bytes(whole)
    assert findings(world.shipper, "--vault")["VAULT_FILE_DAMAGED"] == "ok"


@kind("bit flip: file in the vault")
def file_flipped(world: World) -> None:
    """One bit of a file beside a document turns before it is sent: nobody is sent a byte of it
    that counts, it is not served, and it arrives once the backup's is put in its place."""
    _, root = world.held_title()
    content = os.urandom(700_000)
    path = f"/v1/documents/{root}/attachments"
    kept = world.carrier.ask(
        "POST", path, params={"name": "survey.bin"}, content=content,
        headers={"Idempotency-Key": root[:40]},
    )  # fmt: skip
    stream = kept.json()["id"]
    file = world.carrier.directory / "vault" / stream[2:]
    whole = file.read_bytes()
    flip_bit(file, len(whole) - 1000)
    answer = world.carrier.ask("GET", f"{path}/{stream}")
    assert (answer.status_code, answer.json()["code"]) == (503, "VAULT_DAMAGED"), answer.text
    sent = world.carrier.ask("POST", f"{path}/{stream}/deliveries", json={"to": world.shipper.id})
    assert sent.status_code == 202, sent.text
    wait_for(lambda: _failed(world.carrier, "VAULT_DAMAGED", "FILE_DAMAGED"), "it is not sent", 60)
    with world.shipper.database.read() as session:
        assert session.get(AttachmentRow, stream) is None
    assert findings(world.carrier, "--vault")["VAULT_FILE_DAMAGED"] == "fail"
    file.write_bytes(whole)
    world.files.append(File("carrier", "shipper", root, stream, content))


def _failed(member: Member, *codes: str) -> bool:
    with member.database.read() as session:
        return any(row.code in codes for row in session.exec(select(DeliveryRow)))


def flip_table(world: World, table: str, row: str) -> None:
    """Turn a bit in the page of a table's row on the disk, while PostgreSQL is stopped."""
    with psycopg.connect(world.postgresql.url) as connection:
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    world.carrier.database.close()
    world.postgresql.damage(world.carrier.database.url, table, row)


@kind("bit flip: PostgreSQL, projections")
def projection_flipped(world: World) -> None:
    """One bit of the titles' table turns: the node says that its database is damaged and shows
    none of it; the doctor says so, and --repair makes the tables from the ledger again."""
    title, _ = world.held_title()
    flip_table(world, Title.__tablename__, f"id = '{title}'")
    answer = world.carrier.ask("GET", f"/v1/titles/{title}")
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "STORAGE_UNAVAILABLE", answer.text
    assert errors_of(world.carrier, "api", "damaged") > 0
    assert findings(world.carrier, "--before-start")["DATABASE_DAMAGED"] == "fail"
    mended = findings(world.carrier, "--repair")
    assert mended["TABLES_DIFFER"] == "warn", mended
    assert findings(world.carrier, "--before-start")["DATABASE_DAMAGED"] == "ok"
    assert world.carrier.get(f"/v1/titles/{title}")["state"] == "live"
    world.held_title()


@kind("bit flip: PostgreSQL, commands")
def commands_flipped(world: World) -> None:
    """One bit of the commands' table, which no ledger tells again, turns: the node says that its
    database is damaged; the member is restored from its backup and goes on."""
    carrier = world.carrier
    item = world.issue()
    title = world.title(item)
    world.accept(title)
    wait_for(lambda: world.shown(carrier, title)["state"] == "live", "the carrier knows")
    backup = world.folder / f"backup-{len(world.items)}"
    done = lading(carrier, "backup", str(carrier.directory), str(backup))
    assert done.returncode == 0, done.stdout + done.stderr
    flip_table(world, "command", f"id = '{item.id}'")
    answer = carrier.ask("GET", f"/v1/commands/{item.id}")
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "STORAGE_UNAVAILABLE", answer.text
    told = findings(carrier, "--before-start")
    assert told["DATABASE_DAMAGED"] == "fail", told
    _restore(world, backup)
    world.held_title()


def _restore(world: World, backup: Path) -> None:
    """Stop the carrier, put the backup in its place, with a new database, and start it."""
    carrier, old = world.carrier, world.carrier.database
    carrier.stop()
    shutil.rmtree(carrier.directory)
    new = world.postgresql.create(upgraded=False)
    done = lading(
        carrier, "restore", str(backup), str(carrier.directory),
        environment={"LADING_DATABASE": new},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (carrier.directory / "logs").mkdir(mode=0o700, exist_ok=True)
    for program in carrier.programs.values():
        if "LADING_DATABASE" in program.environment:
            door, _, _ = program.environment["LADING_DATABASE"].rpartition("/")
            name = new.rpartition("/")[2]
            program.environment["LADING_DATABASE"] = f"{door}/{name}"
    carrier.database = Database(new)
    old.close()
    carrier.start()
    wait_for(carrier.well, "the restored carrier is well", 240)
