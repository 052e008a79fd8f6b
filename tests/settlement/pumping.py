"""Tries every regular expression that meets a settlement file or its rules against texts that repeat a piece.

It runs as a program, in a process that can be ended: a pattern worse than linear may hold the interpreter for hours.
Each pattern's name is printed before it is tried. A pattern that takes too long ends the program with 1.
"""

import ast
import importlib
import random
import re
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, Final

DOMAIN: Final = Path(__file__).resolve().parents[2] / "domain"
ROOMS: Final = ("settlement", "reconciliation")
# The rules pass through these modules, too.
BESIDE: Final = ("strict_json", "money")
# Any other function of `re` takes a pattern that is in no module's globals.
_HARMLESS: Final = {"compile", "escape"}
_ALWAYS: Final = "a0 \n\x00"
# Growing lengths, so that a pattern worse than linear shows before it takes hours.
_LENGTHS: Final = (36, 72, 400, 3_000)
_SECONDS_MAX: Final = 0.001
# Four times the length takes a linear pattern four times as long, a quadratic one sixteen times.
_GROWTH_MAX: Final = 9
_AT_RANDOM: Final = 200
_WORD: Final = re.compile(r"[\w /-]{3,}")


def sources() -> list[Path]:
    within = [path for room in ROOMS for path in sorted((DOMAIN / room).rglob("*.py"))]
    return [*within, *(DOMAIN / f"{name}.py" for name in BESIDE)]


def hidden(source: str) -> list[int]:
    """The lines that make or use a pattern outside a module's globals."""
    tree = ast.parse(source)
    found = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in ("re", "regex")
    ]
    for node in ast.walk(tree):
        if _called_of_re(node) not in (None, *_HARMLESS):
            found.append(node.lineno)
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            found += [inner.lineno for inner in ast.walk(node) if _called_of_re(inner) == "compile"]
    return found


def _called_of_re(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        return node.func.attr if isinstance(of, ast.Name) and of.id == "re" else None
    return None


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Each pattern in the modules' globals once, also within dicts, tuples and lists."""
    seen: set[re.Pattern[Any]] = set()
    for path in sources():
        module = _module(path)
        for name, value in vars(module).items():
            for pattern in _within(value):
                if pattern not in seen:
                    seen.add(pattern)
                    yield f"{module.__name__}.{name}", pattern


def _module(path: Path) -> ModuleType:
    parts = path.relative_to(DOMAIN.parent).with_suffix("").parts
    return importlib.import_module(".".join(parts).removesuffix(".__init__"))


def _within(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, tuple | list | set | frozenset):
        for inner in value:
            yield from _within(inner)


def slow_text(pattern: re.Pattern[Any]) -> str | None:
    """A text for which the pattern takes longer than its length allows, or None where no text tried is such a one."""
    for begin, pumps, end in _texts(pattern):
        for length in _LENGTHS:
            if _seconds(pattern, _text(begin, pumps, end, length)) > _SECONDS_MAX:
                short, long = (_steady(pattern, _text(begin, pumps, end, at)) for at in (length // 4, length))
                if long > max(short * _GROWTH_MAX, _SECONDS_MAX):
                    return repr((begin, pumps, end))
    return None


def _texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    said = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    letters = sorted({*said, *_ALWAYS} - set("(){}"))
    for first, second in product(letters, repeat=2):
        for end in ("", "\x00"):
            yield "", (first + second,), end
            yield "", (first, second), end
    for word in _WORD.findall(said):
        yield "", (word,), ""
    chance = random.Random(0)  # the same texts in every run
    for _ in range(_AT_RANDOM):
        begin, one, other, end = ("".join(chance.choices(letters, k=chance.randrange(0, 4))) for _ in range(4))
        yield begin, (one or "a", other), end


def _text(begin: str, pumps: tuple[str, ...], end: str, length: int) -> str:
    return begin + "".join(pump * (length // len("".join(pumps))) for pump in pumps) + end


def _seconds(pattern: re.Pattern[Any], text: str) -> float:
    given: Any = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
    begin = time.process_time()
    pattern.fullmatch(given)
    pattern.match(given)
    for _ in pattern.finditer(given):
        pass
    return time.process_time() - begin


def _steady(pattern: re.Pattern[Any], text: str) -> float:
    return min(_seconds(pattern, text) for _ in range(3))


def main() -> int:
    for name, pattern in patterns():
        print(f"{name} {pattern.pattern!r}", flush=True)
        if text := slow_text(pattern):
            print(f"is worse than linear for {text}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
