"""Why an evidence file is not believed, or cannot be made.

NodeError
├── Invalid
│   ├── EvidenceMalformed
│   └── WitnessRequestMalformed
├── Refused
│   ├── EvidenceRefused: the file is understood and does not hold; one subclass a reason
│   └── NothingToProve
└── Unavailable
    ├── WitnessBehind: a witness has not seen that block final yet
    └── WitnessesMissing

A disclosure that does not hold in itself (a path twice, an element dropped) keeps the code that
``privacy`` gives it.
"""

from node.errors import Invalid, Refused, Unavailable


class EvidenceMalformed(Invalid):
    """The file is not of the format."""

    code = "EVIDENCE_MALFORMED"
    what_to_do = "Ask the exporter for the file again, whole."


class EvidenceRefused(Refused):
    """The file does not hold; the subclass says at which step."""

    code = "EVIDENCE_REFUSED"
    what_to_do = "Do not rely on this file. Ask another member of the network for one."


class CompanionNotProved(EvidenceRefused):
    """An SM2 co-signature in the file is not that of a proved act, or does not count."""

    code = "COMPANION_NOT_PROVED"


class NetworkMismatch(EvidenceRefused):
    """The file speaks of another network than the trust file."""

    code = "NETWORK_MISMATCH"


class ReceiptNotProved(EvidenceRefused):
    """A receipt does not stand under its block's receipts root."""

    code = "RECEIPT_NOT_PROVED"


class EventNotProved(EvidenceRefused):
    """What the file says of an act is not what the proved event says."""

    code = "EVENT_NOT_PROVED"


class ActNotSigned(EvidenceRefused):
    """An act's digest or signature is not that of its event."""

    code = "ACT_NOT_SIGNED"


class CouncilUnknown(EvidenceRefused):
    """An act of the council is not signed by the seats that the trust file names."""

    code = "COUNCIL_UNKNOWN"


class KeyUnknown(EvidenceRefused):
    """An act's key is not in its member's proved key history."""

    code = "KEY_UNKNOWN"


class KeyRevoked(EvidenceRefused):
    """An act's key was revoked, or not yet or no longer valid, in the act's block."""

    code = "KEY_REVOKED"


class MemberNotActing(EvidenceRefused):
    """A member acted while it was suspended, had left, or was not proved to be a member."""

    code = "MEMBER_NOT_ACTING"


class DelegationNotProved(EvidenceRefused):
    """An act for another member is under a delegation that is not proved or does not reach it."""

    code = "DELEGATION_NOT_PROVED"


class LaneNotInService(EvidenceRefused):
    """A lane acted while it was suspended or its calibration was over."""

    code = "LANE_NOT_IN_SERVICE"


class WitnessNotTrusted(EvidenceRefused):
    """A statement's key is no witness key for that height in the trust file."""

    code = "WITNESS_NOT_TRUSTED"


class WitnessesTooFew(EvidenceRefused):
    """Fewer members than needed have signed a block or a status."""

    code = "WITNESSES_TOO_FEW"


class WitnessesNotIndependent(EvidenceRefused):
    """Only the exporter or who benefits has signed a block or a status."""

    code = "WITNESSES_NOT_INDEPENDENT"


class BlockContradicted(EvidenceRefused):
    """Two statements of the file tell different things of one block."""

    code = "BLOCK_CONTRADICTED"


class HistoryGap(EvidenceRefused):
    """An object's counters do not run without a gap."""

    code = "HISTORY_GAP"


class HistoryIncomplete(EvidenceRefused):
    """The last act in the file is not the last one that the witnesses name."""

    code = "HISTORY_INCOMPLETE"


class ActOutOfPlace(EvidenceRefused):
    """An act is of another title, order, condition, right or member than the file is about."""

    code = "ACT_OUT_OF_PLACE"


class StatusContradicted(EvidenceRefused):
    """The witnesses' status of an object is not what its acts add up to."""

    code = "STATUS_CONTRADICTED"


class ProfileNotOnLedger(EvidenceRefused):
    """A profile in the file is not the one that its member's acts name."""

    code = "PROFILE_NOT_ON_LEDGER"


class RootNotOnLedger(EvidenceRefused):
    """A disclosure's fields do not lead to the root that the title's acts name."""

    code = "ROOT_NOT_ON_LEDGER"


class SchemaNotKnown(EvidenceRefused):
    """Disclosed fields were committed under a schema that is not a bill's of this release."""

    code = "SCHEMA_NOT_KNOWN"


class ContainerNotProved(EvidenceRefused):
    """A container's number opens none of the order's tags and stands in no disclosed field."""

    code = "CONTAINER_NOT_PROVED"


class NothingToProve(Refused):
    """This node knows nothing of the container or title asked for."""

    code = "NOTHING_TO_PROVE"
    what_to_do = "Check the number; this node proves only what was disclosed to its member."


class WitnessesMissing(Unavailable):
    """Too few other members' nodes answered with their witness signatures."""

    code = "WITNESSES_MISSING"
    what_to_do = "Try again when other members' nodes answer; facts name those that did not."


class WitnessRequestMalformed(Invalid):
    """A request for witness signatures that is not of the form, or asks for too many."""

    code = "WITNESS_REQUEST_MALFORMED"
    what_to_do = "Ask as docs/protocol/evidence.md says; facts give the limits."


class WitnessBehind(Unavailable):
    """A witness is asked about a block that its own node has not seen final yet."""

    code = "WITNESS_BEHIND"
    what_to_do = "Ask again in a moment."
