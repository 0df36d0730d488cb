"""A member's certificate authorities: make them, issue, renew, revoke; whom else to trust.

They work on the member's directory and need no running process. The passphrase of the key stores
comes from LADING_KEYSTORE_PASSPHRASE.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.errors import UsageInvalid
from api.cli.output import AsJson, fields, show, table

if TYPE_CHECKING:
    from identity.certificates.authority import Authority, Issued

app = typer.Typer(no_args_is_help=True, help="Certificates of services, people and devices.")
Directory = Annotated[Path, typer.Argument(help="The member's directory.", file_okay=False)]
Scheme = Annotated[str, typer.Option(help="p256, or sm2 for the national profile.")]
Serial = Annotated[str, typer.Argument(help="The certificate's number, in hex.")]
Days = Annotated[int | None, typer.Option(help="How long it lasts; at most what its kind allows.")]
Out = Annotated[Path | None, typer.Option(help="Write the path, PEM, here.")]


@app.command()
def init(
    directory: Directory,
    member: Annotated[str, typer.Option(help="The member's id, 0x and 64 digits.")],
    organisation: Annotated[str, typer.Option(help="The company's name, as certificates show it.")],
    credit_code: Annotated[
        str | None, typer.Option(help="Its unified social credit code, 18 characters.")
    ] = None,
    scheme: Scheme = "p256",
    as_json: AsJson = False,
) -> None:
    """Make a root and below it the authority that issues; trust the root for this member."""
    from identity.certificates.authority import Authority
    from identity.keys.keystore import passphrase_from

    made = Authority.create(
        directory,
        scheme,
        passphrase_from(os.environ),
        member,
        organisation,
        int(time.time()),
        credit_code,
    )
    told = {tier: _told(made.certificate(tier).der) for tier in ("root", "issuing")}
    show({"scheme": scheme, **told}, as_json, fields)


@app.command()
def issue(
    directory: Directory,
    kind: Annotated[str, typer.Argument(help="service, person, device, acts or encryption.")],
    name: Annotated[str, typer.Argument(help="Who is meant inside the member.")],
    request: Annotated[
        Path | None, typer.Option(help="A PKCS#10 request; without one a key is made.")
    ] = None,
    keystore: Annotated[
        Path | None, typer.Option(help="The key store in which a key is made, under the name.")
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help="A service's host name.")] = None,
    days: Days = None,
    out: Out = None,
    scheme: Scheme = "p256",
    as_json: AsJson = False,
) -> None:
    """Certify a key: of a request, or one made here in a key store."""
    from identity.certificates.naming import Subject
    from identity.certificates.purposes import Kind
    from identity.certificates.requests import key_of_request

    if kind not in list(Kind):
        raise UsageInvalid("KIND_UNKNOWN", f"No certificates are for {kind}.", issue.__doc__ or "")
    if (request is None) == (keystore is None):
        raise UsageInvalid(
            "KEY_UNKNOWN", "It is not said which key is certified.", "Give --request or --keystore."
        )
    authority = _open(directory, scheme)
    subject = Subject(name, tuple(host or ()))
    if request is not None:
        key = key_of_request(_read(request))
    else:
        assert keystore is not None  # noqa: S101 (one of the two is given)
        key = _make_key(keystore, name, scheme)
    issued = authority.issue(Kind(kind), subject, key, int(time.time()), days)
    _hand_out(issued, out, as_json)


@app.command()
def renew(
    directory: Directory,
    serial: Serial,
    request: Annotated[
        Path | None, typer.Option(help="A request for another key; without one it stays.")
    ] = None,
    days: Days = None,
    out: Out = None,
    scheme: Scheme = "p256",
    as_json: AsJson = False,
) -> None:
    """Certify the same subject again; the old certificate counts until it ends or is revoked."""
    from identity.certificates.requests import key_of_request

    key = None if request is None else key_of_request(_read(request))
    issued = _open(directory, scheme).renew(_number(serial), int(time.time()), key, days)
    _hand_out(issued, out, as_json)


@app.command()
def revoke(
    directory: Directory,
    serial: Serial,
    reason: Annotated[
        str, typer.Option(help="As RFC 5280 names it, such as keyCompromise or superseded.")
    ] = "unspecified",
    scheme: Scheme = "p256",
    as_json: AsJson = False,
) -> None:
    """Revoke a certificate for good; this member's processes refuse it within a second."""
    from cryptography.x509 import ReasonFlags

    reasons = {each.value for each in ReasonFlags} - {"removeFromCRL", "certificateHold"}
    if reason not in reasons:
        raise UsageInvalid(
            "REASON_UNKNOWN", f"{reason} is no reason.", f"Use {', '.join(sorted(reasons))}."
        )
    _open(directory, scheme).revoke(_number(serial), ReasonFlags(reason), int(time.time()))
    show({"serial": serial, "revoked": reason}, as_json, fields)


@app.command()
def crl(
    directory: Directory,
    root: Annotated[bool, typer.Option(help="The root's list too; its key store is here.")] = False,
    scheme: Scheme = "p256",
    as_json: AsJson = False,
) -> None:
    """Write new revocation lists: every few days, or nothing of this authority counts any more."""
    from identity.certificates.roots import load_trust

    authority = _open(directory, scheme)
    authority.refresh(int(time.time()), root)
    trust = load_trust(directory / "trust")
    lists = [
        {"authority": tier, "number": each.number, "until": _time(each.next_update)}
        for tier in ("root", "issuing")
        for each in trust.lists_of(authority.certificate(tier))
    ]
    show(lists, as_json, lambda rows: table(rows, ["authority", "number", "until"]))


@app.command("import-root")
def import_root(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help="The root's certificate, PEM.")],
    purpose: Annotated[
        list[str], typer.Option(help="server, client, person, device, acts or encryption.")
    ],
    member: Annotated[
        str | None, typer.Option(help="The one member it vouches for; none for an outside root.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trust a root for some uses; its revocation lists are brought with import-list."""
    from identity.certificates.naming import check_member
    from identity.certificates.purposes import Purpose
    from identity.certificates.roots import add_root

    wrong = set(purpose) - set(Purpose)
    if wrong:
        raise UsageInvalid(
            "PURPOSE_UNKNOWN", f"{sorted(wrong)[0]} is no use.", "See lading ca import-root --help."
        )
    vouches = None if member is None else check_member(member)
    uses = [Purpose(each) for each in purpose]
    root = add_root(directory / "trust", _read(file), vouches, uses)
    show({"trusted": _told(root.der)}, as_json, fields)


@app.command("import-list")
def import_list(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help="A revocation list, DER or PEM.")],
    as_json: AsJson = False,
) -> None:
    """Take a revocation list in; an issuer's newest counts."""
    from asn1crypto import pem

    from identity.certificates.errors import CertificateMalformed
    from identity.certificates.roots import add_list

    data = _read(file)
    try:
        der = pem.unarmor(data)[2] if pem.detect(data) else data
    except ValueError as error:
        raise CertificateMalformed("The file holds no revocation list.") from error
    name = hashlib.sha256(der).hexdigest()[:24]
    read = add_list(directory / "trust", name, der)
    show({"number": read.number, "until": _time(read.next_update)}, as_json, fields)


@app.command("show")
def show_authority(directory: Directory, scheme: Scheme = "p256", as_json: AsJson = False) -> None:
    """Show what the authority has issued, until when it counts, and what is revoked."""
    from identity.certificates.authority import Authority

    register = Authority(directory, scheme, "").register()
    rows: list[dict[str, Any]] = [
        {
            "serial": f"{each.serial:x}",
            "kind": str(each.kind),
            "name": each.subject.inside,
            "until": _time(each.valid_until),
            "revoked": _time(register.revoked[each.serial].at)
            if each.serial in register.revoked
            else None,
        }
        for each in register.issued.values()
    ]
    show(rows, as_json, lambda all_: table(all_, ["serial", "kind", "name", "until", "revoked"]))


@app.command()
def check(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help="The path, PEM, the end first.")],
    purpose: Annotated[str, typer.Option(help="What it is shown for.")],
    member: Annotated[str | None, typer.Option(help="The member it must name.")] = None,
    name: Annotated[str | None, typer.Option(help="The person or device it must name.")] = None,
    host: Annotated[str | None, typer.Option(help="The host it must name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a certificate now, with revocation; says why it does not count, to its operator."""
    from identity.certificates.certificate import read_pem
    from identity.certificates.errors import CertificateRefused
    from identity.certificates.path import Named, check_path
    from identity.certificates.purposes import Purpose
    from identity.certificates.roots import load_trust

    if purpose not in list(Purpose):
        raise UsageInvalid(
            "PURPOSE_UNKNOWN", f"{purpose} is no use.", "See lading ca import-root --help."
        )
    trust = load_trust(directory / "trust")
    try:
        checked = check_path(
            read_pem(_read(file)),
            trust,
            int(time.time()),
            Purpose(purpose),
            Named(member, name, host),
        )
    except CertificateRefused as error:
        error.message = f"{error.message} Reason: {error.reason}."
        raise
    told = {
        "members": sorted(checked.members),
        "names": sorted(checked.subjects),
        "key": checked.key.id.hex(),
        "until": _time(checked.valid_until),
        "revocation": checked.revocation,
    }
    show(told, as_json, fields)


def _open(directory: Path, scheme: str) -> Authority:
    from identity.certificates.authority import Authority
    from identity.keys.keystore import passphrase_from

    return Authority(directory, scheme, passphrase_from(os.environ))


def _make_key(path: Path, name: str, scheme: str) -> Any:
    from identity.certificates.authority import SCHEMES
    from identity.keys.keystore import Keystore, passphrase_from
    from identity.signatures.algorithms import VerifyingKey

    curve, kind = SCHEMES[scheme]
    passphrase = passphrase_from(os.environ)
    store = Keystore.open(path, passphrase) if path.exists() else Keystore.create(path, passphrase)
    return VerifyingKey(curve, store.add(name, kind, "certificate").public)


def _hand_out(issued: Issued, out: Path | None, as_json: bool) -> None:
    if out is not None:
        out.write_bytes(issued.pem)
    told = {**_told(issued.certificate), "file": None if out is None else str(out)}
    show(told, as_json, fields)


def _told(der: bytes) -> dict[str, str]:
    from identity.certificates.certificate import read

    certificate = read(der)
    return {
        "subject": certificate.parsed.subject.rfc4514_string(),
        "serial": f"{certificate.serial:x}",
        "key": certificate.key.id.hex(),
        "until": _time(certificate.valid_until),
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageInvalid(
            "FILE_UNREADABLE", f"{path} cannot be read.", "Give a file that is there."
        ) from error


def _number(serial: str) -> int:
    try:
        return int(serial, 16)
    except ValueError as error:
        raise UsageInvalid(
            "SERIAL_INVALID", "A certificate's number is in hex.", "See lading ca show."
        ) from error


def _time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
