"""What was refused: by the contracts, as the ledger keeps it, and by this member's own node."""

from typing import Any

from sqlmodel import Session, col, select

from api.http.reads.wording import moment, someone
from node.chain.reasons import read_reason
from node.commands.refusals import refusal_named
from node.store.audit import AuditRow
from node.store.projections import REFUSED, LedgerEvent

MAX_REFUSALS = 200
REFUSED_HERE = "refused"


def refusals(session: Session, about: str | None) -> list[dict[str, Any]]:
    """Return the latest refusals, those about one object if ``about`` names one."""
    ledger = select(LedgerEvent).where(col(LedgerEvent.kind) == REFUSED)
    here = select(AuditRow).where(
        col(AuditRow.outcome) == REFUSED_HERE, col(AuditRow.command).is_(None)
    )
    if about is not None:
        ledger = ledger.where(col(LedgerEvent.object) == about)
        here = here.where(col(AuditRow.object) == about)
    ledger = ledger.order_by(col(LedgerEvent.block).desc(), col(LedgerEvent.log_index).desc())
    found = [by_contract(row) for row in session.exec(ledger.limit(MAX_REFUSALS))]
    here = here.order_by(col(AuditRow.id).desc())
    found += [_by_node(row) for row in session.exec(here.limit(MAX_REFUSALS))]
    return sorted(found, key=lambda refusal: refusal["at"] or "", reverse=True)[:MAX_REFUSALS]


def by_contract(row: LedgerEvent) -> dict[str, Any]:
    """Return a contract's refusal in words."""
    facts = read_reason(bytes.fromhex(row.reason.removeprefix("0x"))).facts
    error = refusal_named(row.refusal, **facts)
    return {
        "by": "contract",
        "code": error.code,
        "sentence": error.message,
        "what_to_do": error.what_to_do,
        "facts": dict(error.facts),
        "object": row.object,
        "verb": row.verb or None,
        "principal": someone(row.principal),
        "digest": row.digest,
        "block": row.block,
        "tx_hash": row.tx_hash,
        "at": moment(row.block_time),
    }


def _by_node(row: AuditRow) -> dict[str, Any]:
    return {
        "by": "node",
        "code": row.code or "REFUSED",
        "sentence": None,
        "what_to_do": None,
        "facts": {"subject": row.subject},
        "object": row.object,
        "verb": row.verb,
        "principal": None,
        "digest": None,
        "block": None,
        "tx_hash": None,
        "at": moment(row.at),
    }
