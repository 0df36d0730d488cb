"""A backup is whole or none, is compared before it is used, and overwrites nothing."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import func, select
from support.offline import OfflineMember
from support.servers import PostgreSQL

from identity.acts.words import Role
from node.audit.record import record
from node.settings import Settings
from node.store.audit import AuditRow
from node.store.database import Database
from node.upkeep.backup import back_up, check, restore
from node.upkeep.errors import BackupFailed, BackupInvalid, TargetInUse


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    member = OfflineMember(tmp_path_factory.mktemp("backup"), "member", Role.CARRIER)
    member.node.vault.put(b"a bill", b"a test")
    yield member
    member.node.close()


def audited(database: Database) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).select_from(AuditRow)).one()


def test_a_backup_taken_while_the_node_writes_is_one_moment(
    member: OfflineMember, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with member.node.db.begin() as session:
                record(session, "Offer", "accepted")
                record(session, "Offer", "accepted")

    before = audited(member.node.db)
    writer = threading.Thread(target=write)
    writer.start()
    made = back_up(member.node.settings, tmp_path / "backup")
    stop.set()
    writer.join()
    assert made.member == member.id
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700
    assert not [name for name in made.files if "sqlite-wal" in name or name.endswith(".lock")]

    restore(tmp_path / "backup", tmp_path / "again")
    settings = Settings.load(tmp_path / "again")
    database = Database(settings.database_url)
    assert before <= audited(database) <= audited(member.node.db)
    assert audited(database) % 2 == before % 2
    database.close()
    assert settings.directory.stat().st_mode & 0o777 == 0o700
    ours, theirs = (
        {p.name: p.read_bytes() for p in (d / "vault").rglob("*") if p.is_file()}
        for d in (member.new.directory, settings.directory)
    )
    assert ours == theirs
    assert ours


def test_a_changed_a_missing_and_an_added_file_are_found_before_anything_is_written(
    member: OfflineMember, tmp_path: Path
) -> None:
    back_up(member.node.settings, tmp_path / "backup")
    profile = tmp_path / "backup" / "member" / "profile.json"
    kept = profile.read_bytes()
    for damage in (kept[:-2] + b" \n", None):
        if damage is None:
            profile.unlink()
        else:
            profile.write_bytes(damage)
        with pytest.raises(BackupInvalid) as refused:
            restore(tmp_path / "backup", tmp_path / "again")
        assert refused.value.facts["files"] == ["member/profile.json"]
        assert not (tmp_path / "again").exists()
        profile.write_bytes(kept)
    (profile.parent / "more").touch()
    with pytest.raises(BackupInvalid):
        check(tmp_path / "backup")


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b'{"backup": 2}', b'{"backup": 1}'])
def test_a_directory_without_a_whole_manifest_is_no_backup(
    tmp_path: Path, manifest: bytes | None
) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    with pytest.raises(BackupInvalid):
        check(tmp_path)


def test_neither_a_backup_nor_a_restore_overwrites_anything(
    member: OfflineMember, tmp_path: Path
) -> None:
    back_up(member.node.settings, tmp_path / "backup")
    with pytest.raises(TargetInUse):
        back_up(member.node.settings, tmp_path / "backup")
    (tmp_path / "there").mkdir()
    with pytest.raises(TargetInUse):
        restore(tmp_path / "backup", tmp_path / "there")


def test_a_copy_that_was_cut_short_is_no_backup(
    member: OfflineMember, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("node.upkeep.backup.shutil.copytree", full)
    with pytest.raises(BackupFailed, match="No space left"):
        back_up(member.node.settings, tmp_path / "backup")
    with pytest.raises(BackupInvalid):
        check(tmp_path / "backup")


def test_a_database_with_tables_is_not_restored_over(
    member: OfflineMember, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    url = postgresql.create()
    settings = member.node.settings.model_copy(update={"database": url})
    made = back_up(settings, tmp_path / "backup")
    assert made.database == "postgresql"
    assert "node.sqlite" not in made.files
    assert url not in json.dumps(json.loads((tmp_path / "backup" / "manifest.json").read_bytes()))
    with pytest.raises(TargetInUse, match="tables"):
        restore(tmp_path / "backup", tmp_path / "again", url)
    assert not list(tmp_path.glob("again*"))
    empty = postgresql.create(upgraded=False)
    restore(tmp_path / "backup", tmp_path / "again", empty)
    assert (tmp_path / "again" / "settings.json").exists()
    for each in (url, empty):
        postgresql.drop(each)
