"""Small file systems of their own: ext4 in a file, which can be filled to the last byte.

They need root, and a mount namespace of the run's own, so that nothing stays when it is killed.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

FILLER = "filler"


class Disk:
    """A disk of ``size_mb`` that is mounted over ``folder``.

    Args:
        image: the file that holds it; made here.
        folder: exists, and is empty or is hidden from now on.
    """

    def __init__(self, image: Path, folder: Path, size_mb: int) -> None:
        self.folder = folder
        self._filler = folder / FILLER
        with image.open("wb") as file:
            file.truncate(size_mb * 2**20)
        # No blocks kept back for root: full is full for everybody.
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True)
        (folder / "lost+found").rmdir()

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        """Take every byte that is left."""
        for chunk in (2**20, 4096):
            with suppress(OSError), self._filler.open("ab", buffering=0) as file:
                while file.write(bytes(chunk)) == chunk:
                    pass
        assert self.free_bytes == 0, f"{self.folder} has {self.free_bytes} bytes left"

    def free(self) -> None:
        """Give them back."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "-l", self.folder], check=False)
