"""What is trusted: roots, each for whom and what it may vouch, and the revocation lists held.

The directory ``trust`` of a member: ``roots.json``, ``roots/*.pem`` and ``lists/*.crl``. Every use
looks, at most twice a second, whether a file has changed, so that what is revoked is refused
within a second by every process that reads the directory.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from identity.certificates.certificate import Certificate, read_pem
from identity.certificates.errors import AuthorityRefused, AuthorityUnavailable
from identity.certificates.purposes import Purpose
from identity.certificates.revocation import RevocationList, read_list
from identity.errors import IdentityError
from identity.private_files import write_private
from identity.strict_json import read_json

LOOK_SECONDS = 0.5
MAX_FILES = 512
MAX_INDEX_BYTES = 1024 * 1024


@dataclass(frozen=True, eq=False)
class Root:
    """A trusted root.

    Attributes:
        member: the one member it vouches for, ``0x`` hex; None for an outside root.
        purposes: what certificates under it are accepted for.
    """

    certificate: Certificate
    member: str | None
    purposes: frozenset[Purpose]


class Trust:
    """Roots and revocation lists as they stand at one moment."""

    def __init__(self, roots: Iterable[Root], lists: Iterable[RevocationList] = ()) -> None:
        self.roots = tuple(roots)
        self.lists = tuple(lists)
        self._by_subject: dict[bytes, list[Root]] = defaultdict(list)
        for root in self.roots:
            self._by_subject[root.certificate.subject].append(root)
        self._lists: dict[bytes, list[RevocationList]] = defaultdict(list)
        for each in self.lists:
            self._lists[each.issuer].append(each)

    def named(self, subject: bytes) -> Sequence[Root]:
        """Return the roots of this name (DER)."""
        return self._by_subject.get(subject, ())

    def lists_of(self, issuer: Certificate) -> Sequence[RevocationList]:
        """Return the lists under this issuer's name, not yet checked."""
        return self._lists.get(issuer.subject, ())


class TrustDirectory:
    """Reads a member's ``trust`` directory, again when it has changed; safe in several threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._looked = float("-inf")
        self._seen: object = None
        self._trust = Trust(())

    def trust(self) -> Trust:
        """Return what is trusted now; raises AuthorityUnavailable when it cannot be read."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            try:
                seen = _marks(self._directory)
            except OSError as error:
                raise AuthorityUnavailable(f"{self._directory} cannot be read.") from error
            if seen != self._seen:
                self._trust = load_trust(self._directory)
                self._seen = seen
            self._looked = now
        return self._trust


def load_trust(directory: Path) -> Trust:
    """Read the directory; one that is not there trusts nobody.

    Raises:
        AuthorityUnavailable: a file is unreadable, not of its form, or there are more than 512.
    """
    try:
        entries = _index(directory)
        roots = [
            Root(
                _one((directory / "roots" / entry["file"]).read_bytes()),
                entry["member"],
                frozenset(Purpose(each) for each in entry["purposes"]),
            )
            for entry in entries
        ]
        lists = [read_list(path.read_bytes()) for path in _list_files(directory)]
    except (OSError, ValueError, KeyError, TypeError, IdentityError) as error:
        raise AuthorityUnavailable(f"{directory} cannot be read as a trust directory.") from error
    return Trust(roots, lists)


def add_root(
    directory: Path, pem: bytes, member: str | None, purposes: Iterable[Purpose]
) -> Certificate:
    """Trust a root: for one member, or as an outside root; return its certificate.

    Raises:
        CertificateMalformed, CertificateRefused: it is no certificate of an accepted form.
        AuthorityRefused: it is not self-issued, is no authority, or is trusted already.
    """
    root = _one(pem)
    if root.issuer != root.subject or not root.extensions.authority:
        raise AuthorityRefused("A root is the certificate of an authority, issued by itself.")
    name = f"{root.key.id.hex()[:24]}.pem"
    entries = _index(directory)
    if any(entry["file"] == name for entry in entries):
        raise AuthorityRefused("This root is trusted already.")
    for each in (directory, directory / "roots", directory / "lists"):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / "roots" / name, root.parsed.public_bytes(Encoding.PEM))
    entries.append({"file": name, "member": member, "purposes": sorted(set(purposes))})
    index = {"trust": 1, "roots": entries}
    write_private(directory / "roots.json", json.dumps(index, indent=1).encode() + b"\n")
    return root


def add_list(directory: Path, name: str, der: bytes) -> RevocationList:
    """Keep a revocation list under ``name``; raises CertificateMalformed."""
    read = read_list(der)
    (directory / "lists").mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(directory / "lists" / f"{name}.crl", der)
    return read


def _one(pem: bytes) -> Certificate:
    found = read_pem(pem)
    if len(found) != 1:
        raise AuthorityRefused("A root's file holds one certificate.")
    return found[0]


def _index(directory: Path) -> list[dict[str, Any]]:
    path = directory / "roots.json"
    if not path.exists():
        return []
    with path.open("rb") as file:
        data = read_json(file.read(MAX_INDEX_BYTES))
    entries: list[dict[str, Any]] = data["roots"]
    if data["trust"] != 1 or any(Path(each["file"]).name != each["file"] for each in entries):
        raise ValueError("roots.json is of another format")
    return entries


def _list_files(directory: Path) -> list[Path]:
    files = sorted((directory / "lists").glob("*.crl"))
    if len(files) > MAX_FILES:
        raise AuthorityUnavailable(f"{directory} holds more than {MAX_FILES} lists.")
    return files


def _marks(directory: Path) -> object:
    marks = []
    for path in (directory / "roots.json", *_list_files(directory)):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        marks.append((path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return marks
