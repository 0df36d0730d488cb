"""Drops the projections and builds them again from the ledger, while new acts arrive.

The tables are built beside the others (node/store/beside.py) and then take the old ones' place in
one transaction, at exactly the block where the old ones stood: readers see the old rows or the new,
the follower goes on, and hooks are not called again. The result says how many rows differed, which
is none unless somebody wrote into the tables.
"""

from dataclasses import dataclass

from node.chain.errors import RebuildUnderWay
from node.chain.follower import Follower
from node.chain.network import Network
from node.chain.rpc import Ledger
from node.store.beside import Swapped, alone, building, swap
from node.store.database import Database
from node.store.follower import FollowerState, LedgerFault
from node.store.projections import PROJECTIONS, ChainCursor


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did; ``height`` is the block up to which all tables speak."""

    height: int
    tables: tuple[Swapped, ...]

    @property
    def differing(self) -> int:
        """Rows that were not the same before, over all tables."""
        return sum(table.differing for table in self.tables)


def rebuild(ledger: Ledger, database: Database, network: Network) -> Rebuilt:
    """Rebuild every table of ``PROJECTIONS``.

    Raises:
        RebuildUnderWay: another process does.
        StorageUnavailable, LedgerUnavailable, …: as Follower.step; the old tables stand.
    """
    with alone(database) as free:
        if not free:
            raise RebuildUnderWay("These tables are being rebuilt already.")
        with building(database, (*PROJECTIONS, FollowerState, LedgerFault)) as shadow:
            follower = Follower(ledger, shadow, network)
            while True:
                height = _height(database)
                while follower.step(until=height):
                    pass
                shadow.close()  # its connections, so that all of it is in the file
                tables = swap(database, PROJECTIONS, same=ChainCursor)
                if tables is not None:
                    return Rebuilt(height, tuple(tables))


def _height(database: Database) -> int:
    with database.read() as session:
        cursor = session.get(ChainCursor, 1)
        return 0 if cursor is None else cursor.block
