"""Certificates both ways with Debian's openssl: ours there, its own here."""

import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from support.authorities import NOW, Office, new_key, subject

from identity.certificates import assembling
from identity.certificates.assembling import Signatory
from identity.certificates.certificate import read_pem
from identity.certificates.errors import CertificateRefused, Reason, RevocationUnknown
from identity.certificates.path import Named, check_path
from identity.certificates.purposes import Kind, Purpose
from identity.certificates.requests import key_of_request
from identity.certificates.revocation import read_list
from identity.certificates.roots import Root, Trust
from identity.errors import IdentityError
from identity.signatures import sm2
from identity.signatures.algorithms import Curve, VerifyingKey
from identity.signatures.encoding import raw_from_der, raw_to_der
from identity.signatures.sm2 import Sm2Key

DISTID = "distid:1234567812345678"


def openssl(*arguments: str | Path, cwd: Path, fails: bool = False) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Office]:
    directory = tmp_path_factory.mktemp("member")
    return {scheme: Office.found(directory, scheme) for scheme in ("p256", "sm2")}


def lay_out(office: Office, pem: bytes, folder: Path) -> None:
    """Put root, path, and both revocation lists where openssl is run."""
    own = office.directory / "ca" / office.scheme
    (folder / "root.pem").write_bytes((own / "root.pem").read_bytes())
    (folder / "issuing.pem").write_bytes((own / "issuing.pem").read_bytes())
    (folder / "end.pem").write_bytes(pem)
    lists = b""
    for tier in ("issuing", "root"):
        der = (
            office.directory / "trust" / "lists" / f"own-{office.scheme}-{tier}.crl"
        ).read_bytes()
        lists += x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
    (folder / "lists.pem").write_bytes(lists)


VERIFY = ("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem")
LISTS = ("-crl_check_all", "-CRLfile", "lists.pem")


def test_openssl_takes_our_p256_path_with_its_lists_until_it_is_revoked(
    offices: dict[str, Office], tmp_path: Path
) -> None:
    office = offices["p256"]
    issued = office.issue(Kind.SERVICE)
    lay_out(office, issued.pem, tmp_path)
    purpose = ("-purpose", "sslserver", "-verify_hostname", "node.carrier.example")
    assert "OK" in openssl(*VERIFY, *LISTS, *purpose, "end.pem", cwd=tmp_path)
    openssl(*VERIFY, *LISTS, "-verify_hostname", "other", "end.pem", cwd=tmp_path, fails=True)
    openssl(*VERIFY, *LISTS, "-purpose", "smimesign", "end.pem", cwd=tmp_path, fails=True)
    office.authority.revoke(issued.serial, x509.ReasonFlags.superseded, NOW)
    lay_out(office, issued.pem, tmp_path)
    assert "revoked" in openssl(*VERIFY, *LISTS, "end.pem", cwd=tmp_path, fails=True)


def test_openssl_takes_our_sm2_paths_under_the_stated_user_id_alone(
    offices: dict[str, Office], tmp_path: Path
) -> None:
    office = offices["sm2"]
    # openssl's -vfyopt speaks of the certificate it is given alone, so each step is its own.
    step = ("verify", "-x509_strict", "-partial_chain", "-trusted")
    for kind in (Kind.ACTS, Kind.ENCRYPTION):
        lay_out(office, office.issue(kind).pem, tmp_path)
        for issuer, name in (("issuing.pem", "end.pem"), ("root.pem", "issuing.pem")):
            assert "OK" in openssl(*step, issuer, "-vfyopt", DISTID, name, cwd=tmp_path)
            openssl(*step, issuer, name, cwd=tmp_path, fails=True)
    assert "SM2-with-SM3" in openssl("x509", "-in", "end.pem", "-noout", "-text", cwd=tmp_path)


def test_openssl_reads_our_sm2_revocation_list(offices: dict[str, Office], tmp_path: Path) -> None:
    office = offices["sm2"]
    issued = office.issue(Kind.ACTS)
    office.authority.revoke(issued.serial, x509.ReasonFlags.key_compromise, NOW)
    lay_out(office, issued.pem, tmp_path)
    told = openssl("crl", "-in", "lists.pem", "-noout", "-text", cwd=tmp_path)
    assert f"{issued.serial:X}" in told.replace(":", "")
    assert "Key Compromise" in told


def test_openssl_verifies_an_sm2_signature_of_ours_and_we_one_of_its(tmp_path: Path) -> None:
    openssl("genpkey", "-algorithm", "SM2", "-out", "key.pem", cwd=tmp_path)
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem", cwd=tmp_path)
    pkcs8 = ("pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER")
    openssl(*pkcs8, "-out", "key.der", cwd=tmp_path)
    message = tmp_path / "message"
    message.write_bytes(b"bill of lading")
    sign = ("pkeyutl", "-rawin", "-digest", "sm3", "-pkeyopt", DISTID, "-in", "message")
    openssl(*sign, "-sign", "-inkey", "key.pem", "-out", "signature", cwd=tmp_path)
    private, public = read_openssl_key(tmp_path / "key.der")
    signature = raw_from_der((tmp_path / "signature").read_bytes(), sm2.ORDER)
    sm2.verify(public, b"bill of lading", signature)
    (tmp_path / "signature").write_bytes(
        raw_to_der(Sm2Key(private, public).sign(b"bill of lading"))
    )
    check = (*sign, "-verify", "-pubin", "-inkey", "public.pem", "-sigfile", "signature")
    openssl(*check, cwd=tmp_path)


def read_openssl_key(der: Path) -> tuple[bytes, bytes]:
    """Return the two halves of a PKCS#8 key."""
    from asn1crypto.keys import PrivateKeyInfo

    inner = PrivateKeyInfo.load(der.read_bytes())["private_key"].parsed
    return inner["private_key"].contents, inner["public_key"].native


ISSUING = """basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
END = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,nonRepudiation
extendedKeyUsage=emailProtection
subjectAltName=URI:urn:lading:subject:li
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
CA = """[ca]
default_ca=own
[own]
database=index.txt
crlnumber=number
default_md={md}
default_crl_days=7
crl_extensions=extensions
[extensions]
authorityKeyIdentifier=keyid
"""
KEYS = {
    "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
    "ed25519": ("-algorithm", "ED25519"),
    "sm2": ("-algorithm", "SM2"),
}
DIGESTS = {"p256": "sha256", "rsa": "sha256", "ed25519": "default", "sm2": "sm3"}


class Outside:
    """A root, an authority and a person's certificate that openssl made."""

    def __init__(self, folder: Path, scheme: str) -> None:
        self.folder, self.scheme = folder, scheme
        self.options = ("-sigopt", DISTID) if scheme == "sm2" else ()
        digest = DIGESTS[scheme]
        self.digest = () if digest == "default" else (f"-{digest}",)
        (folder / "issuing.cnf").write_text(ISSUING)
        (folder / "end.cnf").write_text(END)
        (folder / "ca.cnf").write_text(CA.format(md=digest))
        (folder / "index.txt").write_text("")
        (folder / "number").write_text("01\n")
        for name in ("root", "issuing", "end"):
            self.run("genpkey", *KEYS[scheme], "-out", f"{name}.key")
            request = ("-out", f"{name}.csr", "-subj", f"/O=Outside/CN={name}", "-utf8")
            self.run("req", "-new", "-key", f"{name}.key", *request, *self.signing)
        self.certify("root", "issuing.cnf", "-signkey", "root.key")
        self.certify("issuing", "issuing.cnf", "-CA", "root.pem", "-CAkey", "root.key")
        self.certify("end", "end.cnf", "-CA", "issuing.pem", "-CAkey", "issuing.key")
        self.write_lists()

    @property
    def signing(self) -> tuple[str, ...]:
        return (*self.digest, *self.options)

    def run(self, *arguments: str) -> str:
        return openssl(*arguments, cwd=self.folder)

    def certify(self, name: str, extensions: str, *by: str) -> None:
        made = ("-in", f"{name}.csr", "-out", f"{name}.pem", "-days", "30", "-extfile", extensions)
        vfyopt = ("-vfyopt", DISTID) if self.scheme == "sm2" else ()
        if name == "root":
            (self.folder / "root.cnf").write_text(
                (self.folder / extensions).read_text().replace("pathlen:0", "pathlen:1")
            )
            made = (*made[:-1], "root.cnf")
        serial = ("-set_serial", f"0x5a5a5a5a5a5a5a5a{len(name):02x}")
        self.run("x509", "-req", *made, *by, *serial, *self.signing, *vfyopt)

    def write_lists(self) -> None:
        for name in ("root", "issuing"):
            made = ("-keyfile", f"{name}.key", "-cert", f"{name}.pem", "-out", f"{name}.crl.pem")
            self.run("ca", "-config", "ca.cnf", "-gencrl", *made, *self.options)
            self.run("crl", "-in", f"{name}.crl.pem", "-outform", "DER", "-out", f"{name}.crl")

    def trust(self, lists: bool = True) -> Trust:
        (root,) = read_pem((self.folder / "root.pem").read_bytes())
        found = [read_list((self.folder / f"{n}.crl").read_bytes()) for n in ("root", "issuing")]
        return Trust([Root(root, None, frozenset({Purpose.PERSON}))], found if lists else [])

    def chain(self):
        return [
            read_pem((self.folder / f"{name}.pem").read_bytes())[0] for name in ("end", "issuing")
        ]


@pytest.fixture(scope="module", params=["p256", "rsa", "ed25519", "sm2"])
def outside(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outside:
    return Outside(tmp_path_factory.mktemp(request.param), request.param)


def test_a_path_that_openssl_made_counts_here(outside: Outside) -> None:
    at = int(time.time())
    checked = check_path(outside.chain(), outside.trust(), at, Purpose.PERSON, Named(subject="li"))
    assert checked.subjects == {"li"}
    with pytest.raises(CertificateRefused):
        check_path(outside.chain(), outside.trust(), at, Purpose.SERVER)
    with pytest.raises(CertificateRefused):
        check_path(outside.chain(), outside.trust(), at, Purpose.PERSON, Named(subject="lu"))


def test_without_its_lists_it_does_not_count(outside: Outside) -> None:
    with pytest.raises(RevocationUnknown):
        check_path(outside.chain(), outside.trust(False), int(time.time()), Purpose.PERSON)


def test_what_openssl_revoked_is_refused_here(outside: Outside) -> None:
    end = outside.chain()[0]
    expiry = end.parsed.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
    row = f"R\t{expiry}\t261101000000Z,keyCompromise\t{end.serial:X}\tunknown\t/CN=end\n"
    (outside.folder / "index.txt").write_text(row)
    outside.write_lists()
    with pytest.raises(CertificateRefused) as refused:
        check_path(outside.chain(), outside.trust(), int(time.time()), Purpose.PERSON)
    assert refused.value.reason is Reason.REVOKED
    (outside.folder / "index.txt").write_text("")
    outside.write_lists()


def test_a_request_that_openssl_made_is_certified_here(
    outside: Outside, offices: dict[str, Office]
) -> None:
    key = key_of_request((outside.folder / "end.csr").read_bytes())
    scheme, kind = ("sm2", Kind.ACTS) if outside.scheme == "sm2" else ("p256", Kind.PERSON)
    issued = offices[scheme].authority.issue(kind, subject(kind), key, NOW)
    offices[scheme].check(issued, kind)
    outside.run("req", "-in", "end.csr", "-outform", "DER", "-out", "end.der")
    damaged = bytearray((outside.folder / "end.der").read_bytes())
    damaged[-1] ^= 1
    with pytest.raises(IdentityError):
        key_of_request(bytes(damaged))


def test_openssl_takes_a_request_of_ours(tmp_path: Path) -> None:
    key = Sm2Key.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "li")]).public_bytes()
    der = assembling.request(Signatory(name, VerifyingKey(Curve.SM2, key.public), key))
    (tmp_path / "request.der").write_bytes(der)
    told = openssl(
        "req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-vfyopt", DISTID,
        cwd=tmp_path,
    )  # fmt: skip
    assert "verify OK" in told
    assert key_of_request(der) == VerifyingKey(Curve.SM2, key.public)


def test_openssls_certificate_for_our_key_counts(outside: Outside) -> None:
    """The certified key stays ours: openssl issues for a request that we signed."""
    if outside.scheme != "sm2":
        return
    key = Sm2Key.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "li")]).public_bytes()
    der = assembling.request(Signatory(name, VerifyingKey(Curve.SM2, key.public), key))
    (outside.folder / "ours.der").write_bytes(der)
    outside.run("req", "-inform", "DER", "-in", "ours.der", "-out", "ours.csr")
    outside.certify("ours", "end.cnf", "-CA", "issuing.pem", "-CAkey", "issuing.key")
    (ours,) = read_pem((outside.folder / "ours.pem").read_bytes())
    chain = [ours, outside.chain()[1]]
    checked = check_path(chain, outside.trust(), int(time.time()), Purpose.PERSON)
    assert checked.key == VerifyingKey(Curve.SM2, key.public)
    assert new_key("sm2") != checked.key
