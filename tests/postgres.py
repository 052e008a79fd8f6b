"""A PostgreSQL for the tests: started in a temporary folder and on a free port, by a user who is not root."""

import atexit
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.ports import free_port

SETTINGS = ("fsync=off", "max_connections=200")
MISSING = "PostgreSQL is not installed (Debian: apt-get install postgresql)"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's `initdb` and `postgres`, or None."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    return debian[-1] if debian else Path(found).resolve().parent if found else None


def _nobody() -> dict[str, Any]:
    """The user that the server runs as, as options of a process: the server refuses root."""
    if os.geteuid():
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Cluster:
    """One server: a primary, or a standby that follows the server at a port."""

    def __init__(self, *settings: str, follows: int | None = None, name: str = "primary") -> None:
        found = programs()
        if found is None:
            pytest.skip(MISSING)
        self._programs = found
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-postgres-"))
        self._data, self.port, self.name = self.folder / "data", free_port(), name
        self._settings = settings
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        if not os.geteuid():
            os.chown(self.folder, _nobody()["user"], _nobody()["group"])
        if follows is None:
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        else:
            origin = f"host=127.0.0.1 port={follows} user=postgres application_name={name}"
            self._run("pg_basebackup", "-D", self._data, "-d", origin, "-R", "-c", "fast", "-N")

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._programs / program, *map(str, arguments)], capture_output=True, check=False, cwd="/", **_nobody()
        )
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> "Cluster":
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder}
        given = [f"{name}={value}" for name, value in settings.items()]
        options = [part for each in (*given, *SETTINGS, *self._settings) for part in ("-c", each)]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **_nobody(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.do("SELECT 1")
                return self
            except psycopg.OperationalError:
                assert self._server.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server. SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(timeout=30)

    def remove(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@{self.host}/{database}"

    def do(self, sql: Any, *values: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Runs a statement as an operator would."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(sql, values or None)
            return found.fetchall() if found.description else []

    def keep(self, database: str) -> str:
        """Copies a database as it is now. Returns the copy's name."""
        copy = f"{database}_kept_{next(self._numbers)}"
        self._end_connections(database)
        self.do(f"CREATE DATABASE {copy} TEMPLATE {database}")
        return copy

    def go_back(self, database: str, copy: str) -> None:
        """Puts a copy in the place of a database.

        Clients then see an older state, as after a standby that was behind took over.
        """
        self.do(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        self._end_connections(database)
        self.do(f"DROP DATABASE {database}")
        self.do(f"ALTER DATABASE {copy} RENAME TO {database}")

    def _end_connections(self, database: str) -> None:
        self.do("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", database)

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"ledger_{next(self._numbers)}"
        self.do(f"CREATE DATABASE {name}")
        return name


_FILES = {
    "VIEWS": "views.db",
    "KEY": "ledger.key",
    "CHECKPOINTS": "checkpoints.txt",
    "WEBHOOKS": "webhooks.db",
    "MASTER": "master.key",
    "ERASURES": "erasures.txt",
    "ACCESSES": "accesses.txt",
}
# The engine of ledgers in tests that name none (`make test-postgres`).
ENGINE = os.environ.get("TEST_LEDGERS_ON", "sqlite")
# `tests/watched.py` finds requests that wait for PostgreSQL on the event loop.
PROGRAM = "run.py" if ENGINE == "sqlite" else "tests/watched.py"
of_a_file = pytest.mark.skipif(ENGINE != "sqlite", reason="it is about a ledger that is a file")


def where_ledgers_are(folder: Path) -> dict[str, str]:
    """The settings of a service with its own files in a folder and a ledger of its own."""
    if ENGINE == "sqlite":
        return {"LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}"}
    return {"LEDGER_URL": _database_for(folder), **files_in(folder)}


def files_in(folder: Path) -> dict[str, str]:
    """The settings of a node with its own files in a folder."""
    return {f"LEDGER_{name}": str(folder / file) for name, file in _FILES.items()}


@cache
def _database_for(folder: Path) -> str:
    name = f"ledger_{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    _cluster_of_all().do(f"CREATE DATABASE {name}")
    return _cluster_of_all().url(name)


@cache
def _cluster_of_all() -> Cluster:
    made = Cluster().start()
    atexit.register(made.remove)
    return made
