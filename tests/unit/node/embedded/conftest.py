"""A ledger in this process, for each test its own."""

from pathlib import Path

import pytest
from support.ledger_bench import Bench, bench_in


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A ledger with the test contract deployed in block 1."""
    return bench_in(tmp_path / "ledger")
