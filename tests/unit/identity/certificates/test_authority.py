"""A member's authority: what it issues, renews and revokes, and what it refuses to."""

from pathlib import Path

import pytest
from cryptography import x509
from support.authorities import DAY, KINDS, MEMBER, NOW, PASSPHRASE, Office, new_key, subject

from identity.certificates.authority import Authority
from identity.certificates.certificate import read
from identity.certificates.errors import (
    AuthorityRefused,
    AuthorityUnavailable,
    CertificateRefused,
    Reason,
)
from identity.certificates.naming import Subject
from identity.certificates.path import Named
from identity.certificates.purposes import Kind
from identity.certificates.register import Register
from identity.certificates.roots import load_trust
from identity.errors import WrongPassphrase

UNSPECIFIED = x509.ReasonFlags.unspecified


def test_what_is_issued_counts_for_what_it_is_for(office: Office) -> None:
    for kind in KINDS[office.scheme]:
        issued = office.issue(kind)
        checked = office.check(issued, kind, named=Named(member=MEMBER, subject="wang"))
        assert checked.members == {MEMBER}
        assert checked.certificate == issued.certificate
        assert checked.revocation.startswith("good, by revocation list ")
        assert checked.valid_until > NOW + 300 * DAY


def test_a_certificate_names_the_organisation_its_credit_code_and_who_is_meant(
    office: Office,
) -> None:
    kind = KINDS[office.scheme][0]
    parsed = read(office.issue(kind).certificate).parsed
    assert parsed.subject.rfc4514_string() == (
        "CN=wang,2.5.4.97=NTRCN-91310000MA1FL4B984,O=远洋承运有限公司"
    )
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert f"urn:lading:member:{MEMBER}" in names.get_values_for_type(
        x509.UniformResourceIdentifier
    )


def test_serial_numbers_are_random_and_of_full_length(office: Office) -> None:
    serials = [office.issue(KINDS[office.scheme][0]).serial for _ in range(4)]
    assert len(set(serials)) == 4
    assert all(100 < serial.bit_length() < 160 for serial in serials)


def test_a_revoked_certificate_is_refused_and_others_are_not(office: Office) -> None:
    kind = KINDS[office.scheme][0]
    lost, kept = office.issue(kind), office.issue(kind)
    office.check(lost, kind)
    office.authority.revoke(lost.serial, x509.ReasonFlags.key_compromise, NOW)
    with pytest.raises(CertificateRefused) as refused:
        office.check(lost, kind)
    assert refused.value.reason is Reason.REVOKED
    office.check(kept, kind)


def test_revocation_lists_are_numbered_upwards_and_end(office: Office) -> None:
    lists = office.directory / "trust" / "lists"
    trust = load_trust(office.directory / "trust")
    issuing = office.authority.certificate("issuing")
    (before,) = trust.lists_of(issuing)
    office.authority.refresh(NOW)
    (after,) = load_trust(office.directory / "trust").lists_of(issuing)
    assert after.number == before.number + 1
    assert after.next_update == NOW + 7 * DAY
    assert sorted(path.name for path in lists.iterdir() if office.scheme in path.name) == [
        f"own-{office.scheme}-issuing.crl",
        f"own-{office.scheme}-root.crl",
    ]


def test_a_renewed_certificate_is_the_same_subjects_and_the_old_one_still_counts(
    office: Office,
) -> None:
    kind = KINDS[office.scheme][0]
    old = office.issue(kind)
    new = office.authority.renew(old.serial, NOW + 10)
    assert read(new.certificate).key == read(old.certificate).key
    assert read(new.certificate).subject == read(old.certificate).subject
    assert new.serial != old.serial
    office.check(old, kind)
    office.check(new, kind)
    other_key = new_key(office.scheme)
    assert read(office.authority.renew(old.serial, NOW, other_key).certificate).key == other_key


def test_a_revoked_certificate_is_not_renewed_and_not_revoked_twice(office: Office) -> None:
    issued = office.issue(KINDS[office.scheme][0])
    office.authority.revoke(issued.serial, UNSPECIFIED, NOW)
    with pytest.raises(AuthorityRefused):
        office.authority.renew(issued.serial, NOW)
    with pytest.raises(AuthorityRefused):
        office.authority.revoke(issued.serial, UNSPECIFIED, NOW)


def test_what_was_not_issued_here_is_neither_renewed_nor_revoked(office: Office) -> None:
    with pytest.raises(AuthorityRefused):
        office.authority.renew(7, NOW)
    with pytest.raises(AuthorityRefused):
        office.authority.revoke(7, UNSPECIFIED, NOW)


def test_an_authority_is_made_once(office: Office) -> None:
    with pytest.raises(AuthorityRefused):
        Office.found(office.directory, office.scheme)


def test_where_there_is_no_authority_nothing_is_issued(tmp_path: Path) -> None:
    absent = Authority(tmp_path, "p256", PASSPHRASE)
    with pytest.raises(AuthorityUnavailable):
        absent.issue(Kind.PERSON, Subject("wang"), new_key("p256"), NOW)


def test_another_passphrase_issues_nothing(office: Office) -> None:
    stranger = Authority(office.directory, office.scheme, "guess")
    kind = KINDS[office.scheme][0]
    with pytest.raises(WrongPassphrase):
        stranger.issue(kind, subject(kind), new_key(office.scheme), NOW)


@pytest.mark.parametrize("scheme", ["", "rsa", "../p256"])
def test_there_is_no_other_scheme(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(AuthorityRefused):
        Authority(tmp_path, scheme, PASSPHRASE)


def test_a_scheme_certifies_its_own_kinds_and_keys(offices: dict[str, Office]) -> None:
    for scheme, other in (("p256", "sm2"), ("sm2", "p256")):
        for kind in KINDS[other]:
            with pytest.raises(AuthorityRefused):
                offices[scheme].authority.issue(kind, subject(kind), new_key(other), NOW)
    with pytest.raises(AuthorityRefused):
        offices["sm2"].authority.issue(Kind.ACTS, Subject("acts"), new_key("p256"), NOW)


@pytest.mark.parametrize("days", [0, -1, 398, 10_000])
def test_a_certificate_lasts_no_longer_than_its_kind_allows(office: Office, days: int) -> None:
    with pytest.raises(AuthorityRefused):
        office.issue(KINDS[office.scheme][0], days=days)


@pytest.mark.parametrize("inside", ["", "a b", "王", "a" * 65, "-a", "a\x00b", "a/b"])
def test_a_name_inside_the_member_has_plain_characters(inside: str) -> None:
    with pytest.raises(AuthorityRefused):
        Subject(inside)


@pytest.mark.parametrize("host", ["*.example", "Example.com", "a..b", "-a.b", "", "a_b.example"])
def test_a_host_name_is_a_plain_one(host: str) -> None:
    with pytest.raises(AuthorityRefused):
        Subject("web", (host,))


def test_only_services_have_hosts(offices: dict[str, Office]) -> None:
    with pytest.raises(AuthorityRefused):
        offices["p256"].authority.issue(
            Kind.PERSON, Subject("wang", ("a.example",)), new_key("p256"), NOW
        )


def test_the_register_is_read_back_as_it_was_written(office: Office) -> None:
    text = office.authority.register().to_json()
    assert Register.read(text).to_json() == text


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"register": 2}', b"\xff"])
def test_a_register_of_another_form_stops_the_authority(text: bytes) -> None:
    with pytest.raises(AuthorityUnavailable):
        Register.read(text)


def test_keys_and_register_are_readable_by_their_owner_alone(office: Office) -> None:
    own = office.directory / "ca" / office.scheme
    for name in ("root.keys.json", "issuing.keys.json", "register.json"):
        assert (own / name).stat().st_mode & 0o077 == 0
