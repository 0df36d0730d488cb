"""Mends what needs no decision: tables that differ from the ledger, work that waits for a retry."""

import time
from collections.abc import Iterator

from sqlmodel import col, update

from node.audit.record import record
from node.chain.network import check_ledger, load
from node.chain.rebuild import rebuild
from node.chain.rpc import Rpc
from node.settings import Settings
from node.store.commands import OutboxRow
from node.store.database import Database
from node.store.schema import upgrade
from node.upkeep.findings import Finding, found

OPERATOR = "operator"


def repair(settings: Settings) -> Iterator[Finding]:
    """Rebuild the tables from the ledger and have failed work tried at once, beside a node or not.

    Raises: LedgerUnavailable, LedgerDiffers, StorageUnavailable, RebuildUnderWay, NetworkMalformed.
    """
    network = load(settings.network_file)
    database, ledger = Database(settings.database_url), Rpc(settings.ledger_url)
    try:
        upgrade(database)
        check_ledger(ledger, network)
        rebuilt = rebuild(ledger, database, network)
        with database.begin() as session:
            again = session.exec(
                update(OutboxRow)
                .where(col(OutboxRow.last_error).is_not(None), ~col(OutboxRow.waiting))
                .values(due=time.time())
            ).rowcount
            record(session, "RebuildProjections", "final", subject=OPERATOR, role=OPERATOR)
    finally:
        database.close()
        ledger.close()
    said = f"{rebuilt.differing} rows differed from the ledger at height {rebuilt.height}."
    yield found("TABLES_DIFFER", "warn" if rebuilt.differing else "ok", said)
    said = f"{again} pieces of work are tried again."
    yield found("WORK_TRIED_AGAIN", "warn" if again else "ok", said)
