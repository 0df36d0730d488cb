"""Compares the audit rows with their log, and the log with what the ledger took.

Steps: (1) each leaf's row is there and gives the leaf; (2) no row stands between sealed ones that
is no leaf; (3) at every checkpoint on the ledger the leaves give its root; (4) the signer's audit
file is one chain, and has every end that the rows speak of. A row whose leaf was changed with it
is found by (3), which says between which checkpoints; from the last checkpoint on, nothing but the
database speaks for a row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, col, func, select

from identity.signer.audit import FIRST, chain
from node.attestations.log import Log
from node.audit.checkpointing import SIGNER_AUDIT
from node.audit.log import StoredLog, entry_of, leaves
from node.audit.published import Checkpoint
from node.store.audit import AuditNode, AuditRow
from privacy.merkle import leaf_hash

MAX_FAULTS = 100
"""Of each kind; the first ones are what matters."""


@dataclass(frozen=True)
class Fault:
    """What does not fit: ``kind``, a sentence, and where.

    Attributes:
        position: of the leaf, from 0; None where there is none.
        row: the audit row's id; None where there is none.
    """

    kind: str
    says: str
    position: int | None = None
    row: int | None = None


@dataclass
class Report:
    """What was compared, and every fault that was found; none means that all of it fits.

    Attributes:
        rows: in the table; ``sealed`` of them are leaves.
        checkpoints: on the ledger; ``covered`` leaves stand under the last of them.
    """

    rows: int = 0
    sealed: int = 0
    checkpoints: int = 0
    covered: int = 0
    height: int | None = None
    signer_lines: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(session: Session, published: Sequence[Checkpoint], signer_file: Path | None) -> Report:
    """Return the report over everything that the transaction sees.

    Args:
        published: as ``node.audit.published.checkpoints`` gives them.
        signer_file: the signer's audit file; None to leave step 4 out.
    """
    report = Report(rows=session.exec(select(func.count()).select_from(AuditRow)).one())
    log = _compare_rows(session, report)
    _find_added(session, report)
    _compare_roots(log, published, report)
    if signer_file is not None and signer_file.exists():
        heads = session.exec(select(AuditRow.object).where(AuditRow.verb == SIGNER_AUDIT)).all()
        _compare_signer(signer_file, [head for head in heads if head], report)
    return report


def _compare_rows(session: Session, report: Report) -> Log:
    log = Log()
    note = _noting(report)
    for leaf, row in leaves(session):
        place = log.size
        log.append_leaf(bytes(leaf.hash))
        if row is None:
            note(Fault("removed", f"Row {leaf.row} was taken out.", place, leaf.row))
        elif leaf_hash(entry_of(row)) != bytes(leaf.hash):
            note(Fault("changed", f"Row {row.id} is not what was written.", place, row.id))
    report.sealed = log.size
    return log


def _find_added(session: Session, report: Report) -> None:
    """Step 2: a row that came in under an id below the last sealed one."""
    known = select(AuditNode.row).where(AuditNode.level == 0, col(AuditNode.row).is_not(None))
    added = session.exec(
        select(AuditRow.id)
        .where(col(AuditRow.id) < StoredLog(session).last_row(), col(AuditRow.id).not_in(known))
        .order_by(col(AuditRow.id))
        .limit(MAX_FAULTS)
    ).all()
    for row in added:
        report.faults.append(Fault("added", f"Row {row} was put in afterwards.", None, row))


def _compare_roots(log: Log, published: Sequence[Checkpoint], report: Report) -> None:
    report.checkpoints = len(published)
    fits = 0
    for checkpoint in published:
        if checkpoint.size > log.size:
            says = (
                f"The ledger has a checkpoint of {checkpoint.size} rows in block"
                f" {checkpoint.height}; {log.size} are here: the last ones were taken out, or this"
                " is an earlier copy of the database."
            )
            report.faults.append(Fault("missing", says, log.size))
            return
        if log.hash_of(0, checkpoint.size) != checkpoint.root:
            says = (
                f"The ledger's checkpoint in block {checkpoint.height} has another root: among the"
                f" leaves {fits} to {checkpoint.size - 1} some were changed together with their"
                " rows."
            )
            report.faults.append(Fault("rewritten", says, fits))
            return
        fits, report.height = checkpoint.size, checkpoint.height
        report.covered = fits


def _compare_signer(path: Path, heads: Sequence[str], report: Report) -> None:
    note = _noting(report)
    waiting = {head.removeprefix("0x") for head in heads} - {FIRST}
    for line in chain(path):
        waiting.discard(line.hash)
        report.signer_lines = line.number
        if line.follows is False:
            says = f"Line {line.number} of the signer's file does not follow the one before it."
            note(Fault("signer", says, None, line.number))
    for head in sorted(waiting):
        note(Fault("signer", f"The signer's file has lost its line with the hash {head}."))


def _noting(report: Report) -> Callable[[Fault], None]:
    counts: dict[str, int] = {}

    def note(fault: Fault) -> None:
        counts[fault.kind] = counts.get(fault.kind, 0) + 1
        if counts[fault.kind] <= MAX_FAULTS:
            report.faults.append(fault)

    return note
