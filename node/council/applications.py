"""What a council's node checks of an application before anybody decides on it.

It compares what the file says with itself, with the ledger's members and keys, and with the
profiles that are here. What no machine can see, the documents, it lists for a person to look at.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from sqlmodel import Session, col, select

from identity.acts.words import KeyPurpose, MemberStatus, Role
from identity.council.application import ADMISSION, RECOVERY, Application
from identity.profile.profile import Profile
from node.chain.network import Network
from node.errors import NodeError
from node.store.council_projections import CouncilSeat
from node.store.projections import Member, MemberKey

OK, LOOK, FAIL = "ok", "look", "fail"
MAX_AGE_SECONDS = 90 * 24 * 3600
CLOCK_SECONDS = 300


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: ``state`` is ok, look (for a person to judge) or fail."""

    what: str
    state: str
    says: str


@dataclass(frozen=True)
class Known:
    """What this node knows of the network: members' rows, and the profiles that are here."""

    members: dict[str, Member]
    profiles: dict[str, Profile]
    keys: set[str]

    @staticmethod
    def read(session: Session, profile_of: Callable[[str], Profile], given: set[str]) -> "Known":
        """Read it; ``profile_of`` raises NodeError for one that is not here.

        Args:
            given: the key ids that are asked about.
        """
        members = {row.id: row for row in session.exec(select(Member))}
        profiles: dict[str, Profile] = {}
        for member, row in members.items():
            if row.status == MemberStatus.ACTIVE:
                try:
                    profiles[member] = profile_of(member)
                except NodeError:
                    continue
        used = session.exec(select(MemberKey.key).where(col(MemberKey.key).in_(given))).all()
        seats = session.exec(select(CouncilSeat.key)).all()
        return Known(members, profiles, set(used) | {"0x" + "0" * 24 + key[2:] for key in seats})


def check(application: Application, network: Network, known: Known, now: int) -> list[Finding]:
    """Return everything that was checked, in order; one ``fail`` and it is not to be decided on."""
    found = [_standing(application, network, known), _made_at(application, now)]
    found += _names(application, known)
    found += [_credit_code(application, known), *_keys(application, known)]
    found += [*_certificates(application.profile, now), _endpoints(application, known)]
    if absent := sorted(set(_active(known)) - set(known.profiles) - {application.member}):
        says = f"Profiles of {len(absent)} members are not here: they were not compared."
        found.append(Finding("other profiles", LOOK, says))
    return [*found, *_documents(application)]


def _active(known: Known) -> list[str]:
    return [m for m, row in known.members.items() if row.status == MemberStatus.ACTIVE]


def _standing(application: Application, network: Network, known: Known) -> Finding:
    if application.network_id != network.network_id:
        return Finding("network", FAIL, "It is made for another network.")
    row = known.members.get(application.member)
    if application.kind == ADMISSION:
        if row is not None:
            return Finding("member", FAIL, "There is a member of this id.")
        return Finding("member", OK, f"No member has the id {application.member}.")
    if row is None or row.status == MemberStatus.LEFT:
        return Finding("member", FAIL, "There is no such member to recover.")
    if row.roles != int(application.roles):
        return Finding("member", FAIL, "The member has other roles.")
    return Finding("member", OK, "The member is one of the network, with these roles.")


def _made_at(application: Application, now: int) -> Finding:
    age = now - application.made_at
    when = datetime.fromtimestamp(application.made_at, UTC).isoformat()
    state = OK if -CLOCK_SECONDS <= age <= MAX_AGE_SECONDS else FAIL
    return Finding("made", state, f"It was made at {when}.")


def _names(application: Application, known: Known) -> Iterator[Finding]:
    ours = application.profile
    for what, name, at in (("name", ours.name_en, 0), ("name in Chinese", ours.name_zh, 1)):
        same = [m for m, p in _others(application, known) if _folded(p)[at] == _folded(ours)[at]]
        if same:
            yield Finding(what, FAIL, f"{name} is the name of the member {same[0]}.")
        else:
            yield Finding(what, LOOK, f"{name}: compare it with the business licence.")


def _credit_code(application: Application, known: Known) -> Finding:
    code = application.profile.credit_code
    if code is None:
        says = "None is stated: see by the documents that it is not registered in China."
        return Finding("credit code", LOOK, says)
    same = [m for m, p in _others(application, known) if p.credit_code == code]
    if same:
        return Finding("credit code", FAIL, f"{code} is that of the member {same[0]}.")
    return Finding("credit code", OK, f"{code} has its check character (GB 32100).")


def _keys(application: Application, known: Known) -> Iterator[Finding]:
    ids = [key for key, _ in application.keys]
    purposes = [purpose for _, purpose in application.keys]
    if len(set(ids)) != len(ids) or not {"act", "relay"} <= set(purposes):
        yield Finding("keys", FAIL, "A key stands twice, or there is no act or no relay key.")
    if used := sorted(set(ids) & known.keys):
        yield Finding("keys", FAIL, f"{used[0]} is or was a key of somebody on the ledger.")
    if unproved := application.unproved():
        yield Finding("key proofs", FAIL, f"Not shown to be held: {', '.join(unproved)}.")
    else:
        yield Finding("key proofs", OK, f"{len(ids)} keys and the message key have signed it.")
    witnesses = {"0x" + "0" * 24 + key.hex() for key in application.profile.witness_keys}
    named = {key for key, purpose in application.keys if purpose == "witness"}
    if witnesses != named:
        yield Finding("witness keys", FAIL, "Profile and application name different ones.")
    is_carrier = bool(application.roles & Role.CARRIER)
    numbered = KeyPurpose.NUMBERING.name.lower() in purposes
    expected = is_carrier if application.kind == ADMISSION else application.series is not None
    if numbered != expected:
        yield Finding("numbering key", FAIL, "A carrier names one, nobody else; see the series.")


def _certificates(profile: Profile, now: int) -> Iterator[Finding]:
    host = urlsplit(profile.peers_url).hostname or ""
    for der in profile.tls_certificates:
        yield _certificate("TLS certificate", der, now, host)
    for der in profile.certificate_authorities:
        yield _certificate("certificate authority", der, now, None)


def _certificate(what: str, der: bytes, now: int, host: str | None) -> Finding:
    try:
        certificate = x509.load_der_x509_certificate(der)
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        named = host is None or host in _names_of(certificate)
        issues = host is not None or _is_authority(certificate)
    except ValueError:
        return Finding(what, FAIL, "It is no certificate.")
    if not begins.timestamp() <= now <= ends.timestamp():
        return Finding(what, FAIL, f"It is valid from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}.")
    if not named or not issues:
        says = f"It does not name {host}." if not named else "It is no authority's."
        return Finding(what, FAIL, says)
    return Finding(what, OK, f"{certificate.subject.rfc4514_string()}, to {ends:%Y-%m-%d}.")


def _names_of(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return addresses | set(names.get_values_for_type(x509.DNSName))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca


def _endpoints(application: Application, known: Known) -> Finding:
    ours = application.profile.peers_url
    same = [m for m, p in _others(application, known) if p.peers_url == ours]
    if same:
        return Finding("endpoint", FAIL, f"{ours} is where the member {same[0]} is reached.")
    return Finding("endpoint", OK, f"It is reached at {ours}.")


def _documents(application: Application) -> Iterator[Finding]:
    if not application.documents:
        yield Finding("documents", LOOK, "It names none.")
    for each in application.documents:
        yield Finding("document", LOOK, f"{each.name}, {each.size} bytes, SHA-256 {each.sha256}")
    if application.kind == RECOVERY:
        says = "Make sure by another way that the organisation itself asks for new keys."
        yield Finding("recovery", LOOK, says)


def _others(application: Application, known: Known) -> list[tuple[str, Profile]]:
    return [(m, p) for m, p in known.profiles.items() if m != application.member]


def _folded(profile: Profile) -> tuple[str, ...]:
    """The names as one would take them for each other: width, case and spaces aside."""
    names = (profile.name_en, profile.name_zh)
    return tuple("".join(unicodedata.normalize("NFKC", n).casefold().split()) for n in names)
