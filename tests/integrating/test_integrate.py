"""Does everything run as docs/integrate.md shows it, and is the page served at /docs/integrate?"""

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from tests.api.conftest import moved, paid, placed
from tests.conftest import ROOT, Client, Service
from tests.integrating.conftest import Pages, token
from tests.ports import free_port, is_free
from tests.waiting import until

DOCUMENT = (ROOT / "docs" / "integrate.md").read_text()
BLOCKS = re.findall(r"```(\w+)(?: ([\w.]+))?\n(.*?)```", DOCUMENT, re.DOTALL)
LOCAL = "http://127.0.0.1:8000"
CUSTOMER = 1


def file(name: str) -> str:
    """The page's blocks for a file, joined."""
    return "\n".join(code for _, of, code in BLOCKS if of == name)


def shown(language: str) -> list[tuple[str, str]]:
    """The blocks of a language that run as they stand, each with its output on the page."""
    numbered = [n for n, (of, name, _) in enumerate(BLOCKS) if of == language and not name]
    return [(BLOCKS[n][2], BLOCKS[n + 1][2]) for n in numbered]


def assert_prints(expected: str, printed: str) -> None:
    for line in expected.splitlines():
        assert re.search(".*".join(map(re.escape, line.split("…"))), printed), (line, printed)


def test_every_block_is_run_or_belongs_to_a_file_that_is_run() -> None:
    run = {*shown("sh"), *shown("js")}
    assert {("js", "ledger.js"), ("js", "receiver.mjs"), ("sh", "settings")} == {
        (language, name) for language, name, _ in BLOCKS if name
    }
    assert len(run) == len([1 for language, name, _ in BLOCKS if language in ("sh", "js") and not name])
    assert len(BLOCKS) == 2 * len(run) + len([1 for _, name, _ in BLOCKS if name])


def test_the_module_of_the_page_is_the_one_in_the_repository() -> None:
    assert (ROOT / "docs" / "shop" / "ledger.js").read_text() == file("ledger.js")


def test_the_settings_are_those_that_a_shop_is_served_with(service: Service) -> None:
    named = set(re.findall(r"LEDGER_\w+", file("settings")))
    assert named <= service.environment.keys()


@pytest.fixture(scope="module")
def hooks() -> int:
    """A free port for the receiver of messages."""
    return free_port()


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("orders:read", "orders:write", "webhooks:write")


@pytest.fixture(scope="module")
def said_by_the_shell(
    service: Service, key: str, hooks: int, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """The folder that the commands ran in, and the output of each."""
    folder, divider = tmp_path_factory.mktemp("shell"), "--- the next block ---"
    script = f"\necho; echo '{divider}'\n".join(code for code, _ in shown("sh"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(LOCAL, service.base)],
        cwd=folder,
        env={**os.environ, "KEY": key, "HOOKS": f"http://127.0.0.1:{hooks}/hooks"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.split(divider)


@pytest.mark.parametrize("number", range(len(shown("sh"))))
def test_each_command_prints_what_the_page_shows(said_by_the_shell: tuple[Path, list[str]], number: int) -> None:
    assert_prints(shown("sh")[number][1], said_by_the_shell[1][number])


@pytest.fixture
def said_by_the_browser(browser: Browser, pages: Pages, service: Service, staff: Client, key: str) -> list[str]:
    """The output of each snippet, run one after the other in a page of the shop. The customer has one order."""
    placed(staff, customer={"id": CUSTOMER}, currency="EUR", items=[{"unit_price": "79.99", "quantity": 2}])
    divider = "--- the next snippet ---"
    code = f"\nconsole.log('{divider}');\n".join(code for code, _ in shown("js")).replace(LOCAL, service.base)
    given = f"const TOKEN = {json.dumps(token(CUSTOMER))}, KEY = {json.dumps(key)};"
    (pages.folder / "snippets.js").write_text(
        f'import {{ connect, follow, list, pay }} from "./ledger.js";\n{given}\n{code}\nconsole.log("the end");\n'
    )
    (pages.folder / "snippets.html").write_text('<!DOCTYPE html><script type="module" src="snippets.js"></script>')
    with browser.new_context() as context:
        page, lines = context.new_page(), []
        page.on("console", lambda message: lines.append(message.text))
        page.on("pageerror", lambda error: lines.append(str(error)))
        with page.expect_console_message(lambda message: message.text == "the end", timeout=30_000):
            page.goto(f"{pages.origin}/snippets.html")
    return "\n".join(lines).split(divider)


def test_each_snippet_of_javascript_prints_what_the_page_shows(said_by_the_browser: list[str]) -> None:
    for (_, expected), printed in zip(shown("js"), said_by_the_browser, strict=True):
        assert_prints(expected, printed)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_the_receiver_takes_our_messages_and_no_others(
    said_by_the_shell: tuple[Path, list[str]], hooks: int, staff: Client
) -> None:
    folder, _ = said_by_the_shell
    (folder / "receiver.mjs").write_text(file("receiver.mjs"))
    secret = json.loads((folder / "webhook.json").read_text())["secret"]
    environment = {**os.environ, "SECRET": secret, "PORT": str(hooks)}
    with (folder / "said.txt").open("wb") as said:
        receiver = subprocess.Popen(["node", "receiver.mjs"], cwd=folder, env=environment, stdout=said, stderr=said)
    try:
        order = placed(staff, customer={"id": CUSTOMER})
        until(lambda: not is_free(hooks))
        for headers in ({}, {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}):
            assert (
                requests.post(f"http://127.0.0.1:{hooks}/hooks", json={}, headers=headers, timeout=5).status_code == 401
            )
        paid(staff, order)
        moved(staff, order, "processing")
        expected = [f"PaymentReceived {order['id']} 100.00\n", f"StatusChanged {order['id']} processing\n"]
        # Events of earlier payments may come, too, as further attempts.
        of_order = f" {order['id']} "
        until(lambda: [line for line in (folder / "said.txt").open() if of_order in line] == expected)
    finally:
        receiver.kill()
        receiver.wait()


def test_the_page_is_served_beside_the_description_with_the_services_own_address(service: Service) -> None:
    rendered = runpy.run_path(str(ROOT / "docs" / "rendered.py"))["rendered"](DOCUMENT)
    for path in ("/docs/integrate", "/docs/integrate/"):
        answer = requests.get(service.base + path, timeout=5)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        told = ".venv-dev/bin/python docs/rendered.py > api/openapi/swagger/integrate.html"
        assert answer.text == rendered.replace("{base}", service.base), told
    assert "127.0.0.1:8000" not in answer.text
    assert f'href="{service.base}/docs/integrate"' in requests.get(service.base + "/docs", timeout=5).text


def test_a_browser_shows_the_page_and_has_nothing_to_complain_of(browser: Browser, service: Service) -> None:
    with browser.new_context() as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{service.base}/docs/integrate")
        assert page.locator("h1").text_content() == "Integrate in an afternoon"
        assert page.locator("pre").count() == len(BLOCKS)
    assert said == []
