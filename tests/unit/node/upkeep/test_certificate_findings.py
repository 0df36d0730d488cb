"""What the doctor says of a member's certificates before they end."""

from dataclasses import replace
from pathlib import Path as File

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.authorities import DAY, MEMBER, NOW
from support.cosigned import acts_path
from support.paths import Path

from identity.certificates.purposes import Purpose
from identity.certificates.roots import add_list, add_root
from node.upkeep.certificates import certificates


def states(directory: File) -> dict[str, str]:
    return {finding.code: finding.state for finding in certificates(directory)}


def lay_out(directory: File, path: Path, next_update: int) -> None:
    pem = path.root_certificate().parsed.public_bytes(Encoding.PEM)
    add_root(directory / "trust", pem, MEMBER, [Purpose.ACTS])
    for number, each in enumerate(path.lists(next_update=next_update)):
        add_list(directory / "trust", str(number), each.der)
    national = b"".join(each.parsed.public_bytes(Encoding.PEM) for each in path.chain())
    (directory / "national.pem").write_bytes(national)


def test_a_member_without_certificates_is_told_nothing(tmp_path: File) -> None:
    assert states(tmp_path) == {}


@pytest.mark.parametrize(("ahead", "state"), [(5 * DAY, "ok"), (DAY, "warn"), (-10, "fail")])
def test_lists_are_renewed_in_time(tmp_path: File, ahead: int, state: str) -> None:
    lay_out(tmp_path, acts_path(), NOW + ahead)
    assert states(tmp_path)["REVOCATION_LISTS_END"] == state


@pytest.mark.parametrize(("ahead", "state"), [(40 * DAY, "ok"), (DAY, "warn"), (-10, "fail")])
def test_the_certificate_for_acts_is_renewed_in_time(
    tmp_path: File, ahead: int, state: str
) -> None:
    path = acts_path()
    path.end_draft = replace(path.end_draft, valid_until=NOW + ahead)
    path.issuing_draft = replace(path.issuing_draft, valid_until=NOW + 90 * DAY)
    lay_out(tmp_path, path, NOW + 5 * DAY)
    assert states(tmp_path)["NATIONAL_CERTIFICATE_ENDS"] == state


def test_a_damaged_trust_directory_is_named(tmp_path: File) -> None:
    lay_out(tmp_path, acts_path(), NOW + 5 * DAY)
    (tmp_path / "trust" / "lists" / "0.crl").write_bytes(b"junk")
    (tmp_path / "national.pem").write_bytes(b"junk")
    assert states(tmp_path) == {"TRUST_UNREADABLE": "fail", "NATIONAL_CERTIFICATE_ENDS": "fail"}


def test_a_trust_directory_without_lists_is_warned_of(tmp_path: File) -> None:
    (tmp_path / "trust").mkdir()
    assert states(tmp_path) == {"REVOCATION_LISTS_END": "warn"}
