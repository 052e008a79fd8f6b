"""Does a node serve through a pooler that keeps sessions, and refuse every other pooler with a clear message?"""

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from domain.log.postgres.connection import Connection, SessionsNotKept, must_keep_sessions
from tests.conftest import Service
from tests.log.test_service_on_postgres import made_key
from tests.ports import free_port
from tests.postgres import Cluster, files_in

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
ORDER = {"customer": {"id": 7}, "items": [{"unit_price": "9.00"}]}
Pooled = Callable[[str], str]


@pytest.fixture
def pooled(cluster: Cluster, tmp_path: Path) -> Iterator[Pooled]:
    """A function that starts PgBouncer with a `pool_mode` and returns the address of a new database through it."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    begun: list[subprocess.Popen[bytes]] = []

    def begin(mode: str) -> str:
        port, settings = free_port(), tmp_path / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port} user=postgres\n[pgbouncer]\nauth_type = any\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\npool_mode = {mode}\n"
        )
        for path in (tmp_path, *tmp_path.parents[:3]):  # PgBouncer refuses to run as root
            with suppress(PermissionError):
                path.chmod(0o755)
        user = {} if os.geteuid() else {"user": pwd.getpwnam("postgres").pw_uid, "extra_groups": []}
        with (tmp_path / "pgbouncer.log").open("wb") as log:
            begun.append(subprocess.Popen([PGBOUNCER, settings], stdout=log, stderr=log, cwd="/", **user))
        url = f"postgresql://postgres@127.0.0.1:{port}/{cluster.new_database()}"
        deadline = time.monotonic() + 10
        while True:
            try:
                psycopg.connect(url).close()
                return url
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (tmp_path / "pgbouncer.log").read_text()
                time.sleep(0.05)

    yield begin
    for each in begun:
        each.terminate()
        each.wait()


def test_a_node_serves_through_a_pooler_that_keeps_sessions(pooled: Pooled, tmp_path: Path) -> None:
    service = Service(tmp_path, LEDGER_URL=pooled("session"), **files_in(tmp_path)).begin().start()
    try:
        staff = service.client(made_key(service, "orders:read", "orders:write"))
        assert staff.post("/api/v1/orders", json=ORDER).status_code == 201
        assert staff.get("/api/v1/orders").json()["count"] == 1
    finally:
        service.kill()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_keeps_no_sessions_is_refused_by_every_command(pooled: Pooled, tmp_path: Path, mode: str) -> None:
    service = Service(tmp_path, LEDGER_URL=pooled(mode), **files_in(tmp_path))
    serve = ("serve", "--port", str(service.port))
    for command, said in (("import", "-"), 2), (serve, 2), (("token", "list"), 2), (("doctor",), 1):
        done = service.run(*command, stdin=json.dumps(ORDER).encode())
        told = (done.stdout + done.stderr).decode()
        assert (done.returncode, "pool_mode = session" in told, "Traceback" in told) == (said, True, False), told


def test_two_connections_that_are_one_to_the_server_are_no_sessions(cluster: Cluster) -> None:
    # A pooler that renames prepared statements shows one server connection as two.
    url = cluster.url(cluster.new_database())
    with closing(Connection(url)) as one, closing(Connection(url)) as other:
        must_keep_sessions(one, other)
        with pytest.raises(SessionsNotKept, match="pool_mode = session"):
            must_keep_sessions(one, one)
