"""Paths: what counts, and everything that does not, with the reason for the log."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as File

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from support.authorities import DAY, MEMBER, NOW, OTHER_MEMBER
from support.paths import Path, authority_extensions, name, signatory

from identity.certificates import assembling
from identity.certificates.assembling import Revoked
from identity.certificates.certificate import Certificate, read
from identity.certificates.der import children
from identity.certificates.errors import (
    AuthorityRefused,
    AuthorityUnavailable,
    CertificateMalformed,
    CertificateRefused,
    Reason,
    RevocationUnknown,
)
from identity.certificates.path import Named, check_path, read_chain
from identity.certificates.purposes import Kind, Purpose, key_usage
from identity.certificates.revocation import read_list
from identity.certificates.roots import Root, Trust, TrustDirectory, add_list, add_root, load_trust
from identity.errors import IdentityError
from identity.signatures.algorithms import Algorithm
from identity.signatures.sm2 import DEFAULT_USER_ID, Sm2Key
from identity.signatures.verify import sign, verify

REVOKED = Revoked(NOW - 10, x509.ReasonFlags.key_compromise)


@pytest.fixture(params=["p256", "sm2"])
def path(request: pytest.FixtureRequest) -> Path:
    if request.param == "sm2":
        return Path("sm2", Kind.ACTS, Purpose.ACTS)
    return Path("p256", Kind.PERSON, Purpose.PERSON)


def refusal(act: Callable[[], object]) -> Reason:
    with pytest.raises(CertificateRefused) as refused:
        act()
    assert refused.value.message == "The certificate is not accepted."
    assert refused.value.facts == {}
    return refused.value.reason


def test_a_right_path_counts_and_says_what_it_is(path: Path) -> None:
    checked = path.check(named=Named(member=MEMBER, subject="wang"))
    assert checked.key == path.end.public
    assert checked.members == {MEMBER}
    assert checked.valid_until == NOW + 30 * DAY
    assert checked.root == path.root.public.id
    assert checked.revocation.startswith("good, by revocation list 1 until ")


def test_a_signature_is_verified_by_the_certificate_for_the_time_it_was_checked_for(
    path: Path,
) -> None:
    algorithm = Algorithm.SM2 if path.scheme == "sm2" else Algorithm.P256
    signature = sign(algorithm, path.end.private, b"message")
    checked = path.check()
    verified = verify(algorithm, checked, b"message", signature, NOW)
    assert verified.certificate == checked.certificate
    assert verified.revocation == checked.revocation
    with pytest.raises(IdentityError):
        verify(algorithm, checked, b"message", signature, NOW + 1)


def test_the_root_may_be_shown_too(path: Path) -> None:
    root = path.root_certificate()
    trust = Trust([Root(root, MEMBER, frozenset(Purpose))], path.lists())
    chain = [*path.chain(), root]
    assert check_path(chain, trust, NOW, path.purpose).root == root.key.id


@pytest.mark.parametrize("tier", ["root_draft", "issuing_draft", "end_draft"])
def test_expired_and_not_yet_valid_are_refused_at_every_tier(path: Path, tier: str) -> None:
    good = getattr(path, tier)
    setattr(path, tier, replace(good, valid_until=NOW - 1))
    assert refusal(path.check) is Reason.EXPIRED
    setattr(path, tier, replace(good, valid_from=NOW + 1))
    assert refusal(path.check) is Reason.NOT_YET_VALID
    setattr(path, tier, replace(good, valid_from=NOW, valid_until=NOW))
    path.check()


def test_a_revoked_end_and_a_revoked_authority_are_refused(path: Path) -> None:
    path.revoked = {path.end_draft.serial: REVOKED}
    assert refusal(path.check) is Reason.REVOKED
    path.revoked, path.root_revoked = {}, {path.issuing_draft.serial: REVOKED}
    assert refusal(path.check) is Reason.REVOKED


def test_without_a_list_of_every_authority_nothing_counts(path: Path) -> None:
    both = path.lists()
    for lists in ([], both[:1], both[1:]):
        with pytest.raises(RevocationUnknown):
            path.check(trust=path.trust(lists))


def test_a_list_that_has_ended_or_not_begun_is_as_good_as_none(path: Path) -> None:
    trust = path.trust()
    path.check(at=NOW + DAY, trust=trust)
    with pytest.raises(RevocationUnknown):
        path.check(at=NOW + DAY + 1, trust=trust)
    early = path.trust([read_list(assembling.revocation_list(1, NOW + 5, NOW + DAY, {}, by))
                        for by in (path.root, path.issuing)])  # fmt: skip
    with pytest.raises(RevocationUnknown):
        path.check(trust=early)


def test_an_older_list_does_not_bring_a_revoked_certificate_back(path: Path) -> None:
    old = path.lists(number=1)
    path.revoked = {path.end_draft.serial: REVOKED}
    assert refusal(lambda: path.check(trust=path.trust([*path.lists(2), *old]))) is Reason.REVOKED
    trust = path.trust(path.lists(2))
    assert (
        refusal(lambda: check_path(path.chain(), trust, NOW, path.purpose, lists=old))
        is Reason.REVOKED
    )


def test_a_list_of_another_signer_under_the_same_name_is_not_heard(path: Path) -> None:
    stranger = signatory(path.scheme, "issuing")
    forged = read_list(assembling.revocation_list(9, NOW - 9, NOW + DAY, {}, stranger))
    with pytest.raises(RevocationUnknown):
        path.check(trust=path.trust([path.lists()[0], forged]))
    path.check(trust=path.trust([*path.lists(), forged]))


def test_a_path_to_no_trusted_root_is_refused(path: Path) -> None:
    assert refusal(lambda: path.check(trust=Trust([], path.lists()))) is Reason.NO_ROOT
    other = Path(path.scheme, path.kind, path.purpose)
    assert refusal(lambda: path.check(trust=other.trust(path.lists()))) is Reason.NO_ROOT
    assert (
        refusal(lambda: check_path(path.chain()[:1], path.trust(), NOW, path.purpose))
        is Reason.NO_ROOT
    )
    root = path.root_certificate()
    trust = Trust([Root(root, MEMBER, frozenset(Purpose))], path.lists())
    assert refusal(lambda: check_path([root], trust, NOW, path.purpose)) is Reason.NO_ROOT


def test_a_root_of_the_same_name_and_another_key_vouches_for_nothing(path: Path) -> None:
    stranger = signatory(path.scheme, "root")
    path.issuing_draft = replace(
        path.issuing_draft,
        extensions=authority_extensions(path.issuing.public, stranger.public, 0)[:3],
    )
    path.root = stranger
    path.root_draft = replace(
        path.root_draft,
        key=stranger.public,
        extensions=authority_extensions(stranger.public, stranger.public, 1),
    )
    forged_chain = path.chain()
    honest = Path(path.scheme, path.kind, path.purpose)
    assert (
        refusal(lambda: check_path(forged_chain, honest.trust(), NOW, path.purpose))
        is Reason.SIGNATURE
    )


def test_every_signature_of_the_path_must_hold(path: Path) -> None:
    ders, trust = [each.der for each in path.chain()], path.trust()
    for place in (0, 1):
        changed = list(ders)
        changed[place] = changed[place][:-1] + bytes([changed[place][-1] ^ 1])
        chain = read_chain(changed)
        with pytest.raises(CertificateRefused) as refused:
            check_path(chain, trust, NOW, path.purpose)
        assert refused.value.reason is Reason.SIGNATURE


def test_what_is_no_authority_issues_nothing(path: Path) -> None:
    keys = path.issuing.public, path.root.public
    path.issuing_draft = replace(
        path.issuing_draft, extensions=authority_extensions(*keys, None, ca=False)
    )
    assert refusal(path.check) is Reason.AUTHORITY
    usage = (key_usage(frozenset({"crl_sign"})), True)
    extensions = [each for each in authority_extensions(*keys, 0) if each[0].oid != usage[0].oid]
    path.issuing_draft = replace(path.issuing_draft, extensions=[*extensions, usage])
    assert refusal(path.check) is Reason.AUTHORITY


def test_a_path_longer_than_an_authority_allows_is_refused(path: Path) -> None:
    path.root_draft = replace(
        path.root_draft,
        extensions=authority_extensions(path.root.public, path.root.public, 0),
    )
    assert refusal(path.check) is Reason.AUTHORITY


def test_an_authority_that_may_not_sign_lists_says_nothing_of_revocation(path: Path) -> None:
    usage = (key_usage(frozenset({"key_cert_sign"})), True)
    keys = path.issuing.public, path.root.public
    extensions = [each for each in authority_extensions(*keys, 0) if each[0].oid != usage[0].oid]
    path.issuing_draft = replace(path.issuing_draft, extensions=[*extensions, usage])
    with pytest.raises(RevocationUnknown):
        path.check()


def test_an_authority_is_not_shown_as_an_end(path: Path) -> None:
    path.with_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    assert refusal(path.check) is Reason.USAGE


@pytest.mark.parametrize("purpose", Purpose)
def test_a_certificate_counts_for_its_own_use_alone(path: Path, purpose: Purpose) -> None:
    also = {Purpose.PERSON: {Purpose.PERSON, Purpose.CLIENT}, Purpose.ACTS: {Purpose.ACTS}}
    if purpose in also[path.purpose]:
        path.check(purpose=purpose)
    else:
        assert refusal(lambda: path.check(purpose=purpose)) is Reason.USAGE


@pytest.mark.parametrize(
    "usages",
    [
        frozenset(),
        frozenset({"digital_signature"}),
        frozenset({"digital_signature", "content_commitment", "key_cert_sign"}),
    ],
)
def test_missing_and_barred_key_usages_are_refused(path: Path, usages: frozenset[str]) -> None:
    path.with_extension(key_usage(usages), True)
    assert refusal(path.check) is Reason.USAGE


def test_a_key_for_acts_is_not_one_for_encryption_too() -> None:
    path = Path("sm2", Kind.ACTS, Purpose.ACTS)
    path.with_extension(
        key_usage(frozenset({"digital_signature", "content_commitment", "key_encipherment"})), True
    )
    assert refusal(path.check) is Reason.USAGE


def test_any_use_is_no_use(path: Path) -> None:
    path.with_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)
    assert refusal(path.check) is Reason.USAGE


@pytest.mark.parametrize(
    "named",
    [Named(member=OTHER_MEMBER), Named(subject="li"), Named(dns="node.carrier.example")],
)
def test_another_name_is_refused(path: Path, named: Named) -> None:
    assert refusal(lambda: path.check(named=named)) is Reason.NAME


def test_a_members_root_vouches_for_that_member_alone(path: Path) -> None:
    trust = path.trust(member=OTHER_MEMBER)
    assert refusal(lambda: path.check(trust=trust)) is Reason.NAME
    both = [f"urn:lading:member:{each}" for each in (MEMBER, OTHER_MEMBER)]
    path.with_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in both]), False
    )
    assert refusal(path.check) is Reason.NAME


def test_a_root_vouches_for_the_uses_it_was_imported_for(path: Path) -> None:
    root = Root(path.root_certificate(), MEMBER, frozenset({Purpose.DEVICE}))
    assert refusal(lambda: path.check(trust=Trust([root], path.lists()))) is Reason.USAGE


@pytest.mark.parametrize("critical", [True, False])
def test_name_constraints_are_refused_because_they_are_not_applied(
    path: Path, critical: bool
) -> None:
    permitted = [x509.DNSName("example.org")]
    path.with_extension(x509.NameConstraints(permitted, None), critical)
    assert refusal(path.check) is Reason.EXTENSION


def test_a_critical_extension_that_is_not_understood_is_refused_and_another_ignored(
    path: Path,
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    path.with_extension(unknown, False)
    path.check()
    path.with_extension(unknown, True)
    assert refusal(path.check) is Reason.EXTENSION


def test_an_extension_that_stands_twice_is_refused(path: Path) -> None:
    twice = [*path.end_draft.extensions, path.end_draft.extensions[1]]
    path.end_draft = replace(path.end_draft, extensions=twice)
    assert refusal(path.check) is Reason.FORM


def test_a_certificate_that_names_two_algorithms_is_refused(path: Path) -> None:
    der = path.chain()[0].der
    algorithm = path.chain()[0].algorithm
    last = algorithm[-1:]
    swapped = der[::-1].replace(algorithm[::-1], (algorithm[:-1] + bytes([last[0] ^ 1]))[::-1], 1)
    with pytest.raises(CertificateMalformed):
        read(swapped[::-1])


def test_a_signature_written_as_bits_that_are_no_whole_bytes_is_refused() -> None:
    """Some damage found it: where the last bit is 0, one bit over says the same."""
    path = Path("p256", Kind.PERSON, Purpose.PERSON)
    while (end := path.chain()[0].der)[-1] & 1:
        pass
    bits = len(end) - len(children(end)[2])
    over = end[: bits + 2] + b"\x01" + end[bits + 3 :]
    with pytest.raises(CertificateMalformed):
        read(over)


def test_sha1_and_other_curves_are_refused() -> None:
    for key, digest in (
        (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
        (ec.generate_private_key(ec.SECP256R1()), hashes.SHA512()),
    ):
        made = certificate_by_cryptography(key, digest)
        trust = Trust([], ())
        with pytest.raises(CertificateRefused):
            check_path([read(made)], trust, NOW, Purpose.PERSON)


def certificate_by_cryptography(key: ec.EllipticCurvePrivateKey, digest: object) -> bytes:
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    subject = x509.Name.from_rfc4514_string("CN=end")
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 5)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]


class OtherId(Sm2Key):
    """A key that signs as somebody else."""

    def sign(self, message: bytes, user_id: bytes = b"other") -> bytes:
        return super().sign(message, b"other" if user_id == DEFAULT_USER_ID else user_id)


def test_a_certificate_and_a_list_signed_under_another_user_id_are_refused() -> None:
    path = Path("sm2", Kind.ACTS, Purpose.ACTS)
    right = path.issuing
    assert isinstance(right.private, Sm2Key)
    wrong = replace(right, private=OtherId.__new__(OtherId))
    vars(wrong.private).update(vars(right.private))
    trust = path.trust()
    path.issuing = wrong
    assert refusal(lambda: path.check(trust=trust)) is Reason.SIGNATURE
    lists = path.lists()
    path.issuing = right
    with pytest.raises(RevocationUnknown):
        path.check(trust=path.trust(lists))


def test_sm2_under_another_algorithms_name_is_refused(path: Path) -> None:
    """A path whose authority is of one scheme and whose end claims the other."""
    other = Path("p256" if path.scheme == "sm2" else "sm2", path.kind, path.purpose)
    mixed = [read(assembling.certificate(path.end_draft, other.issuing)), path.chain()[1]]
    assert refusal(lambda: check_path(mixed, path.trust(), NOW, path.purpose)) is Reason.SIGNATURE


def test_a_truncated_certificate_or_list_is_refused_at_every_length(path: Path) -> None:
    certificate, listed = path.chain()[0].der, path.lists()[1].der
    for length in range(len(certificate)):
        with pytest.raises(CertificateMalformed):
            read(certificate[:length])
    for length in range(len(listed)):
        with pytest.raises(CertificateMalformed):
            read_list(listed[:length])
    for der, reader in ((certificate, read), (listed, read_list)):
        with pytest.raises(CertificateMalformed):
            reader(der + b"\x00")


def test_a_path_has_one_to_four_certificates(path: Path) -> None:
    end, issuing = path.chain()
    for chain in ([], [end.der] + [issuing.der] * 4):
        with pytest.raises(CertificateMalformed):
            read_chain(chain)


def test_a_list_without_number_or_end_or_with_a_critical_part_is_refused(path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name.from_rfc4514_string("CN=issuing")
    builder = x509.CertificateRevocationListBuilder(subject, now, now + timedelta(days=1))
    numbered = builder.add_extension(x509.CRLNumber(1), False)
    partial = numbered.add_extension(x509.DeltaCRLIndicator(1), True)
    read_list(numbered.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    for each in (builder, partial):
        with pytest.raises(CertificateMalformed):
            read_list(each.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


def pem_of(certificate: Certificate) -> bytes:
    return certificate.parsed.public_bytes(Encoding.PEM)


def test_a_revocation_that_arrives_takes_effect_within_a_second(path: Path, tmp_path: File) -> None:
    add_root(tmp_path, pem_of(path.root_certificate()), MEMBER, list(Purpose))
    root_list, issuing_list = path.lists()
    add_list(tmp_path, "root", root_list.der)
    add_list(tmp_path, "issuing", issuing_list.der)
    directory = TrustDirectory(tmp_path)
    check_path(path.chain(), directory.trust(), NOW, path.purpose)
    path.revoked = {path.end_draft.serial: REVOKED}
    add_list(tmp_path, "issuing", path.lists(2)[1].der)
    time.sleep(0.9)
    trust = directory.trust()
    assert refusal(lambda: check_path(path.chain(), trust, NOW, path.purpose)) is Reason.REVOKED


def test_a_root_is_self_issued_and_trusted_once(path: Path, tmp_path: File) -> None:
    end, issuing = path.chain()
    for other in (end, issuing):
        with pytest.raises(AuthorityRefused):
            add_root(tmp_path, pem_of(other), None, [Purpose.PERSON])
    with pytest.raises(AuthorityRefused):
        add_root(tmp_path, pem_of(end) + pem_of(issuing), None, [Purpose.PERSON])
    add_root(tmp_path, pem_of(path.root_certificate()), None, [Purpose.PERSON])
    with pytest.raises(AuthorityRefused):
        add_root(tmp_path, pem_of(path.root_certificate()), None, [Purpose.PERSON])
    (root,) = load_trust(tmp_path).roots
    assert (root.member, root.purposes) == (None, {Purpose.PERSON})


def test_where_there_is_no_directory_nobody_is_trusted(tmp_path: File) -> None:
    assert load_trust(tmp_path / "absent").roots == ()


@pytest.mark.parametrize("text", [b"", b"{}", b'{"trust": 2, "roots": []}', b"[" * 100])
def test_a_directory_of_another_form_trusts_nobody(tmp_path: File, text: bytes) -> None:
    (tmp_path / "roots.json").write_bytes(text)
    with pytest.raises(AuthorityUnavailable):
        load_trust(tmp_path)


def test_a_root_file_outside_the_directory_is_not_read(path: Path, tmp_path: File) -> None:
    (tmp_path / "root.pem").write_bytes(pem_of(path.root_certificate()))
    entry = b'{"file": "../root.pem", "member": null, "purposes": ["person"]}'
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "roots.json").write_bytes(b'{"trust": 1, "roots": [' + entry + b"]}")
    with pytest.raises(AuthorityUnavailable):
        load_trust(tmp_path / "trust")


def test_a_damaged_list_stops_the_directory_rather_than_being_left_out(
    path: Path, tmp_path: File
) -> None:
    add_root(tmp_path, pem_of(path.root_certificate()), MEMBER, list(Purpose))
    (tmp_path / "lists" / "x.crl").write_bytes(os.urandom(40))
    with pytest.raises(AuthorityUnavailable):
        TrustDirectory(tmp_path).trust()


def test_names_are_compared_as_their_bytes() -> None:
    assert name("a") != name("A")
