"""Files that are whole or absent, whatever happens to the process or the power meanwhile.

A file is written beside its place, made durable, then named, and its directory made durable too.
What the operating system refuses is said in the words of the vault.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from node.documents.errors import VaultFull, VaultUnavailable

UNFINISHED_SUFFIX = ".unfinished"
ARRIVING_SUFFIX = ".arriving"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def create(path: Path) -> int:
    """Create ``path`` (0600), which may not exist yet; return a descriptor to write to."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def name_durably(written: Path, place: Path) -> None:
    """Give a file that is durable already its name, durably."""
    written.rename(place)
    sync_directory(place.parent)


def remove_durably(path: Path) -> None:
    """Remove a file for good; one that is not there is as good as removed."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Say in the node's words what the operating system refused.

    Raises: VaultFull, VaultUnavailable.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise VaultFull("The disk of the vault is full; nothing was kept.") from error
        raise VaultUnavailable(
            "The vault cannot be used.", reason=os.strerror(error.errno or 0)
        ) from error
