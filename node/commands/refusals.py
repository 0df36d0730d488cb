"""Contracts' refusals as this node's errors: code, sentence and advice from one table.

``identity/acts/refusals.json`` says, for each custom error, what it means and what to do. The
facts are the custom error's arguments.
"""

import json
from functools import cache
from importlib.resources import files

from node.errors import ContractRefused


def refusal_named(error: str, **facts: object) -> ContractRefused:
    """Return the refusal of the custom error called ``error``, with its arguments as facts.

    A name that the table does not have (a release newer than this one) gives its bare name.
    """
    entry = _table().get(error)
    if entry is None:
        return ContractRefused(
            "CONTRACT_REFUSED",
            f"The contract refused the act: {error}.",
            "Update this node, or read the contract's source for this error.",
            error=error,
            **facts,
        )
    return ContractRefused(entry["code"], entry["en"], entry["do"], **facts)


@cache
def _table() -> dict[str, dict[str, str]]:
    text = (files("identity.acts") / "refusals.json").read_bytes()
    table: dict[str, dict[str, str]] = json.loads(text)
    return table
