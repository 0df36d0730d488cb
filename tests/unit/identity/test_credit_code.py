"""The unified social credit code and its check character."""

import pytest

from identity.profile.credit_code import is_credit_code

# Codes that are published: the first stands in python-stdnum's own documentation.
KNOWN = (
    "91110000600037341L",
    "9111010566840059XP",
    "91440300708461136T",
)


@pytest.mark.parametrize("code", KNOWN)
def test_a_code_is_known_by_its_check_character(code: str) -> None:
    assert is_credit_code(code)


@pytest.mark.parametrize("code", KNOWN)
def test_one_changed_or_two_exchanged_characters_are_noticed(code: str) -> None:
    for place in range(18):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            changed = code[:place] + other + code[place + 1 :]
            assert is_credit_code(changed) == (other == code[place])
    for place in range(17):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert is_credit_code(swapped) == (swapped == code)


@pytest.mark.parametrize(
    "text",
    ["", "9", "91110000600037341", "91110000600037341l", " 91110000600037341L",
     "9111-0000600037341L", "91110000６00037341L", "91110000I00037341L", "9" * 10_000],
)  # fmt: skip
def test_another_form_is_refused(text: str) -> None:
    assert not is_credit_code(text)
