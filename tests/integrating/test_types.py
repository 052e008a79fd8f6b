"""Do the TypeScript types agree with the API's description, and do they find faults in code that uses them?"""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "client"
needs_modules = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules").exists(),
    reason="`make check-types` makes docs/client/node_modules, which needs Node.js and npm",
)


def test_the_types_were_made_of_the_description_as_it_is() -> None:
    digest = hashlib.sha256((ROOT / "docs" / "openapi.json").read_bytes()).hexdigest()
    (first, *_) = (FOLDER / "ledger.d.ts").read_text().splitlines()
    assert first.endswith(f"SHA-256 is {digest}."), "`make types` makes them anew"


def test_the_lock_file_names_exact_versions_with_their_hashes_and_no_address_to_get_them_from() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert lock.count('"integrity": "sha512-') == lock.count('    "node_modules/') > 10
    assert '"resolved"' not in lock


@needs_modules
def test_the_types_are_what_the_description_makes() -> None:
    made = subprocess.run(["node", "types.mjs"], cwd=FOLDER, capture_output=True, timeout=120, check=True)
    assert made.stdout == (FOLDER / "ledger.d.ts").read_bytes(), "`make types` makes them anew"


@needs_modules
@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("", "", ""),
        ('"awaiting_payment"', '"unpaid"', "not assignable"),
        ("page.results", "page.result", "does not exist"),
        ('amount: "159.98"', "amount: true", "not assignable"),
        ('reference: "pi_88", ', "", "is missing"),
        ('"/api/v1/i/orders"', '"/api/v1/i/order"', "does not exist"),
    ],
)
def test_code_that_is_written_with_the_types_is_checked(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    for name in ("ledger.d.ts", "tsconfig.json"):
        shutil.copy(FOLDER / name, tmp_path)
    example = (FOLDER / "example.ts").read_text()
    assert right in example
    (tmp_path / "example.ts").write_text(example.replace(right, wrong) if right else example)
    tsc = [str(FOLDER / "node_modules" / ".bin" / "tsc"), "--project", str(tmp_path)]
    done = subprocess.run(tsc, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode == 0) is (told == "")
    assert told in done.stdout
