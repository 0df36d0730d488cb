"""Two numbers r and s as bytes: 64 raw, or strict DER; no other form is read.

ECDSA and SM2 signatures alike. A second form of one signature would be a second hash of it.
"""

from identity.errors import SignatureInvalid

NUMBER_BYTES = 32
RAW_BYTES = 2 * NUMBER_BYTES
_MAX_DER_BYTES = 72


def raw_from_der(der: bytes, order: int) -> bytes:
    """Return r ‖ s, 64 bytes, of a DER ``SEQUENCE { r INTEGER, s INTEGER }``.

    Raises:
        SignatureInvalid: not DER's one form (X.690 section 10), or r or s is not from 1 to
            ``order`` - 1.
    """
    if not 8 <= len(der) <= _MAX_DER_BYTES or der[0] != 0x30 or der[1] != len(der) - 2:
        raise SignatureInvalid("The signature is not DER.")
    r, at = _integer(der, 2)
    s, end = _integer(der, at)
    if end != len(der):
        raise SignatureInvalid("The signature is not DER.")
    return check_raw(r.rjust(NUMBER_BYTES, b"\x00") + s.rjust(NUMBER_BYTES, b"\x00"), order)


def raw_to_der(raw: bytes) -> bytes:
    """Return the DER form of r ‖ s, 64 bytes that were checked."""
    body = _encoded(raw[:NUMBER_BYTES]) + _encoded(raw[NUMBER_BYTES:])
    return bytes([0x30, len(body)]) + body


def check_raw(raw: bytes, order: int) -> bytes:
    """Return ``raw`` if it is r ‖ s, 64 bytes, each from 1 to ``order`` - 1.

    Raises:
        SignatureInvalid: it is not.
    """
    r, s = int.from_bytes(raw[:NUMBER_BYTES], "big"), int.from_bytes(raw[NUMBER_BYTES:], "big")
    if len(raw) != RAW_BYTES or not (0 < r < order and 0 < s < order):
        raise SignatureInvalid(
            "A signature is 64 bytes, r and s from 1 to the curve's order less 1."
        )
    return raw


def _integer(der: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes of the positive INTEGER at ``at``, without its sign byte, and its end."""
    if at + 2 > len(der) or der[at] != 0x02:
        raise SignatureInvalid("The signature is not DER.")
    value = der[at + 2 : at + 2 + der[at + 1]]
    # Too short, negative, or with a zero byte in front that DER leaves out.
    if len(value) != der[at + 1] or not value or value[0] & 0x80:
        raise SignatureInvalid("The signature is not DER.")
    if value[0] == 0 and len(value) > 1 and not value[1] & 0x80:
        raise SignatureInvalid("The signature is not DER.")
    digits = value.lstrip(b"\x00")
    if len(digits) > NUMBER_BYTES:
        raise SignatureInvalid("A signature's number is out of range.")
    return digits, at + 2 + len(value)


def _encoded(number: bytes) -> bytes:
    digits = number.lstrip(b"\x00")
    if digits[0] & 0x80:
        digits = b"\x00" + digits
    return bytes([0x02, len(digits)]) + digits
