"""Every error of node/companions, in one tree.

node.errors
├── Invalid
│   └── CompanionUnfit       what a member sent is no co-signature of an act of its own
└── Refused
    └── CompanionMissing     an act without the SM2 co-signature that this member demands
"""

from node.errors import Invalid, Refused


class CompanionUnfit(Invalid):
    """What a member sent is no co-signature of an act of its own."""

    code = "COMPANION_UNFIT"
    what_to_do = "Send the act with its own co-signature, as docs/protocol/certificates.md has it."


class CompanionMissing(Refused):
    """An act without the SM2 co-signature that this member demands."""

    code = "COMPANION_MISSING"
    what_to_do = (
        "Wait until the other member's co-signature has come; if it makes none, decline, and ask it"
        " to act under the national profile."
    )
