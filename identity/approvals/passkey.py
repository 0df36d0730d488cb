"""A passkey's assertion over an approval's challenge (Web Authentication, level 3, section 7.2)."""

from collections.abc import Mapping

from webauthn import verify_authentication_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException

from identity.authority.file import ApprovalKey


def asserted(key: ApprovalKey, proof: Mapping[str, bytes], challenge: bytes) -> bool:
    """Say whether the passkey made this assertion, its user verified; never raises.

    The signature counter is not compared: one approval is bound to one act, and used again it
    approves nothing else.
    """
    if proof["credential"] != key.credential:
        return False
    name = bytes_to_base64url(key.credential)
    try:
        verify_authentication_response(
            credential={
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": {
                    "authenticatorData": bytes_to_base64url(proof["authenticator_data"]),
                    "clientDataJSON": bytes_to_base64url(proof["client_data"]),
                    "signature": bytes_to_base64url(proof["signature"]),
                },
            },
            expected_challenge=challenge,
            expected_rp_id=key.rp,
            expected_origin=key.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    return True
