"""The unified social credit code (统一社会信用代码) of an organisation registered in China.

It says that the code is one; whether it is this organisation's, its business licence shows.
"""

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError


def is_credit_code(text: str) -> bool:
    """Return whether ``text`` is a code in its one form: 18 characters, upper case, no spaces.

    The kept library knows codes whose first eight characters are digits; those of rural
    collectives and of bodies under other laws, which begin with a letter, are refused.

    Source: GB 32100-2015, sections 4 and 5 (alphabet of 31 characters, check character).
    """
    try:
        return uscc.validate(text) == text
    except ValidationError:
        return False
