"""The contracts' files are small, and where they keep what is what was agreed."""

from pathlib import Path

import pytest

from tools import storage_layouts

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
SOURCES = sorted(
    path for path in (CONTRACTS / "src").rglob("*.sol") if path.parent.name != "generated"
)
MOST_LINES = 350


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_contract_can_be_read_in_one_sitting(source: Path) -> None:
    assert len(source.read_text(encoding="utf-8").splitlines()) < MOST_LINES


def test_storage_lies_where_its_snapshot_says() -> None:
    committed = {path: path.read_text() for path in storage_layouts.FOLDER.glob("*.json")}
    assert storage_layouts.layouts() == committed, "if it is meant: make snapshots"
