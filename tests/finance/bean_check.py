"""Where is `bean-check`? Beancount is GPL, so it is no part of this project: it runs as a program of its own.

`BEAN_CHECK` names it, or it is on the PATH; in CI it is installed, exactly as `requirements-beancount.txt` says, into
an environment of its own.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from venv import create as create_environment

import pytest

REQUIREMENTS = Path(__file__).with_name("requirements-beancount.txt")


def bean_check() -> str:
    """The path of `bean-check`. Skips the test where there is none."""
    if found := os.environ.get("BEAN_CHECK") or shutil.which("bean-check"):
        return found
    if not os.environ.get("CI"):
        pytest.skip("Beancount (GPL) has an environment of its own: BEAN_CHECK=PROGRAM names its bean-check")
    return str(_environment() / "bin" / "bean-check")


def _environment() -> Path:
    """The folder of an environment with exactly these requirements, which is made where it is missing."""
    folder = Path.home() / ".cache" / "order-ledger-beancount"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    made = folder / "made-from"
    if not made.exists() or made.read_text() != wanted:
        create_environment(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([folder / "bin" / "python", *install, "--requirement", REQUIREMENTS], check=True)
        made.write_text(wanted)
    return folder
