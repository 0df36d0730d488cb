"""What several integration tests share: one story, told once on a real ledger."""

from collections.abc import Iterator

import pytest
from ledger_process import running_ledger
from support.trade import Told, found_trade


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Tell the story: issue, pledge, rotation of keys, surrender, release, gate-out, return."""
    folder = tmp_path_factory.mktemp("trade")
    with running_ledger(folder) as url:
        trade = found_trade(folder / "members", url)
        try:
            trade.issue()
            trade.finance()
            trade.rotate_keys()
            half_way = trade.exporter("customs").export(trade.subject())
            trade.surrender()
            trade.open_order()
            trade.release()
            yield Told(trade, trade.exporter("customs").export(trade.subject()), half_way)
        finally:
            trade.close()
