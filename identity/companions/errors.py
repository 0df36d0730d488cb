"""Every error of identity/companions, in one tree.

identity.errors
├── Invalid
│   └── CompanionMalformed   JSON that is no co-signature
└── Refused
    └── CompanionRefused     a co-signature that does not count; why is for the log alone
"""

from identity.errors import Invalid, Refused


class CompanionMalformed(Invalid):
    """JSON that is no co-signature."""

    code = "COMPANION_MALFORMED"
    what_to_do = "Send the co-signature as docs/protocol/certificates.md has it."


class CompanionRefused(Refused):
    """A co-signature that does not count.

    Attributes:
        reason: for the log.
    """

    code = "COMPANION_REFUSED"
    what_to_do = (
        "The other member's SM2 key, certificate or lists do not count: ask it to act anew."
    )

    def __init__(self, reason: str) -> None:
        super().__init__("The act's SM2 co-signature is not accepted.")
        self.reason = reason
