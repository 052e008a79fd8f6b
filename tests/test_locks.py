"""Which packages are in the environment that serves, and in the one that tests?"""

import re
import subprocess
import tomllib

import pytest

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SERVING, TESTING = "requirements.lock", "requirements-dev.lock"
_ENTRY = re.compile(r"([a-z0-9._-]+)==([0-9a-z.]+)( ; .*)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")


def pinned(lock: str) -> dict[str, str]:
    """The packages of a lock file with their exact versions.

    Asserts that the file holds nothing but packages with hashes.
    """
    text = (ROOT / lock).read_text()
    entries = list(_ENTRY.finditer(text))
    assert "".join(entry[0] for entry in entries) == text
    return {entry[1]: entry[2] for entry in entries}


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[; ]", requirement)[0] for requirement in requirements}


def test_the_serving_environment_has_all_that_it_needs_and_no_development_tool() -> None:
    serving = pinned(SERVING).keys()
    assert serving >= named(PROJECT["project"]["dependencies"])
    tools = named(PROJECT["dependency-groups"]["dev"]) | {"setuptools", "wheel"}
    assert serving & (tools | named(PROJECT["project"]["optional-dependencies"]["otel"])) == set()


def test_the_testing_environment_has_the_very_versions_that_serve_and_the_tools() -> None:
    serving, testing = pinned(SERVING), pinned(TESTING)
    assert serving.items() <= testing.items()
    assert testing.keys() >= named(PROJECT["dependency-groups"]["dev"])
    assert testing.keys() >= named(PROJECT["project"]["optional-dependencies"]["otel"])
    assert "setuptools" not in testing


@pytest.mark.parametrize(
    ("target", "lock"), [("run", SERVING), (".venv", SERVING), ("test", TESTING), ("lint", TESTING)]
)
def test_each_command_makes_an_environment_of_its_lock_file_alone(target: str, lock: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    steps = [line for line in done.stdout.splitlines() if "-m venv" in line or "-m pip" in line]
    assert [re.findall(r"--clear|--requirement (\S+)|--yes (\S+)", step) for step in steps] == [
        [("", "")],
        [(lock, "")],
        [("", "setuptools")],
    ]
    assert "--require-hashes" in steps[1]
