"""Does the program do on PostgreSQL all that it does on a file? Also its claims for PostgreSQL alone."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from statistics import median

import psycopg
import pytest

from domain.ledger import OrderLedger
from domain.log.opening import open_log, postgres_grants
from domain.log.postgres.transaction import CHANNEL
from tests.api.test_streams import AUDIT, stream
from tests.conftest import ME, Client, Service, do, new_order
from tests.postgres import Cluster, files_in
from tests.privacy.conftest import MINA, TOM, WORDS, found_in
from tests.proxy import Proxy
from tests.waiting import until


@pytest.fixture(scope="module")
def on_postgres(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("node")
    url = cluster.url(cluster.new_database()).replace("postgres@", "postgres:secret@")
    line = {"items": [{"unit_price": "9"}], "customer": {"id": 7}}
    service = Service(folder, LEDGER_URL=url, **files_in(folder))
    assert service.run("import", "-", stdin=json.dumps(line).encode()).returncode == 0
    assert service.run("key", "create").returncode == 0
    yield service.start()
    service.kill()


def made_key(service: Service, *scopes: str) -> str:
    """A key made by `token create`, which records it as an event."""
    given = [part for scope in scopes for part in ("--scope", scope)]
    return service.run("token", "create", *given).stdout.decode().strip()


def test_every_command_works(on_postgres: Service, tmp_path: Path) -> None:
    for command in (
        ["checkpoint"],
        ["key", "rotate"],
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
        ["keys", "status"],
        ["keys", "rotate"],
        ["retention"],
        ["privacy", "hold"],
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


def test_an_operator_is_warned_where_a_failover_would_lose_records(on_postgres: Service) -> None:
    assert "PostgreSQL has no synchronous standby" in on_postgres.log()
    assert "PostgreSQL has fsync off" in on_postgres.log()


def test_an_operator_is_warned_of_too_few_connections(cluster: Cluster, tmp_path: Path) -> None:
    database = cluster.new_database()
    service = Service(tmp_path, workers=1, LEDGER_URL=cluster.url(database), **files_in(tmp_path)).begin()
    cluster.do(f"ALTER DATABASE {database} CONNECTION LIMIT 9")
    service.start().stop()
    assert "PostgreSQL gives this role 9 connections, and the workers here may need 10" in service.log()


def test_no_second_key_is_made_on_a_node_of_a_ledger_that_another_signs(on_postgres: Service, tmp_path: Path) -> None:
    assert on_postgres.run("checkpoint").returncode == 0
    master = {"LEDGER_MASTER": str(on_postgres.folder / "master.key")}
    node = Service(tmp_path, LEDGER_URL=on_postgres.url, **files_in(tmp_path) | master)
    advised = node.run("doctor").stdout
    assert (b"key create" in advised, b"this machine signs nothing" in advised) == (False, True)
    told = node.run("key", "create")
    assert (told.returncode, b"is signed already" in told.stderr) == (2, True)
    assert not (tmp_path / "ledger.key").exists()


def test_a_backup_of_a_node_is_not_taken_for_one_of_the_log(
    on_postgres: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own tools copy the log; neither `backup` nor Litestream does."""
    monkeypatch.chdir(tmp_path)  # the node's backups are noted in var/ below the working folder
    without = " ".join(on_postgres.run("doctor").stdout.decode().split())
    assert "there was none `run.py backup DIR`, daily, and let PostgreSQL's own tools copy the log" in without
    assert "Litestream" not in without
    assert on_postgres.run("backup", str(tmp_path / "backup")).returncode == 0
    assert f"in {tmp_path / 'backup'}, without the log" in on_postgres.run("doctor").stdout.decode()


@pytest.mark.parametrize("rights", ["not one", "to read", "of the log without its data keys"])
def test_a_role_without_the_rights_is_told_in_one_line_who_has_them(
    on_postgres: Service, cluster: Cluster, tmp_path: Path, rights: str
) -> None:
    database, role = on_postgres.url.rpartition("/")[2], rights.replace(" ", "_")
    cluster.do(f"CREATE ROLE {role} LOGIN")
    if rights == "to read":
        for schema in ("order_ledger", "order_ledger_keys"):
            cluster.do(f"GRANT USAGE ON SCHEMA {schema} TO {role}", database=database)
            cluster.do(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}", database=database)
    if rights.startswith("of the log"):
        cluster.do(postgres_grants(role).partition("-- The data keys")[0], database=database)
    master = {"LEDGER_MASTER": str(on_postgres.folder / "master.key")}
    node = Service(tmp_path, LEDGER_URL=cluster.url(database, user=role), **files_in(tmp_path) | master)
    for command in (["token", "create", "--customer", "1"], ["import", "-"], ["serve", "--port", str(node.port)]):
        told = node.run(*command, stdin=b"{}")
        assert (command, told.returncode in (1, 2)) == (command, True)
        *_, line = told.stderr.decode().splitlines()
        assert line.startswith("error: "), told.stderr
        assert "permission denied for" in line
        assert "`run.py postgres grants ROLE` prints what a role needs" in line


def test_a_role_without_rights_on_webhooks_serves_and_says_so_less_and_less_often(
    on_postgres: Service, cluster: Cluster, tmp_path: Path
) -> None:
    database, role = on_postgres.url.rpartition("/")[2], "of_an_older_version"
    cluster.do(f"CREATE ROLE {role} LOGIN")
    cluster.do(postgres_grants(role), database=database)
    cluster.do(f"REVOKE ALL ON order_ledger.webhooks, order_ledger.deliveries FROM {role}", database=database)
    master = {"LEDGER_MASTER": str(on_postgres.folder / "master.key")}
    files = files_in(tmp_path) | master
    node = Service(tmp_path, workers=1, LEDGER_URL=cluster.url(database, user=role), **files)
    on_postgres.stop()  # which has the turn of all nodes
    try:
        node.start()
        until(lambda: node.log().count("webhooks are not delivered: permission denied") > 1)
        time.sleep(3)
        assert node.log().count("webhooks are not delivered") < 5
        assert "Traceback" not in node.log()
    finally:
        node.kill()
        on_postgres.start()


def test_a_standby_alone_is_no_place_to_serve_from_and_the_message_says_so(
    on_postgres: Service, cluster: Cluster, tmp_path: Path
) -> None:
    standby = Cluster(follows=cluster.port, name="alone").start()
    try:
        url = on_postgres.url.replace(cluster.host, standby.host)
        for address in (url, f"{url}?target_session_attrs=any"):
            node = Service(tmp_path, **on_postgres.environment | {"LEDGER_URL": address})
            told = node.run("token", "create", "--customer", "1")
            assert (told.returncode in (1, 2), b"should name the primary" in told.stderr) == (True, True), told.stderr
    finally:
        standby.remove()


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
    master = {"LEDGER_MASTER": str(on_postgres.folder / "master.key")}
    other = Service(tmp_path, LEDGER_URL=on_postgres.url, **files_in(tmp_path) | master)
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


def test_the_workers_of_a_node_tell_of_appends_by_one_id(on_postgres: Service) -> None:
    """So none of them reads another's records back: the worker that appends feeds the node's views itself."""
    key, ids = made_key(on_postgres, "orders:write"), defaultdict(set)
    with psycopg.connect(on_postgres.url, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        for _ in range(200):
            made = on_postgres.client(key).post("/api/v1/orders", json={"items": [{"unit_price": "1"}]})
            assert made.status_code == 201
            for told in listener.notifies(timeout=0.05, stop_after=1):
                ids[told.pid].add(told.payload)
            if len(ids) == 2:
                break
    of_one, of_other = ids.values()
    assert of_one == of_other
    assert len(of_one) == 1


def test_a_key_is_revoked_on_a_node_too_that_is_making_its_views(on_postgres: Service, tmp_path: Path) -> None:
    master = {"LEDGER_MASTER": str(on_postgres.folder / "master.key")}
    other = Service(tmp_path, workers=1, LEDGER_URL=on_postgres.url, **files_in(tmp_path) | master).start()
    try:
        there = other.client(key := made_key(on_postgres, "orders:read"))
        assert there.get("/api/v1/orders").status_code == 200
        with (tmp_path / "views.db.lock").open("r+") as making:
            flock(making, LOCK_EX)
            (tmp_path / "views.db").unlink()
            time.sleep(1)  # the rebuild begins and waits for the lock
            assert there.get("/api/v1/orders").status_code == 503
            assert on_postgres.run("token", "revoke", key[:8]).returncode == 0
            until(lambda: there.get("/api/v1/orders").status_code == 401)
    finally:
        other.kill()


def test_a_live_follower_is_told_the_log_that_took_over_where_the_views_ran_ahead(
    cluster: Cluster, tmp_path: Path
) -> None:
    database = cluster.new_database()
    node = Service(tmp_path, workers=1, LEDGER_URL=cluster.url(database), **files_in(tmp_path))
    assert node.run("import", "-", stdin=json.dumps(MINA).encode()).returncode == 0
    staff = node.client(made_key(node, "orders:write", "audit:read"))
    kept = cluster.keep(database)
    node.start()
    try:
        with stream(staff, AUDIT) as live:
            gone = [created(staff) for _ in range(3)]
            assert [frame.data["order"] for frame in live.take(3)] == gone
            cluster.go_back(database, kept)
            stay = [created(staff) for _ in range(4)]
            assert [frame.data["order"] for frame in live.take(4)] == stay
    finally:
        node.kill()


def created(staff: Client) -> str:
    answer = staff.post("/api/v1/orders", json={"items": []})
    while answer.status_code == 503:
        answer = staff.post("/api/v1/orders", json={"items": []})
    return str(answer.json()["uuid"])


# --- personal data ---


def moved(service: Service, url: str, folder: Path) -> Service:
    """The service on a copy of its ledger, with other files and the same master key."""
    done = service.run("migrate", "--to", url)
    assert done.returncode == 0, done.stderr.decode()
    folder.mkdir(exist_ok=True)
    master = {"LEDGER_MASTER": service.environment.get("LEDGER_MASTER") or str(service.folder / "master.key")}
    return Service(folder, **{**files_in(folder), "LEDGER_URL": url, **master})


def billing_of(service: Service, order_id: int = 1) -> tuple[str | None, str | None]:
    staff = service.start().client(made_key(service, "orders:read"))
    try:
        order = staff.get(f"/api/v1/orders/{order_id}").json()
        return order["billing_address"], order["notes"]
    finally:
        service.kill()


def test_a_sealed_ledger_is_moved_to_postgresql_and_back_with_its_keys_and_erased_there(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "file").mkdir()
    file = Service(tmp_path / "file", LEDGER_URL=f"sqlite:///{tmp_path}/file/ledger.db")
    assert file.run("import", "-", stdin=json.dumps(MINA).encode() + b"\n" + json.dumps(TOM).encode()).returncode == 0
    assert file.run("privacy", "hold", "--customer", "8", "--reference", "LAW-1").returncode == 0
    node = moved(file, cluster.url(cluster.new_database()), tmp_path / "node")
    assert billing_of(node) == ("Neckarhalde 17", "ring at Schlossgarten")
    assert b"everything holds" in node.run("verify").stdout
    assert b"held since" in node.run("erase", "--customer", "8").stderr
    assert b"2 keys destroyed" in node.run("erase", "--customer", "7").stdout
    assert billing_of(node) == (None, None)
    copy = moved(node, f"sqlite:///{tmp_path}/back/ledger.db", tmp_path / "back")
    copy.environment["LEDGER_KEYS"] = str(tmp_path / "back" / "keys.db")
    assert billing_of(copy) == (None, None)
    assert billing_of(copy, 2)[0] == "1 Tailor Street"
    assert b"everything holds" in copy.run("verify").stdout
    assert b"customer:8 since" in copy.run("privacy", "hold").stdout


def test_a_copy_is_not_made_over_the_keys_of_another_ledger(cluster: Cluster, tmp_path: Path) -> None:
    url = cluster.url(cluster.new_database())
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        file = Service(tmp_path / name, LEDGER_URL=f"sqlite:///{tmp_path}/{name}/ledger.db").begin()
        done = file.run("migrate", "--to", url)
        assert done.returncode == (name == "two"), done.stderr
    assert b"has the keys of another ledger" in done.stderr


def test_data_keys_are_backed_up_apart_and_come_back_where_the_log_is_restored_alone(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "node").mkdir()
    database = cluster.new_database()
    node = Service(tmp_path / "node", LEDGER_URL=cluster.url(database), **files_in(tmp_path / "node"))
    assert node.run("import", "-", stdin=json.dumps(MINA).encode()).returncode == 0
    assert node.run("key", "create").returncode == 0
    done = node.run("backup", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    held = sorted(path.name for path in (tmp_path / "backup").rglob("*") if path.is_file())
    assert held == ["backup.json", "keys.db", "ledger.key", "settings.env"]
    # A dump by `pg_dump --schema=order_ledger` is without the keys' schema.
    cluster.do("DROP SCHEMA order_ledger_keys CASCADE", database=database)
    assert b"is missing" in node.run("token", "list").stderr
    (tmp_path / "new").mkdir()
    new = Service(
        tmp_path / "new",
        LEDGER_URL=cluster.url(database),
        **files_in(tmp_path / "new") | {"LEDGER_MASTER": str(tmp_path / "node" / "master.key")},
    )
    done = new.run("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    assert billing_of(new) == ("Neckarhalde 17", "ring at Schlossgarten")
    assert [word for word in WORDS if word in cluster.log().encode()] == []


def test_a_backups_data_keys_come_into_no_database_whose_log_is_not_theirs(cluster: Cluster, tmp_path: Path) -> None:
    """They would keep the right keys out; and tables made before the log comes back would be in its way."""
    nodes = {}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files = files_in(tmp_path / name) | {"LEDGER_MASTER": str(tmp_path / "master.key")}
        nodes[name] = Service(tmp_path / name, LEDGER_URL=cluster.url(cluster.new_database()), **files)
        assert nodes[name].run("import", "-", stdin=json.dumps(MINA).encode()).returncode == 0
        assert nodes[name].run("backup", str(tmp_path / f"backup of {name}")).returncode == 0
    database, empty = nodes["one"].url.rpartition("/")[2], cluster.new_database()
    cluster.do("DROP SCHEMA order_ledger_keys CASCADE", database=database)

    def restored(name: str, **settings: str) -> tuple[int, str]:
        new = Service(tmp_path, **nodes["one"].environment | files_in(tmp_path) | settings)
        done = new.run("restore", str(tmp_path / f"backup of {name}"))
        return done.returncode, done.stderr.decode()

    for name, settings, why in (
        ("two", {}, "has the keyring"),
        ("one", {"LEDGER_MASTER": str(tmp_path / "none")}, "there is no"),
        ("one", {"LEDGER_URL": cluster.url(empty)}, "bring the log back first"),
    ):
        status, told = restored(name, **settings)
        assert status == 1, told
        assert "nothing was restored" in told
        assert why in told
    assert cluster.do("SELECT * FROM order_ledger_keys.keyring", database=database) == []
    assert cluster.do("SELECT to_regnamespace('order_ledger')::text", database=empty) == [(None,)]
    assert restored("one")[0] == 0
    assert b"everything holds" in nodes["one"].run("verify").stdout


@pytest.mark.parametrize("onto_postgresql", [True, False])
def test_a_ledger_begun_without_keys_is_sealed_anew_on_another_engine(
    cluster: Cluster, tmp_path: Path, *, onto_postgresql: bool
) -> None:
    """The keys of records that were sealed since come along."""
    urls = [f"sqlite:///{tmp_path}/ledger.db", cluster.url(cluster.new_database())]
    old_url, new_url = urls if onto_postgresql else urls[::-1]
    plain = OrderLedger(open_log(old_url))
    plain.log_of_events.create()
    do(plain.create, new_order(**MINA), ME)
    plain.close()
    old = Service(tmp_path, LEDGER_URL=old_url, **files_in(tmp_path))
    if onto_postgresql:
        assert old.run("seal", whole := cluster.url(cluster.new_database())).returncode == 0
        assert billing_of(Service(tmp_path, **old.environment | {"LEDGER_URL": whole})) == (
            MINA["billing_address"],
            MINA["notes"],
        )
    assert old.run("keys", "create").returncode == 0
    assert old.run("import", "-", stdin=json.dumps(TOM).encode()).returncode == 0
    done = old.run("seal", new_url)
    assert done.returncode == 0, done.stderr.decode()
    assert b"1 of them sealed" in done.stdout
    (tmp_path / "new").mkdir()
    new = Service(tmp_path / "new", LEDGER_URL=new_url, **files_in(tmp_path / "new"))
    new.environment["LEDGER_MASTER"] = str(tmp_path / "master.key")
    new.environment["LEDGER_KEYS"] = str(tmp_path / "keys.db")
    assert b"everything holds" in new.run("verify").stdout
    assert billing_of(new) == (MINA["billing_address"], MINA["notes"])
    assert billing_of(new, 2) == (TOM["billing_address"], TOM.get("notes"))


def test_a_person_erased_on_one_node_is_gone_from_the_files_of_the_others_too(cluster: Cluster, tmp_path: Path) -> None:
    url, master = cluster.url(cluster.new_database()), {"LEDGER_MASTER": str(tmp_path / "master.key")}
    nodes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        nodes.append(Service(tmp_path / name, LEDGER_URL=url, **files_in(tmp_path / name) | master).start())
    try:
        key = made_key(nodes[0], "orders:read", "orders:write", "privacy:write")
        here, there = (node.client(key) for node in nodes)
        made = [here.post("/api/v1/orders", json=body) for body in (MINA, TOM)]
        later = f"min_position={made[-1].headers['Ledger-Position']}"
        assert there.get(f"/api/v1/orders?customer=7&{later}").json()["results"][0]["notes"] == MINA["notes"]
        before = (tmp_path / "two" / "views.db").resolve()
        erased = here.post("/api/v1/privacy/customers/7/erasures", json={})
        assert erased.status_code == 201
        later = f"min_position={erased.headers['Ledger-Position']}"
        assert there.get(f"/api/v1/orders?customer=7&{later}").json()["results"][0]["notes"] is None
        until(lambda: (tmp_path / "two" / "views.db").resolve() != before)
        until(lambda: found_in(tmp_path, WORDS) == {})
        assert there.get("/api/v1/orders?customer=8").json()["results"][0]["notes"] == "for Tom"
    finally:
        for node in nodes:
            node.kill()


def test_a_payment_asks_postgresql_nothing_before_its_transaction_which_has_two_round_trips(
    cluster: Cluster, proxy: Proxy, tmp_path: Path
) -> None:
    url = proxy.url(cluster.new_database())
    node = Service(tmp_path, workers=1, LEDGER_URL=url, **files_in(tmp_path)).begin()
    staff = node.client(made_key(node, "orders:write"))
    node.start()
    order = staff.post("/api/v1/orders", json={"items": [{"unit_price": "900"}]}).json()["id"]

    def pay(number: int) -> int:
        before = proxy.round_trips
        payment = {"amount": "1.00", "reference": f"pi_{number}", "provider": "p", "method": "card"}
        headers = {"Idempotency-Key": f"key-{number}"}
        assert staff.post(f"/api/v1/orders/{order}/payments", json=payment, headers=headers).status_code == 201
        return proxy.round_trips - before

    try:
        assert median(pay(number) for number in range(40)) == 2, "some share their time with the node's own questions"
    finally:
        node.kill()
