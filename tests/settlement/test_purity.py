"""Are reading, matching and tying out pure, and can no amount become a float on the way?"""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = [path for room in ("settlement", "reconciliation") for path in sorted((ROOT / "domain" / room).rglob("*.py"))]
IMPURE = {"float", "now", "utcnow", "today", "time", "monotonic", "random", "urlopen", "connect", "print"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: f"{module.parent.name}.{module.stem}")
def test_nothing_makes_a_float_or_asks_for_the_time_or_the_network(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)), node.lineno
        assert not (isinstance(node, ast.Call) and _called(node.func) in IMPURE), node.lineno


def _called(function: ast.expr) -> str:
    return getattr(function, "attr", None) or getattr(function, "id", "")
