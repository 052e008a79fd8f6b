"""Do the image and the unit have all that the service needs? Their files are read here, not built or started."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from api import settings
from api.asking import WORKBOOK_SECONDS_MAX
from tests.conftest import ROOT, Service
from tests.waiting import until

CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
UNIT = (ROOT / "deploy" / "order-ledger.service").read_text()


def test_the_files_that_the_image_copies_are_all_that_serving_needs(tmp_path: Path) -> None:
    *_, last_stage = CONTAINERFILE.split("\nFROM ")
    image = tmp_path / "image"
    image.mkdir()
    for names, target in re.findall(r"^COPY (?!--from)(.+) (\S+)$", last_stage, re.MULTILINE):
        for name in names.split():
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, image / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, image / target)
    (entry,) = re.findall(r'^ENTRYPOINT \["python", "/opt/order-ledger/(.+)"\]$', last_stage, re.MULTILINE)
    service = Service(tmp_path)
    with (tmp_path / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-B", str(image / entry), "serve", "--port", str(service.port), "--workers", "1"],
            cwd=tmp_path,
            env=service.environment,
            stdout=said,
            stderr=said,
        )
    try:
        for path in ("/readyz", "/docs", "/docs/integrate", "/docs/swagger-ui.css", "/openapi.json"):
            assert _asked(service.base + path).status_code == 200, (tmp_path / "said.txt").read_text()
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def _asked(url: str) -> requests.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_image_is_of_lock_file_and_hashes_and_does_not_run_as_root() -> None:
    assert "--require-hashes --requirement requirements.lock" in CONTAINERFILE
    assert re.search(r"^USER 10001$", CONTAINERFILE, re.MULTILINE)
    assert "/readyz" in CONTAINERFILE.partition("HEALTHCHECK")[2]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root begins a container")
def test_a_container_stops_at_once_whatever_its_command_is_doing(tmp_path: Path) -> None:
    """A command that is a container's first process gets only the signals that it has a handler for."""
    service = Service(tmp_path)
    command = ["unshare", "--pid", "--fork", sys.executable, str(ROOT / "run.py"), "import", "-"]
    with subprocess.Popen(command, env=service.environment, stdin=subprocess.PIPE) as container:
        until(lambda: list(tmp_path.glob("ledger.db*")), 30)
        (first,) = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()
        try:
            os.kill(int(first), signal.SIGTERM)
            assert container.wait(timeout=10) == 1
        finally:
            with suppress(ProcessLookupError):
                os.kill(int(first), signal.SIGKILL)


def test_a_machine_without_a_temporary_folder_is_told_so_before_anything_starts(tmp_path: Path) -> None:
    """As a container whose root is read-only; here no file can take a byte."""
    service = Service(tmp_path)
    serve = f"ulimit -f 0; exec {sys.executable} -B {ROOT / 'run.py'} serve --port {service.port}"
    told = subprocess.run(
        ["bash", "-c", f"({serve}) 2>&1 | cat"], env=service.environment, capture_output=True, timeout=60, check=True
    )
    *_, line = told.stdout.decode().splitlines()
    assert line.startswith("error: No usable temporary directory")
    assert "`--tmpfs /tmp`" in line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_in_the_unit_and_calls_it_safe(tmp_path: Path) -> None:
    home = tmp_path / "order-ledger"
    (home / ".venv" / "bin").mkdir(parents=True)
    (home / ".venv" / "bin" / "python").symlink_to(sys.executable)
    unit = tmp_path / "order-ledger.service"
    unit.write_text(UNIT.replace("/opt/order-ledger", str(home)))
    for command in (["verify"], ["security", "--offline=true", "--threshold=20"]):
        done = subprocess.run(
            ["systemd-analyze", *command, str(unit)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "works_in"),
    [(UNIT, r"^WorkingDirectory=(\S+)"), (CONTAINERFILE, r"^WORKDIR (\S+)")],
    ids=["unit", "image"],
)
def test_a_node_on_postgresql_has_its_own_files_where_the_unit_and_the_image_may_write(
    text: str, works_in: str
) -> None:
    given = dict(re.findall(r"\b(LEDGER_\w+)=(\S+)", text))
    chosen = settings.read(given | {"LEDGER_URL": "postgresql://service@db/ledger"})
    folder = Path(re.findall(works_in, text, re.MULTILINE)[-1])
    files = [chosen.views, chosen.key, chosen.checkpoints, chosen.accesses, chosen.erasures, chosen.keys.masters.file]
    assert all((folder / file).is_relative_to("/var/lib/order-ledger") for file in (*files, chosen.folder))


def test_a_service_with_a_wrong_setting_is_not_started_again_and_any_other_is(tmp_path: Path) -> None:
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(\d+)$", UNIT, re.MULTILINE)
    wrong = Service(tmp_path, LEDGER_CURRENCY="dollars").run("serve")
    assert wrong.returncode == int(prevented), wrong.stderr
    assert re.search(r"^Restart=always$", UNIT, re.MULTILINE)
    assert re.search(r"^StartLimitIntervalSec=0$", UNIT, re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "pattern"), [("nginx.conf", r"keepalive_timeout (\d+)s"), ("Caddyfile", r"keepalive (\d+)s")]
)
def test_a_proxy_lets_idle_connections_go_before_the_service_ends_them(file: str, pattern: str) -> None:
    """Otherwise the service could end a connection under a request of the proxy, whose client would get a 502."""
    found = re.search(pattern, (ROOT / "deploy" / file).read_text())
    kept = re.search(r'"keepalive": (\d+)', (ROOT / "api" / "server.py").read_text())
    assert found
    assert kept
    assert int(found[1]) < int(kept[1])


def test_nginx_waits_as_long_as_the_service_may_take() -> None:
    """Otherwise a client that asks for a large workbook would get a 504, and the service would go on in vain."""
    server = (ROOT / "deploy" / "nginx.conf").read_text().partition("location")[0]
    found = re.search(r"proxy_read_timeout (\d+)s", server)
    assert found
    assert int(found[1]) > WORKBOOK_SECONDS_MAX
