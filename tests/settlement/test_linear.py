"""Does every regular expression that meets a settlement file or its rules take time linear in the text?"""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.settlement import pumping

SECONDS_MAX = 30


def test_no_pattern_is_worse_than_linear() -> None:
    # Another process, since a cubic pattern holds the interpreter and only ending the process stops it.
    command = [sys.executable, "-m", "tests.settlement.pumping"]
    try:
        done = subprocess.run(command, cwd=ROOT, timeout=SECONDS_MAX, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"the last of these held the interpreter:\n{error.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_pattern_is_hidden_from_the_test_of_linear_time() -> None:
    made = {path.name: pumping.hidden(path.read_text()) for path in pumping.sources()}
    assert {name: found for name, found in made.items() if found} == {}
    assert len(list(pumping.patterns())) >= 15


HIDDEN = (
    "re.search('a', text)",
    "from re import compile",
    "def f(s):\n    return re.compile(s)",
    "f = lambda s: re.compile(s)",
)


@pytest.mark.parametrize("source", HIDDEN)
def test_a_hidden_pattern_is_found(source: str) -> None:
    assert pumping.hidden(source)


@pytest.mark.parametrize("pattern", [r"[0#?]+\.?[0#?]*E", r"\[\$[^\]]*\]", r"[^.]*[0,]*[^.]*\.", r"(.*)-(.*)-(.*)!"])
def test_a_pattern_that_is_worse_than_linear_is_found(pattern: str) -> None:
    assert pumping.slow_text(re.compile(pattern)) is not None


@pytest.mark.parametrize("pattern", [r"[a-z]+", r"\A(.+)[-_].[^-_\n]*[-_]?", r'"[^"]*"', r"[^0]*+[0,]*+[^0]*+"])
def test_a_linear_pattern_is_left_in_peace(pattern: str) -> None:
    assert pumping.slow_text(re.compile(pattern)) is None
