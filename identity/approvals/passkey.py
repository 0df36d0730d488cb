"""A passkey's assertion over an approval's challenge (Web Authentication, level 3, section 7.2)."""

import json
from collections.abc import Mapping

from identity.authority.file import ApprovalKey
from identity.people.errors import NotAccepted
from identity.people.passkeys import Passkey, RelyingParty, text_of, verify_assertion


def asserted(key: ApprovalKey, proof: Mapping[str, bytes], challenge: bytes) -> bool:
    """Say whether the passkey made this assertion, its user verified; never raises.

    The count of uses is not compared: one approval is bound to one act, and used again it
    approves nothing else.
    """
    name = text_of(proof["credential"])
    parts = {
        "authenticatorData": proof["authenticator_data"],
        "clientDataJSON": proof["client_data"],
        "signature": proof["signature"],
    }
    response = {part: text_of(value) for part, value in parts.items()}
    answer = {"id": name, "rawId": name, "type": "public-key", "response": response}
    party = RelyingParty(key.rp, key.origin, key.rp)
    passkey = Passkey(key.credential, key.public_key, 0)
    try:
        verify_assertion(party, challenge, json.dumps(answer), passkey)
    except NotAccepted:
        return False
    return True
