"""ISO 6346 numbers and the tags that stand on the ledger."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from privacy.containers import check_container_number, container_tag
from privacy.errors import ContainerCheckDigitWrong, ContainerNumberMalformed, InvalidSalt

DATA = Path(__file__).parents[2] / "data"
NUMBERS = json.loads((DATA / "containers/iso6346.json").read_text())


@pytest.mark.parametrize("vector", NUMBERS, ids=lambda vector: vector["number"])
def test_numbers_of_the_reference_data_are_judged_as_it_says(vector) -> None:
    if vector["valid"]:
        assert check_container_number(vector["number"]) == vector["number"]
        return
    with pytest.raises(ContainerCheckDigitWrong) as caught:
        check_container_number(vector["number"])
    assert caught.value.facts["expected"] == vector["expected"]


def test_the_samples_own_number_is_refused_and_the_right_check_digit_accepted() -> None:
    with pytest.raises(ContainerCheckDigitWrong) as caught:
        check_container_number("MAEU6543210")
    assert caught.value.facts["expected"] == 3
    check_container_number("MAEU6543213")


def test_exactly_one_check_digit_is_accepted() -> None:
    def accepted(digit: int) -> bool:
        try:
            check_container_number(f"CSQU305438{digit}")
        except ContainerCheckDigitWrong:
            return False
        return True

    assert [digit for digit in range(10) if accepted(digit)] == [3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "csqu3054383",
        "CSQU 305438 3",
        "CSQA3054383",
        "CSQU305438",
        "CSQU30543830",
        "CSQU305438３",
        "CSQU3054383\n",
        "ÇSQU3054383",
        "1SQU3054383",
    ],
)
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ContainerNumberMalformed):
        check_container_number(text)


def test_a_tag_is_the_documented_digest_and_needs_number_and_salt() -> None:
    salt = bytes(range(32))
    tag = container_tag("MAEU6543213", salt)
    assert tag == sha256(b"\x43" + salt + b"MAEU6543213").digest()
    assert container_tag("MAEU6543213", bytes(32)) != tag
    assert container_tag("CSQU3054383", salt) != tag


def test_the_committed_vector_of_a_tag_holds() -> None:
    vector = json.loads((DATA / "commitments/vectors.json").read_text())["container"]
    assert container_tag(vector["number"], bytes.fromhex(vector["salt"])).hex() == vector["tag"]


def test_a_tag_of_a_wrong_number_or_with_a_short_salt_is_refused() -> None:
    with pytest.raises(ContainerCheckDigitWrong):
        container_tag("MAEU6543210", bytes(32))
    with pytest.raises(InvalidSalt):
        container_tag("MAEU6543213", bytes(16))
