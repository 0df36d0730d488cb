"""The error tree of ``node``.

NodeError
├── Invalid: the request is not what the format says
│   ├── BodyInvalid, KeyInvalid, VerbUnknown, SettingsInvalid
├── Refused: understood and rejected
│   ├── NotAllowed, IdempotencyConflict, BillAlreadyIssued, PartyUnknown
│   ├── CommandCancelled, CommandNotCancellable, RelayNotOpen
│   ├── NotTheAuditLog: a checkpoint of the member's origin that is not of its audit log
│   ├── NotReleased: a gate-out that came too early, recorded on the ledger
│   ├── DisclosureMissing: an authority was not told what the rules say
│   └── ContractRefused: what a contract refuses, said before or after it did
└── Unavailable: could work later
    ├── LedgerUnavailable, PartHeld
    └── Waiting: something that must come first has not come yet
        └── NetworkOutdated: a network.json that names the contracts in force

Every error has a stable ``code``, a sentence, what to do, and facts. Facts name ids, counts and
limits, never a document's content: errors reach logs and other programs.
"""

from collections.abc import Mapping


class NodeError(Exception):
    """Anything the node refuses or cannot do; facts are JSON values."""

    code: str = "NODE_ERROR"
    what_to_do: str = "Report this to whoever runs the node."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts: Mapping[str, object] = facts


class Invalid(NodeError):
    """The request is not what the format says; sending it again will not help."""

    code = "INVALID"


class Refused(NodeError):
    """The request is understood and rejected."""

    code = "REFUSED"


class Unavailable(NodeError):
    """What is needed does not answer now; it may later."""

    code = "UNAVAILABLE"


class BodyInvalid(Invalid):
    """A command's body has other fields or values than its verb's format."""

    code = "BODY_INVALID"
    what_to_do = "Correct the fields named in facts; /openapi.json gives the format."


class KeyInvalid(Invalid):
    """An idempotency key that cannot be one."""

    code = "IDEMPOTENCY_KEY_INVALID"
    what_to_do = "Send an Idempotency-Key of 1 to 128 printable ASCII characters."


class VerbUnknown(Invalid):
    """A verb that no person or service can ask for."""

    code = "VERB_UNKNOWN"
    what_to_do = "Use one of the verbs in identity/acts/acts.json that members sign."


class SettingsInvalid(Invalid):
    """The member's directory does not hold settings this node can start with."""

    code = "SETTINGS_INVALID"
    what_to_do = "Correct settings.json in the member's directory."


class NotAllowed(Refused):
    """The policy does not let this actor do this; the code is the policy's own."""

    code = "NOT_ALLOWED"
    what_to_do = "Ask someone in your organisation who may do this, or the member it is up to."

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.code = code


class IdempotencyConflict(Refused):
    """The idempotency key was used before with another request."""

    code = "IDEMPOTENCY_CONFLICT"
    what_to_do = "Use a new Idempotency-Key for a new request; repeat a request unchanged."


class BillAlreadyIssued(Refused):
    """This carrier has issued, or is issuing, a title for this bill number."""

    code = "BILL_ALREADY_ISSUED"
    what_to_do = "Give the bill a number that was never used, or work with the title that exists."


class PartyUnknown(Refused):
    """A bill whose consignee or order party is not exactly one active member's name."""

    code = "PARTY_UNKNOWN"
    what_to_do = "Write the party's name as its profile has it, or leave the order party blank."


class CommandCancelled(Refused):
    """An operator of this member has cancelled the command before its act was relayed."""

    code = "COMMAND_CANCELLED"
    what_to_do = "Ask whoever runs the node why; a new request makes a new command."


class CommandNotCancellable(Refused):
    """A command that has its end, or whose act is on its way to the ledger."""

    code = "COMMAND_NOT_CANCELLABLE"
    what_to_do = "Wait for its end; an act that is on its way cannot be called back."


class RelayNotOpen(Refused):
    """A relay transaction that is final already."""

    code = "RELAY_NOT_OPEN"
    what_to_do = "Nothing: it has its end."


class NotTheAuditLog(Refused):
    """A checkpoint whose size and root are not those of this member's audit log."""

    code = "NOT_THE_AUDIT_LOG"
    what_to_do = "Nothing: the node publishes checkpoints of its audit log by itself."


class NotReleased(Refused):
    """A gate-out before every condition was met; the ledger has recorded the attempt."""

    code = "NOT_RELEASED"
    what_to_do = "Hold the container. Once the conditions are met, read it at the lane again."


class DisclosureMissing(Refused):
    """An authority's condition on a title of which it was not told what the rules say."""

    code = "DISCLOSURE_MISSING"
    what_to_do = "Ask the carrier for the disclosure of this title's present document."


class ContractRefused(Refused):
    """A refusal with the code, sentence and advice of a contract's custom error."""

    def __init__(self, code: str, message: str, what_to_do: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.code = code
        self.what_to_do = what_to_do


class LedgerUnavailable(Unavailable):
    """The ledger's RPC does not answer, or answers nonsense."""

    code = "LEDGER_UNAVAILABLE"
    what_to_do = "Nothing is lost: writes wait in the queue, reads say how far behind they are."


class PartHeld(Unavailable):
    """Another process of this member runs this part."""

    code = "PART_HELD"
    what_to_do = "Stop the other process, or let it run; this one takes over when it ends."


class Waiting(Unavailable):
    """Something that must come first, such as a delivery's receipt, has not come yet."""

    code = "WAITING"
    what_to_do = "Nothing: the node tries again by itself."


class NetworkOutdated(Waiting):
    """The council has activated a version of the contracts that network.json does not know."""

    code = "NETWORK_OUTDATED"
    what_to_do = (
        "Get the network.json that the council has signed anew: lading know DIRECTORY FILE."
    )
