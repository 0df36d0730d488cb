"""What a bank does with its pledge: release it, or record the pledgor's default."""

from node.commands.bodies import NOBODY, Body, Id, to_bytes
from node.commands.preparing import Context, Prepared
from node.titles import rules
from node.titles.hand_over import on_title


class ReleasePledgeBody(Body):
    """Release the pledge of a title."""

    title: Id


class RecordDefaultBody(Body):
    """Record the pledgor's default; ``notice`` is the hash of the notice that it was given."""

    title: Id
    notice: Id = NOBODY


def prepare_release_pledge(context: Context, body: ReleasePledgeBody) -> Prepared:
    """Give control back to the holder. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_unfrozen(title)
    return on_title(title, {"root": to_bytes(title.root)})


def prepare_record_default(context: Context, body: RecordDefaultBody) -> Prepared:
    """Begin the waiting time after which the pledgee may enforce. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_unfrozen(title)
    rules.require_no_default(title)
    return on_title(title, {"notice": to_bytes(body.notice)})
