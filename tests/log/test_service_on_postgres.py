"""Does the program do on PostgreSQL all that it does on a file? And what it does there alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Service
from tests.postgres import Cluster


@pytest.fixture(scope="module")
def on_postgres(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("node")
    files = {"VIEWS": "views.db", "KEY": "ledger.key", "CHECKPOINTS": "checkpoints.txt"}
    own = {f"LEDGER_{name}": str(folder / file) for name, file in files.items()}
    url = cluster.url(cluster.new_database()).replace("postgres@", "postgres:secret@")
    line = {"items": [{"unit_price": "9"}], "customer": {"id": 7}}
    service = Service(folder, LEDGER_URL=url, **own)
    assert service.run("import", "-", stdin=json.dumps(line).encode()).returncode == 0
    assert service.run("key", "create").returncode == 0
    yield service.start()
    service.kill()


def made_key(service: Service, *scopes: str) -> str:
    """As an operator makes it, so that it stands in an event."""
    given = [part for scope in scopes for part in ("--scope", scope)]
    return service.run("token", "create", *given).stdout.decode().strip()


def test_every_command_works(on_postgres: Service, tmp_path: Path) -> None:
    for command in (
        ["checkpoint"],
        ["verify"],
        ["verify", "--mend-index"],
        ["clock"],
        ["rebuild"],
        ["export", "events"],
        ["export", "events", "--format", "csv"],
        ["export", "ocel", str(tmp_path / "log.sqlite")],
        ["export", "beancount"],
        ["token", "create", "--customer", "7", "--name", "mine"],
        ["token", "list"],
        ["token", "revoke", "mine"],
        ["migrate", "--to", f"sqlite:///{tmp_path}/copy.db"],
        ["postgres", "grants", "somebody"],
    ):
        done = on_postgres.run(*command)
        assert (command, done.returncode, done.stderr.count(b"Traceback")) == (command, 0, 0), done.stderr.decode()


def test_a_settlement_is_reconciled(on_postgres: Service, tmp_path: Path) -> None:
    staff = on_postgres.client(made_key(on_postgres, "orders:write"))
    payment = {"amount": "9.00", "reference": "pi_1", "provider": "p", "method": "card"}
    assert staff.post("/api/v1/orders/1/payments", json=payment).status_code == 201
    (tmp_path / "march.csv").write_text(
        "reference,kind,gross,fee,net,currency,occurred_at,order,payout\n"
        "pi_1,payment,9.00,0.30,8.70,USD,2026-03-01T09:00:00Z,,\n"
    )
    done = on_postgres.run("reconcile", str(tmp_path / "march.csv"), "--provider", "p", "--json")
    assert json.loads(done.stdout)["outcomes"]["matched"] == 1
    assert on_postgres.run("verify").returncode == 0


def test_no_password_is_shown(on_postgres: Service) -> None:
    assert "postgres:***@127.0.0.1" in on_postgres.log()
    away = Service(on_postgres.folder, LEDGER_URL="postgresql://u:secret@127.0.0.1:1/x")
    told = away.run("token", "list")
    assert (told.returncode, b"secret" in told.stderr) == (2, False)
    assert "secret" not in on_postgres.log()


def test_an_operator_is_warned_of_what_a_failover_would_lose(on_postgres: Service) -> None:
    assert "PostgreSQL has no synchronous standby" in on_postgres.log()
    assert "PostgreSQL has fsync off" in on_postgres.log()


def test_verify_reads_from_a_standby_and_waits_until_it_has_come_as_far(on_postgres: Service, cluster: Cluster) -> None:
    standby = Cluster(follows=cluster.port, name="standby").start()
    try:
        url = on_postgres.url.replace(cluster.host, standby.host)
        held = on_postgres.run("verify", "--standby", url)
        assert (held.returncode, held.stdout.splitlines()[-1]) == (0, b"everything holds"), held.stderr
        assert standby.do("SELECT pg_is_in_recovery()") == [(True,)]
    finally:
        standby.remove()
    for wrong in (url, "sqlite:///x.db"):
        told = on_postgres.run("verify", "--standby", wrong)
        assert (told.returncode, b"--standby" in told.stderr, b"secret" in told.stderr) == (2, True, False)


def test_a_command_that_is_answered_stands_in_the_lists_of_its_node_and_of_others_soon(
    on_postgres: Service, tmp_path: Path
) -> None:
    files = {"VIEWS": "views.db", "KEY": "none.key", "CHECKPOINTS": "checkpoints.txt"}
    other = Service(
        tmp_path, LEDGER_URL=on_postgres.url, **{f"LEDGER_{k}": str(tmp_path / v) for k, v in files.items()}
    )
    other.start()
    try:
        key = made_key(on_postgres, "orders:read", "orders:write")
        here, there = on_postgres.client(key), other.client(key)
        for _ in range(10):
            made = here.post("/api/v1/orders", json={"items": [{"unit_price": "1"}]})
            token, uuid = made.headers["Ledger-Position"], made.json()["uuid"]
            for client in (here, there):
                page = client.get(f"/api/v1/orders?limit=1&min_position={token}").json()
                assert page["results"][0]["uuid"] == uuid
            assert there.get(f"/api/v1/orders/{made.json()['id']}").status_code == 200
        on_postgres.run("token", "create", "--scope", "orders:read", "--name", "gone")
        assert there.get("/api/v1/orders", headers={"Authorization": "Bearer x"}).status_code == 401
    finally:
        other.kill()
