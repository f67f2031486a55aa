"""A PostgreSQL server of the tests' own, from Debian's package."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

# It has what a URL and a template must escape.
PASSWORD = "s3cret/@:%{x}"


@dataclass(frozen=True)
class Server:
    """A running server, its files in a folder."""

    binaries: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return self.url_with(PASSWORD)

    def url_with(self, password: str) -> str:
        """The URL of its database, with that password."""
        return f"postgresql://sweeper:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"sweeps_{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute(f"CREATE DATABASE {name}".encode())
        return f"{self.url.removesuffix('postgres')}{name}"

    def run(self, binary: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, not as root, which they refuse."""
        root = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if is_root() else []
        command = [*root, str(self.binaries / binary), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Start and wait until it answers; nothing it does is to survive a crash of the machine."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self.run("pg_ctl", "start", "-w", "-s", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop at once, every connection lost."""
        self.run("pg_ctl", "stop", "-w", "-s", "-m", "fast")

    def wait_for_a_caller(self) -> None:
        """Wait, in place of the server, which has stopped, until someone calls it, and hang up."""
        with socket.create_server(("127.0.0.1", self.port)) as door:
            door.settimeout(60)
            door.accept()[0].close()


def binaries() -> Path | None:
    """Where Debian's newest server is, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


def is_root() -> bool:
    return os.geteuid() == 0


@contextmanager
def server(binaries: Path) -> Iterator[Server]:
    """Make a server, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # not below pytest's, which only its user may enter
    try:
        (folder / "password").write_text(PASSWORD + "\n")
        if is_root():
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            made = Server(binaries, folder, free.getsockname()[1])
        made.run("initdb", "-U", "sweeper", "-A", "scram-sha-256", f"--pwfile={folder}/password", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)
