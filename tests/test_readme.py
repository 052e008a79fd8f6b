"""Everything that the README and the pages behind its tour show, run in their order, as a newcomer would."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Service

TOUR = ("README.md", "docs/importing.md", "docs/live.md")
SHOWN = [
    shown
    for page in TOUR
    for shown in re.findall(r"```sh\n(.*?)```\n```text\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that `make run` starts, with the sample orders."""
    running = Service(tmp_path_factory.mktemp("demo")).start("--demo")
    yield running
    running.kill()


@pytest.fixture(scope="module")
def told(service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The output of each of the README's blocks, all run in one shell."""
    assert service.run("key", "create").returncode == 0
    keys = {
        "CUSTOMER": service.key(customer=1),
        "STAFF": service.key("orders:read", "orders:write"),
        "AUDITOR": service.key("audit:read"),
        "FINANCE": service.key("finance:read", "finance:write"),
    }
    divider = "--- the next block ---"
    script = f"\necho; echo '{divider}'\n".join(block for block, _ in SHOWN)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8000", service.base)],
        cwd=tmp_path_factory.mktemp("tour"),
        env={**service.environment, **keys},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split(divider)


@pytest.mark.parametrize("number", range(len(SHOWN)))
def test_each_block_prints_what_the_readme_shows(told: list[str], number: int) -> None:
    for line in SHOWN[number][1].splitlines():
        assert re.search(".*".join(map(re.escape, line.split("…"))), told[number]), line


def test_files_that_the_tour_leaves_in_the_folder_are_never_committed() -> None:
    left = set(re.findall(r"(?:tee|>|-D) ([a-z]+\.[a-z]+)", "".join(block for block, _ in SHOWN)))
    ignored = subprocess.run(["git", "check-ignore", *left], cwd=ROOT, capture_output=True, text=True, check=False)
    assert left
    assert set(ignored.stdout.split()) == left


def test_every_command_that_the_readme_or_the_tour_names_has_a_help(service: Service) -> None:
    pages = "".join((ROOT / page).read_text() for page in (*TOUR, "docs/audit.md", "docs/access.md"))
    named = {tuple(words.split()) for words in re.findall(r"run\.py ((?:key|token) [a-z]+|[a-z]+)", pages)}
    assert ("key", "create") in named
    for words in named:
        assert service.run(*words, "--help").returncode == 0, words


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    """A file is named by its path from the top folder, or by its name alone in any folder."""
    named = re.findall(r"`([\w./-]+(?:\.(?:py|md|jsonl|toml|lock)|/))`", (ROOT / document).read_text())
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(named) > 5
    for name in named:
        if "/" not in name:
            assert any(Path(file).name == name for file in listed), name
        elif name != "var/":
            assert (ROOT / name).exists() or any(f"/{name}" in f"/{file}" for file in listed), name
