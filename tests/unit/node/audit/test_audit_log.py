"""The audit rows as a log: sealed in order, and whatever is done to them afterwards is found."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from identity.signer.audit import AuditFile
from node.attestations.log import Log, extends, prove
from node.audit.checkpointing import SIGNER_AUDIT
from node.audit.log import StoredLog, entry_of, leaves, seal
from node.audit.published import Checkpoint
from node.audit.record import record, record_all
from node.audit.verify import Report, verify
from node.store.audit import AuditRow
from node.store.database import Database


def write(db: Database, count: int, verb: str = "Offer") -> None:
    with db.begin() as session:
        for number in range(count):
            record(session, verb, "accepted", subject="clerk@shipper", command=f"c{number}")


def sealed(db: Database) -> Checkpoint:
    """Seal all rows; return the checkpoint that the ledger would take."""
    with db.begin() as session:
        seal(session)
        stored = StoredLog(session)
        return Checkpoint(stored.size, stored.hash_of(0, stored.size), 7)


def looked_at(db: Database, *published: Checkpoint, signer: Path | None = None) -> Report:
    with db.read() as session:
        return verify(session, published, signer)


def change(db: Database, statement: str) -> None:
    with db.begin() as session:
        session.connection().execute(text(statement))


def kinds(report: Report) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.position) for fault in report.faults]


@pytest.fixture
def db(node_database: Database) -> Database:
    return node_database


def test_the_stored_tree_is_that_of_the_rows_however_they_were_sealed(db: Database) -> None:
    log = Log()
    for count in (1, 1, 3, 8, 2, 17):
        write(db, count)
        before = log.size
        checkpoint = sealed(db)
        with db.read() as session:
            for _, row in list(leaves(session, at_once=5))[before:]:
                assert row is not None
                log.append(entry_of(row))
            stored = StoredLog(session)
            assert (checkpoint.size, checkpoint.root) == (log.size, log.hash_of(0, log.size))
            for earlier in range(1, log.size):
                proof = prove(stored, earlier, log.size)
                root = stored.hash_of(0, earlier)
                assert extends(earlier, root, log.size, checkpoint.root, proof)
    assert looked_at(db, checkpoint).faults == []


def test_rows_of_one_statement_have_salts_of_their_own(db: Database) -> None:
    same = {"verb": "Offer", "outcome": "final", "object": None, "code": None, "command": None}
    with db.begin() as session:
        record_all(session, [same, same])
    sealed(db)
    with db.read() as session:
        assert len({bytes(leaf.hash) for leaf, _ in leaves(session)}) == 2


def test_a_changed_row_is_named(db: Database) -> None:
    write(db, 9)
    checkpoint = sealed(db)
    change(db, "UPDATE audit SET outcome = 'final' WHERE id = 4")
    assert kinds(looked_at(db, checkpoint)) == [("changed", 3)]
    assert looked_at(db, checkpoint).faults[0].row == 4


@pytest.mark.parametrize("column", ["at", "subject", "role", "verb", "object", "code", "command"])
def test_no_column_can_be_changed_unnoticed(db: Database, column: str) -> None:
    write(db, 2)
    sealed(db)
    value = "1" if column == "at" else "'another'"
    change(db, f"UPDATE audit SET {column} = {value} WHERE id = 2")
    assert kinds(looked_at(db)) == [("changed", 1)]


def test_a_row_that_was_taken_out_or_put_in_is_named(db: Database) -> None:
    write(db, 6)
    checkpoint = sealed(db)
    change(db, "DELETE FROM audit WHERE id IN (2, 6)")
    assert kinds(looked_at(db, checkpoint)) == [("removed", 1), ("removed", 5)]
    change(
        db,
        "INSERT INTO audit (id, at, subject, role, verb, outcome, salt) SELECT 0, at, subject,"
        " role, verb, outcome, salt FROM audit WHERE id = 1",
    )
    assert ("added", None) in kinds(looked_at(db, checkpoint))


def test_a_row_changed_with_its_leaf_is_found_between_two_checkpoints(db: Database) -> None:
    published = []
    for _ in range(3):
        write(db, 5)
        published.append(sealed(db))
    change(db, "UPDATE audit SET verb = 'Accept' WHERE id = 8")
    with db.begin() as session:
        row = session.get(AuditRow, 8)
        assert row is not None
        _forge(session, row)
    report = looked_at(db, *published)
    assert kinds(report) == [("rewritten", 5)]
    assert report.covered == 5


def _forge(session: Session, row: AuditRow) -> None:
    """Do what an intruder with the whole database does: the leaf anew, and the tree above it."""
    from privacy.merkle import leaf_hash

    all_leaves = [
        (leaf.row, leaf_hash(entry_of(row)) if leaf.row == row.id else bytes(leaf.hash))
        for leaf, _ in leaves(session)
    ]
    session.connection().execute(text("DELETE FROM audit_node"))
    StoredLog(session).append(all_leaves)


def test_rows_taken_off_the_end_are_missed_by_the_ledgers_checkpoint(db: Database) -> None:
    write(db, 5)
    first = sealed(db)
    write(db, 5)
    second = sealed(db)
    change(db, "DELETE FROM audit WHERE id > 5")
    change(db, "DELETE FROM audit_node WHERE level = 0 AND place >= 5")
    assert kinds(looked_at(db, first, second)) == [("missing", 5)]


def test_what_was_not_sealed_yet_is_counted_and_no_fault(db: Database) -> None:
    write(db, 3)
    checkpoint = sealed(db)
    write(db, 2)
    report = looked_at(db, checkpoint)
    assert (report.rows, report.sealed, report.covered, report.faults) == (5, 3, 3, [])


def test_a_writer_beside_the_sealer_loses_no_row(db: Database) -> None:
    done = threading.Event()
    write(db, 1)

    def beside() -> None:
        for _ in range(59):
            db.write(lambda session: record(session, "Subscribe", "accepted"), beside=True)
        done.set()

    writer = threading.Thread(target=beside)
    writer.start()
    while not done.is_set():
        sealed(db)
    writer.join()
    checkpoint = sealed(db)
    report = looked_at(db, checkpoint)
    assert (report.sealed, report.faults) == (60, [])


@pytest.fixture
def signer_file(tmp_path: Path) -> Path:
    file = AuditFile(tmp_path / "signer.audit.jsonl")
    for number in range(5):
        file.append("signed", verb="Offer", digest=number)
    file.close()
    return tmp_path / "signer.audit.jsonl"


def noted(db: Database, path: Path) -> Callable[[], Report]:
    """Note the file's end in the rows, as the checkpoint's job does."""
    file = AuditFile(path)
    with db.begin() as session:
        record(session, SIGNER_AUDIT, "noted", object_id="0x" + file.head)
    file.close()
    checkpoint = sealed(db)
    return lambda: looked_at(db, checkpoint, signer=path)


def test_the_signers_file_is_one_chain(db: Database, signer_file: Path) -> None:
    look = noted(db, signer_file)
    assert (look().faults, look().signer_lines) == ([], 5)
    file = AuditFile(signer_file)
    file.append("refused", code="VERB_REFUSED")
    file.close()
    assert (look().faults, look().signer_lines) == ([], 6)
    lines = signer_file.read_bytes().splitlines(keepends=True)
    signer_file.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert [fault.row for fault in look().faults] == [3]


def test_lines_off_the_end_of_the_signers_file_are_missed(db: Database, signer_file: Path) -> None:
    look = noted(db, signer_file)
    lines = signer_file.read_bytes().splitlines(keepends=True)
    signer_file.write_bytes(b"".join(lines[:4]))
    assert [fault.kind for fault in look().faults] == ["signer"]


def test_a_line_that_a_kill_cut_short_breaks_no_chain(db: Database, signer_file: Path) -> None:
    with signer_file.open("ab") as file:
        file.write(b'{"at": "cut')
    again = AuditFile(signer_file)
    again.append("signed", verb="Offer")
    again.close()
    assert (noted(db, signer_file)().faults, signer_file.read_bytes().count(b"\n")) == ([], 7)
