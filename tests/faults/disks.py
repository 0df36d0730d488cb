"""Small file systems of their own: ext4 in a file, which can be filled to the last byte.

They need root, and a mount namespace of the run's own, so that nothing stays when it is killed.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILLER = "filler"
BLOCK = 4096


class Disk:
    """A disk of ``size_mb`` that is mounted over ``folder``, which keeps what is in it.

    Args:
        image: the file that holds it; made here.
    """

    def __init__(self, image: Path, folder: Path, size_mb: int) -> None:
        self.folder = folder
        with image.open("wb") as file:
            file.truncate(size_mb * 2**20)
        # No blocks kept back for root: full is full for everybody.
        subprocess.run(["mkfs.ext4", "-q", "-b", str(BLOCK), "-m", "0", "-F", image], check=True)
        mode = folder.stat().st_mode
        with tempfile.TemporaryDirectory() as kept:
            shutil.copytree(folder, Path(kept) / "all", symlinks=True)
            subprocess.run(["mount", "-o", "loop", image, folder], check=True)
            (folder / "lost+found").rmdir()
            shutil.copytree(Path(kept) / "all", folder, symlinks=True, dirs_exist_ok=True)
        folder.chmod(mode)

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def full(self) -> Iterator[None]:
        """Take every byte that is left, for the body."""
        try:
            with self._filler(0).open("wb") as file, suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, self.free_bytes)
            for number, chunk in enumerate((2**20, BLOCK, BLOCK)):
                with suppress(OSError), self._filler(number).open("ab", buffering=0) as file:
                    while file.write(bytes(chunk)) == chunk:
                        pass
            assert self.free_bytes == 0, f"{self.folder} has {self.free_bytes} bytes left"
            yield
        finally:
            for number in range(3):
                self._filler(number).unlink(missing_ok=True)

    def _filler(self, number: int) -> Path:
        return self.folder / f"{FILLER}-{number}"

    def close(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "-l", self.folder], check=False)
