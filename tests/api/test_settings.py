"""Is each wrong setting named, with right values for it, before anything starts?"""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli import serving
from api.settings import read
from tests.api.conftest import placed
from tests.conftest import Service
from tests.postgres import of_a_file

WRONG_USAGE = 2
BESIDE = ("KEY", "CHECKPOINTS", "ACCESSES", "ERASURES", "KEYS", "MASTER", "WEBHOOKS")


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return Service(folder, **environment).run(*arguments)


def assert_refused(done: subprocess.CompletedProcess[bytes], *told: str) -> None:
    said = done.stderr.decode()
    assert "Traceback" not in said, said
    assert (done.returncode, done.stdout) == (WRONG_USAGE, b""), said
    assert all(words in said for words in told), said


def test_a_password_in_an_address_of_another_kind_is_not_shown_either(tmp_path: Path) -> None:
    for password in ("geheim", "geheim@geheim", "geheim/geheim", "geheim:geheim"):
        done = run(tmp_path, "token", "list", LEDGER_URL=f"mysql://shop:{password}@127.0.0.1:1/ledger")
        assert_refused(done, "mysql://shop:***@127.0.0.1:1/ledger")
        assert "geheim" not in done.stderr.decode()


@pytest.mark.parametrize("password", ["geheim@geheim", "geheim/geheim", "geheim%geheim", "geheim geheim"])
def test_a_password_that_is_not_encoded_is_told_so_and_not_shown(password: str, tmp_path: Path) -> None:
    done = run(tmp_path, "token", "list", LEDGER_URL=f"postgresql://shop:{password}@127.0.0.1:1/ledger")
    assert_refused(done, "in a password write @ as %40, / as %2F, % as %25 and a blank as %20")
    assert "geheim" not in done.stderr.decode()


@of_a_file
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LEDGER_URL", "mysql://localhost/ledger", "it should be like 'sqlite:///var/ledger.db'"),
        ("LEDGER_URL", "postgresql://u:secret@localhost", "names no database"),
        ("LEDGER_URL", "sqlite:///{folder}", "{folder}; it should name a file"),
        ("LEDGER_URL", "sqlite:///{folder}/text/ledger.db", "{folder}/text/ledger.db"),
        ("LEDGER_URL", "sqlite:///{folder}/text", "{folder}/text"),
        ("LEDGER_VIEWS", "{folder}", "{folder}; it should name a file"),
        ("LEDGER_VIEWS", "{folder}/ledger.db", "it should be a file of its own"),
        ("LEDGER_VIEWS", "{folder}/text/views.db", "{folder}/text/views.db"),
        ("LEDGER_CURRENCY", "dollars", "'dollars'; it should be a currency code of ISO 4217 like 'USD'"),
        ("LEDGER_CURRENCY", "[/bold]", "'[/bold]'; it should be a currency code"),
        ("LEDGER_CURRENCY", "BGN", "'BGN', which was withdrawn on 2026-01-01"),
        ("LEDGER_TIMEZONE", "Mars/Olympus", "'Mars/Olympus'; it should be a time zone like 'UTC' or 'Asia/Tehran'"),
        ("LEDGER_TIMEZONE", "Europe", "'Europe'; it should be a time zone"),
        ("LEDGER_TRUSTED_PROXIES", "127.0.0.1,localhost", "'localhost'"),
        ("LEDGER_CONNECTIONS_PER_ADDRESS", "0", "'0'; it should be a number like '128'"),
        ("LEDGER_CONNECTIONS_PER_ADDRESS", "many", "'many'; it should be a number like '128'"),
        ("LEDGER_KEPT_FILES_MIB", "1.5", "'1.5'; it should be a number like '10240'"),
        ("LEDGER_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks like '127.0.0.1,10.0.0.0/8'"),
        ("LEDGER_FORWARDED", "X-Forwarded-Host", "'X-Forwarded-Host'; it should be one of x-forwarded, forwarded"),
        ("LEDGER_PUBLIC_URL", "shop.example.com", "'shop.example.com'; it should be a scheme and a host"),
        ("LEDGER_PUBLIC_URL", "https://shop.example.com/api", "like 'https://shop.example.com'"),
        ("LEDGER_PUBLIC_URL", "javascript://x", "'javascript://x'; it should be a scheme and a host"),
        (
            "LEDGER_ALLOWED_HOSTS",
            "a.example,https://b.example",
            "'https://b.example'; it should be hosts without ports",
        ),
        ("LEDGER_ALLOWED_HOSTS", "a.example:80", "like 'shop.example.com,10.0.0.7'"),
        *((f"LEDGER_{name}", "{folder}", "{folder}; it should name a file in it") for name in BESIDE),
        *(
            (f"LEDGER_{name}", "{folder}/ledger.db", "the ledger itself; it should be a file of its own")
            for name in BESIDE
        ),
        ("LEDGER_ACCESSES", "{folder}/checkpoints.txt", "that of LEDGER_CHECKPOINTS; it should be a file of its own"),
        ("LEDGER_WEBHOOKS", "{folder}/keys.db", "that of LEDGER_KEYS; it should be a file of its own"),
        ("LEDGER_CHECKPOINT_SECONDS", "99999999999999", "it should be whole seconds like '3600'"),
    ],
)
def test_a_wrong_setting_is_named_with_a_right_value(name: str, value: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("This is no database, and longer than the header of one would have to be. " * 20)
    done = run(tmp_path, "import", os.devnull, **{name: value.format(folder=tmp_path)})
    assert_refused(done, name, told.format(folder=tmp_path))
    assert {file.name for file in tmp_path.iterdir()} <= {"text", "ledger.db", "keys.db", "master.key"}


def test_every_fault_in_the_settings_is_named_at_once(tmp_path: Path) -> None:
    wrong = {
        "LEDGER_URL": "mysql://localhost/ledger",
        "LEDGER_CURRENCY": "dollars",
        "LEDGER_TIMEZONE": "Mars/Olympus",
        "LEDGER_CHECKPOINT_SECONDS": "often",
        "LEDGER_KEYS": str(tmp_path),
        "LEDGER_KEEP_INVOICE": "long",
        "LEDGER_KEPT_FILES_MIB": "many",
        "LEDGER_RATE_LIMIT": "fast",
        "LEDGER_WORKERS": "3",
        "LEDGER_PROXY": "127.0.0.1",
    }
    assert_refused(run(tmp_path, "serve", **wrong), *wrong)
    assert list(tmp_path.iterdir()) == []


def test_the_service_does_not_start_with_a_wrong_setting(tmp_path: Path) -> None:
    assert_refused(run(tmp_path, "serve", LEDGER_CURRENCY="dollars"), "LEDGER_CURRENCY", "'USD'")
    assert list(tmp_path.iterdir()) == []


@of_a_file
def test_the_views_never_take_the_ledgers_place_however_its_path_is_written(tmp_path: Path) -> None:
    Service(tmp_path).begin()
    ledger = tmp_path / "ledger.db"
    before = ledger.read_bytes()
    done = run(tmp_path, "rebuild", LEDGER_VIEWS=f"{tmp_path}/../{tmp_path.name}/ledger.db")
    assert (ledger.is_symlink(), ledger.read_bytes()) == (False, before)
    assert_refused(done, "LEDGER_VIEWS", "it should be a file of its own")


def test_the_views_never_take_the_place_of_a_file_that_is_something_else(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_bytes(b"Dear customer")
    done = run(tmp_path, "rebuild", LEDGER_VIEWS=str(letter))
    assert letter.read_bytes() == b"Dear customer"
    assert_refused(done, "LEDGER_VIEWS", str(letter))


def test_settings_that_are_right_are_used_and_empty_ones_are_as_if_unset(
    tmp_path: Path, make_service: Callable[..., Service]
) -> None:
    views = tmp_path / "elsewhere" / "lists.db"
    service = make_service(
        workers=1,
        LEDGER_CURRENCY="JPY",
        LEDGER_VIEWS=str(views),
        LEDGER_TIMEZONE=" ",
        LEDGER_TRUSTED_PROXIES="",
    )
    staff = service.client(service.key("orders:write"))
    assert placed(staff, items=[{"unit_price": "100"}])["currency"] == "JPY"
    assert placed(staff, currency="EUR")["currency"] == "EUR"
    assert views.exists()
    assert not (tmp_path / "views.db").exists()


@pytest.mark.parametrize(
    ("host", "settings", "is_warned"),
    [
        ("0.0.0.0", {}, True),
        ("::", {}, True),
        ("shop.example.com", {}, True),
        ("0.0.0.0", {"LEDGER_PUBLIC_URL": "http://shop.example.com"}, True),
        ("0.0.0.0", {"LEDGER_PUBLIC_URL": "https://shop.example.com"}, False),
        ("0.0.0.0", {"LEDGER_TRUSTED_PROXIES": "10.0.0.0/8"}, False),
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("localhost", {}, False),
    ],
)
def test_an_operator_whose_keys_would_go_over_plain_http_is_warned(
    host: str, settings: dict[str, str], is_warned: bool
) -> None:
    told = list(serving.warnings(host, read({"LEDGER_URL": "sqlite:////nowhere/ledger.db", **settings})))
    assert any(f"keys go over plain HTTP to {host};" in warning for warning in told) == is_warned


def test_the_warning_stands_on_standard_error_when_the_service_starts(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with service.popen(
        "serve", "--host", "0.0.0.0", "--port", str(service.port), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        told = iter(process.stderr.readline, b"")
        assert any(b"warning: keys go over plain HTTP to 0.0.0.0;" in line for line in told)
        process.terminate()


def test_a_setting_that_is_none_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", LEDGER_CURENCY="EUR")
    assert_refused(done, "LEDGER_CURENCY is no setting", "did you mean LEDGER_CURRENCY?")
    assert list(tmp_path.iterdir()) == []


@of_a_file
@pytest.mark.parametrize(
    "command",
    [
        "rebuild",
        "verify",
        "checkpoint",
        "clock",
        "token list",
        "token revoke x",
        "token create --customer 1",
        "export events",
        "reconcile run.py --provider stripe",
    ],
)
def test_a_command_that_brings_no_orders_says_that_there_is_no_ledger_and_makes_none(
    command: str, tmp_path: Path
) -> None:
    done = run(tmp_path, *command.split())
    assert_refused(done, f"no ledger at {tmp_path / 'ledger.db'}", "run.py serve", "run.py import")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_port_that_is_taken_is_one_clear_line_at_once(host: str, tmp_path: Path) -> None:
    service = Service(tmp_path)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, service.port), family=family):
        done = service.run("serve", "--host", host, "--port", str(service.port))
    assert_refused(done, f"{host}:{service.port} cannot be listened on", "another program listens there")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
