"""PostgreSQL and Redis for tests: real servers from Debian's packages, ended by their pid."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

import node.node  # noqa: F401 - brings every table
from node.store.database import Database
from node.store.schema import upgrade

PAGE_BYTES = 8192
OWNER = "owner.pid"  # the tests' process, in the server's directory
TOOLS = Path(__file__).parents[2] / "tools"


class Server:
    """A server that ``tools/<name>`` starts in a directory of its own.

    The directory is beside pytest's, because a server may run as another user than the tests.
    """

    def __init__(self, name: str, pid_file: str) -> None:
        self.name = name
        for left in Path(tempfile.gettempdir()).glob(f"lading-{name}-*"):
            _end_if_orphaned(left, left / pid_file)
        self.directory = Path(tempfile.mkdtemp(prefix=f"lading-{name}-"))
        (self.directory / OWNER).write_text(str(os.getpid()))
        self.directory.chmod(0o755)
        self._pid_file = self.directory / pid_file
        self.url = ""

    @property
    def pid(self) -> int:
        """The main process's id."""
        return int(self._pid_file.read_text().split()[0])

    def start(self) -> None:
        """Start it, at the port that it had before; fails with what must be installed."""
        port = [str(make_url(self.url).port)] if self.url else []
        command = [TOOLS / self.name, "start", self.directory, *port]
        # A file and not a pipe: the server keeps what it is given open.
        with tempfile.TemporaryFile("w+") as said:
            started = subprocess.run(command, check=False, stdout=said, stderr=said, timeout=540)
            said.seek(0)
            text = said.read()
        assert started.returncode == 0, text
        self.url = text.splitlines()[-1]

    def stop(self) -> None:
        """Stop it in order."""
        subprocess.run([TOOLS / self.name, "stop", self.directory], check=True, timeout=60)

    def kill(self) -> None:
        """Kill it with -9 and wait until it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists() and "Z" not in _state(pid):
            time.sleep(0.02)

    def remove(self) -> None:
        """Take its directory away."""
        shutil.rmtree(self.directory)


class PostgreSQL(Server):
    """A PostgreSQL server with databases of this release's tables."""

    def __init__(self) -> None:
        super().__init__("postgresql", "data/postmaster.pid")
        self._template: str | None = None

    def create(self, *, upgraded: bool = True) -> str:
        """Return the URL of a new database, with this release's tables or empty."""
        name = f"test_{secrets.token_hex(6)}"
        template = "template0"
        if upgraded:
            self._template = self._template or self._make_template()
            template = self._template
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement as the server's owner."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def address(self, name: str) -> str:
        """The URL of the database ``name``."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def damage(self, url: str, table: str, row: str = "true") -> None:
        """Turn a bit on the disk, in the page of the first row for which the condition ``row`` is.

        The server is started again for it.
        """
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            found = connection.execute(
                f"SELECT pg_relation_filepath('{table}'), (ctid::text::point)[0]::int"  # type: ignore[arg-type]
                f" FROM {table} WHERE {row} LIMIT 1"
            ).fetchone()
        assert found is not None
        self.stop()
        path = self.directory / "data" / found[0]
        end = PAGE_BYTES * (found[1] + 1)
        assert path.stat().st_size >= end, f"{table} has no such page on the disk"
        flip_bit(path, end - 40)  # rows stand at a page's end
        self.start()

    def _make_template(self) -> str:
        database = Database(self.create(upgraded=False))
        upgrade(database)
        database.close()
        name = make_url(database.url).database
        assert name is not None
        return name


class Redis(Server):
    """A Redis server that keeps nothing on disk."""

    def __init__(self) -> None:
        super().__init__("redis", "redis.pid")


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Run ``server`` for the body, and remove it after."""
    try:
        server.start()
        yield
        server.stop()
    finally:
        server.remove()


def flip_bit(path: Path, offset: int) -> None:
    """Turn one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))
        file.flush()
        os.fsync(file.fileno())


def _end_if_orphaned(directory: Path, pid_file: Path) -> None:
    """End a server whose tests were killed before they could, and remove it."""
    try:
        if Path(f"/proc/{int((directory / OWNER).read_text())}").exists():
            return
        if pid_file.exists():
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    except ProcessLookupError:
        pass
    except (OSError, ValueError):
        return  # it is being made, or is somebody else's
    shutil.rmtree(directory, ignore_errors=True)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
