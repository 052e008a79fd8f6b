"""The servers that are measured, each in processes of its own: the ledger, its peer and the memory limit."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench import seed
from bench.limits import Cost, cost

ROOT = Path(__file__).parent.parent
WORKERS = 2
THREADS = 4
START_SECONDS_MAX = 60
_PEER_ENVIRONMENT = ROOT / "bench" / ".venv"
_REQUIREMENTS = ROOT / "bench" / "requirements.txt"


def run(*command: str, environment: Mapping[str, str], folder: Path = ROOT) -> str:
    """The output of a program. Exits with the program's errors where it fails."""
    done = subprocess.run(
        command, env=_environment(environment), cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a contender. All keep compiled modules: some have theirs already and would start faster."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **own}


class Checkout(NamedTuple):
    """A version of the program, which is driven through its `run.py` alone: its folder, and its Python."""

    folder: Path
    python: str


THIS = Checkout(ROOT, sys.executable)


class Contender:
    """A server that can be started and stopped, and the keys of its callers: usual, regular, heavy and staff."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], keys: Mapping[str, str]) -> None:
        self.name = name
        self.folder = folder
        self.environment = dict(environment)
        self.keys = keys
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.root = ROOT
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self, target: str) -> float:
        """Starts the server and asks for `target` until it is answered. Returns the seconds until then."""
        started = time.perf_counter()
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), env=_environment(self.environment), cwd=self.root, stdout=log, stderr=log
            )
        while time.perf_counter() < started + START_SECONDS_MAX:
            try:
                self.get(target)
            except OSError:
                assert self._process.poll() is None, (self.folder / f"{self.name}.log").read_text()
                time.sleep(0.005)
            else:
                return time.perf_counter() - started
        raise AssertionError(f"{self.name} does not answer {target}")

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)
            self._process = None

    def get(self, target: str, who: str = "regular") -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{target}",
            headers={"Authorization": f"Token {self.keys[who]}", "Host": "127.0.0.1"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            body: bytes = answer.read()
            return body

    def worker_bytes(self) -> list[int]:
        """The memory of each worker in bytes, with its share of shared memory (PSS), sorted."""
        return sorted(_pss(worker) for worker in self._workers())

    def cpu_seconds(self) -> float:
        """The processor seconds of the workers since their start."""
        return sum(_cpu_seconds(worker) for worker in self._workers())

    def _workers(self) -> list[int]:
        assert self._process
        master = self._process.pid
        return [int(worker) for worker in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    # proc(5): after the name in brackets comes field 3; user and system time are fields 14 and 15, in ticks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no Pss")


class Ledger(Contender):
    """`run.py serve` of this checkout or of another, on a ledger of its own."""

    def __init__(self, folder: Path, name: str = "ledger", checkout: Checkout = THIS) -> None:
        folder.mkdir(parents=True)
        super().__init__(name, folder, {"LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}"}, {})
        self.root, self._python = checkout

    def run(self, *arguments: str) -> str:
        """The output of the version's `run.py`."""
        return run(self._python, "run.py", *arguments, environment=self.environment, folder=self.root)

    def fill(self, lines: Path) -> Cost:
        """Imports these orders and makes the keys. Returns the cost of `run.py import`."""
        imported = cost(lambda: self.run("import", str(lines)))

        def key(*options: str) -> str:
            return self.run("token", "create", *options).strip()

        self.keys = {
            "usual": key("--customer", str(seed.USUAL)),
            "regular": key("--customer", str(seed.REGULAR)),
            "heavy": key("--customer", str(seed.HEAVY)),
            "staff": key("--scope", "orders:read", "--scope", "orders:write"),
        }
        return imported

    def copy(self, other: "Ledger") -> None:
        """Takes over another ledger's log, and makes views of its own."""
        for file in other.folder.glob("ledger.db*"):
            shutil.copyfile(file, self.folder / file.name)
        self.keys = other.keys
        self.run("rebuild")

    @property
    def file(self) -> Path:
        return self.folder / "ledger.db"

    def file_bytes(self) -> tuple[int, int]:
        """The sizes in bytes of the ledger and of its views."""
        return self.file.stat().st_size, (self.folder / "views.db").stat().st_size

    def command(self) -> Sequence[str]:
        options = ["--port", str(self.port), "--workers", str(WORKERS), "--threads", str(THREADS)]
        return [self._python, "run.py", "serve", *options]


class Limit(Contender):
    """The memory limit, with the bodies that another contender answers. `asked` has the targets, and whose key asks."""

    def __init__(self, folder: Path, of: Contender, asked: Sequence[tuple[str, str]]) -> None:
        super().__init__("limit", folder, {}, of.keys)
        # Falcon hides a slash at the end of a path from the application.
        bodies = {f"Token {of.keys[who]} {target.replace('/?', '?')}": of.get(target, who) for target, who in asked}
        self._bodies = folder / "bodies.msgpack"
        self._bodies.write_bytes(msgspec.msgpack.encode(bodies))

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "bench.memory", str(self._bodies), str(self.port)]


class Peer(Contender):
    """The Django REST Framework peer, filled with the same orders, in a Python environment of its own."""

    def __init__(self, folder: Path, lines: Path) -> None:
        folder.mkdir(parents=True)
        environment = {
            "PEER_DB": str(folder / "peer.db"),
            "DJANGO_SETTINGS_MODULE": "bench.peer.settings",
            # The server and its settings are the service's own, so the peer needs the service's packages, too.
            "PYTHONPATH": sysconfig.get_path("purelib"),
        }
        keys = run(python_of_peer(), "-m", "bench.peer.load", str(lines), environment=environment)
        super().__init__("peer", folder, environment, msgspec.json.decode(keys))

    def command(self) -> Sequence[str]:
        return [python_of_peer(), "-m", "bench.peer.serve", str(self.port)]


def checkout(folder: Path) -> Checkout:
    """The version of the program in a folder, with the environment that its `make .venv` makes."""
    python = folder.resolve() / ".venv" / "bin" / "python"
    if not python.exists():
        sys.exit(f"{folder} has no environment of its own; `make .venv` there makes it.")
    return Checkout(folder.resolve(), str(python))


def python_of_peer() -> str:
    """The Python that has Django and matplotlib, in an environment that is made where it is missing or outdated."""
    python = _PEER_ENVIRONMENT / "bin" / "python"
    made_of = _PEER_ENVIRONMENT / "requirements.txt"
    if not made_of.exists() or made_of.read_bytes() != _REQUIREMENTS.read_bytes():
        shutil.rmtree(_PEER_ENVIRONMENT, ignore_errors=True)
        print("making bench/.venv, for the peer and the plot", file=sys.stderr)
        run(sys.executable, "-m", "venv", str(_PEER_ENVIRONMENT), environment={})
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(_REQUIREMENTS)]
        run(str(python), "-m", "pip", "install", *options, environment={})
        shutil.copyfile(_REQUIREMENTS, made_of)
    return str(python)


def same(ours: Any, theirs: Any) -> bool:
    """Whether two answers are equal. An amount may be a number in one and text in the other."""
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[name]) for name, value in ours.items())
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, str) and not isinstance(ours, str | None):
        return float(theirs) == float(ours)
    return bool(ours == theirs)
