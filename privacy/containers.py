"""Container numbers, and how one stands on the ledger without being readable there.

A number is guessable (it has a check digit and known owners), so a tag needs a secret salt. Who
has number and salt can tell that a tag is that container's; nobody else can.
"""

import re
from hashlib import sha256

from privacy.errors import ContainerCheckDigitWrong, ContainerNumberMalformed, InvalidSalt
from privacy.leaves import SALT_BYTES

_NUMBER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
_TAG_PREFIX = b"\x43"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# ISO 6346 annex A: letters count from 10 and skip the multiples of 11.
_LETTER_VALUES = [value for value in range(10, 39) if value % 11]
_VALUES = dict(zip(_LETTERS, _LETTER_VALUES, strict=True)) | {str(d): d for d in range(10)}


def check_container_number(text: str) -> str:
    """Return ``text`` when it is a container number: owner, category, serial and check digit.

    Upper case, eleven characters, no spaces. A remainder of ten counts as check digit 0.

    Raises: ContainerNumberMalformed, ContainerCheckDigitWrong.

    Source: ISO 6346 sections 4.1 and 4.2, annex A.
    """
    if not _NUMBER.fullmatch(text):
        raise ContainerNumberMalformed("This is not a container number.", number=text[:20])
    total = sum(_VALUES[character] << weight for weight, character in enumerate(text[:10]))
    expected = total % 11 % 10
    if expected != int(text[10]):
        raise ContainerCheckDigitWrong(
            f"The check digit of {text} is not {expected}.", number=text, expected=expected
        )
    return text


def container_tag(number: str, salt: bytes) -> bytes:
    """Return SHA-256(0x43 ‖ ``salt`` ‖ ``number`` in ASCII): 32 bytes.

    Args:
        number: a container number, checked here.
        salt: 32 random bytes from the delivery order.

    Raises: InvalidSalt, ContainerNumberMalformed, ContainerCheckDigitWrong.
    """
    if len(salt) != SALT_BYTES:
        raise InvalidSalt(f"A container's salt has {SALT_BYTES} bytes.")
    return sha256(_TAG_PREFIX + salt + check_container_number(number).encode("ascii")).digest()
