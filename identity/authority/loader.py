"""The authority file as it is now: one ``stat`` per use, so that a change counts at once.

Every process of the member has one. A file may only be followed by one that its administrators
signed and whose number is higher; a file that is damaged, taken away or put back leaves nobody
allowed until it is mended, and never turns the rules off.
"""

from pathlib import Path
from threading import Lock

from identity.authority.file import MAX_FILE_BYTES, AuthorityFile, parse
from identity.authority.signing import check_follows, check_signed, fingerprint
from identity.errors import AuthorityFileRefused, AuthorityFileUnavailable, IdentityError
from identity.policy.decide import Actor


class Authority:
    """A member's authority; safe to use from several threads.

    Args:
        member: its id, ``0x`` hex.
        pinned: the administrators' fingerprint (``signing.fingerprint``), where a file must be
            there; None: without a file there are no limits and no approvals.
        least: the number that was in force at the last installation; none before it counts.
    """

    def __init__(self, path: Path, member: str, pinned: str | None = None, least: int = 0) -> None:
        self._path = path
        self._member = member
        self._pinned = pinned
        self._least = least
        self._lock = Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._file: AuthorityFile | None = None
        self._wrong: AuthorityFileUnavailable | None = None
        self._seen = path.exists()  # from now on it may not go missing

    def current(self) -> AuthorityFile | None:
        """Return the file in force; None where the member has none and needs none.

        Raises: AuthorityFileUnavailable: nobody may do anything; ``reason`` is a code.
        """
        try:
            status = self._path.stat()
        except OSError as error:
            if not self._seen and self._pinned is None and isinstance(error, FileNotFoundError):
                return None
            raise AuthorityFileUnavailable("The authority file is not there.") from error
        self._seen = True
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            if stamp != self._stamp:
                self._read()
                self._stamp = stamp
            if self._wrong is not None:
                raise self._wrong
            return self._file

    def actor(self, subject: str, roles: frozenset[str]) -> Actor:
        """Return the subject as the policy judges it: by the file alone, where there is one.

        Raises: AuthorityFileUnavailable.
        """
        file = self.current()
        return Actor(self._member, subject, roles) if file is None else file.actor(subject)

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                found = parse(file.read(MAX_FILE_BYTES), self._file)
            self._check(found)
        except IdentityError as error:
            self._wrong = AuthorityFileUnavailable(error.message, reason=error.code)
        except OSError:
            self._wrong = AuthorityFileUnavailable("The authority file cannot be read.")
        else:
            self._file, self._wrong = found, None

    def _check(self, found: AuthorityFile) -> None:
        if found.member != self._member:
            raise AuthorityFileRefused(
                "The authority file is another member's.", member=found.member
            )
        if self._file is not None:
            if found.content != self._file.content:
                check_follows(found, self._file)
            return
        check_signed(found)
        if found.number < self._least:
            raise AuthorityFileRefused("The authority file is older than one that was in force.")
        if self._pinned is not None and fingerprint(found) != self._pinned:
            raise AuthorityFileRefused(
                "The authority file has other administrators than are trusted."
            )
