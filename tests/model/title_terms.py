"""The verb table, decided: which row lets an act take effect, or which error refuses it.

Each capacity and each condition is one function; the error is the table's. In which order they are
asked, and whose refusal counts, the table says under "checks".
"""

from collections.abc import Mapping

from model.capacities import CAPACITY_TERMS
from model.conditions import CONDITION_TERMS
from model.failures import INSTEAD, Failure
from model.refusals import Refused
from model.titles import Attempt

from identity.acts.verb_table import CAPACITIES, CONDITIONS, VERB_ROWS, Term, VerbRow


def decide(attempt: Attempt) -> VerbRow:
    """Return the row by which the act takes effect; raises Refused as the table's "checks" say."""
    title = attempt.title
    rows = [
        row
        for row in VERB_ROWS
        if row.verb == attempt.verb
        and (row.capacity == "issuer" or (title.kind in row.kinds and title.state in row.states))
    ]
    if not rows:
        raise Refused("WrongState", object=title.id, state=title.state)
    if rows[0].when[0] == "offer_open":
        _check(CONDITIONS, "offer_open", CONDITION_TERMS["offer_open"](attempt))
    fitting = [row for row in rows if CAPACITY_TERMS[row.capacity](attempt) is None]
    if not fitting:
        _check(CAPACITIES, rows[0].capacity, CAPACITY_TERMS[rows[0].capacity](attempt))
    furthest, refused = -1, Refused("")
    for row in fitting:
        held, failed = _held(row, attempt)
        if failed is None:
            return row
        if held >= furthest:
            furthest, refused = held, failed
    raise refused


def _held(row: VerbRow, attempt: Attempt) -> tuple[int, Refused | None]:
    """Return how many of the row's conditions hold, in order, and what the next one refuses."""
    for held, name in enumerate(row.when):
        try:
            _check(CONDITIONS, name, CONDITION_TERMS[name](attempt))
        except Refused as refused:
            return held, refused
    return len(row.when), None


def _check(terms: Mapping[str, Term], name: str, failed: Failure) -> None:
    """Raise the term's refusal unless it holds."""
    if failed is not None:
        raise Refused(failed.pop(INSTEAD, terms[name].refused_as), **failed)
