"""Do the pages have every address, command, setting and metric that the program has, each in one table?

The head of a table's first column says the table's subject: `address`, `command`, `setting`, `metric`, or a path that
`…` stands for in the rows.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

from domain.order.statuses import TRANSITIONS
from run import cli
from tests.conftest import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
Row = tuple[str, list[str]]
# The description itself, and Prometheus's page, which has an address of its own.
BESIDE = {"GET /openapi.json", "GET /docs", "GET /docs/integrate", "GET /metrics"}


def rows(head: str) -> Iterator[Row]:
    """The head and the code of the first cell, for each row of the tables whose first head fits a pattern."""
    for page in PAGES:
        for table in re.findall(r"^\|.*\n\|[-|]+\|\n(?:\|.*\n)*", page.read_text() + "\n", re.MULTILINE):
            first, _, *others = (line.split("|")[1].strip() for line in table.splitlines())
            if re.fullmatch(head, first):
                yield from ((first.strip("`"), re.findall(r"`([^`]+)`", cell)) for cell in others)


def addresses(found: Iterable[Row]) -> Iterator[str]:
    """Each `GET /path`. A method holds for the paths behind it in its cell; `…` is the path before, or the head's."""
    for head, cell in found:
        method, base = "", head.removesuffix("…")
        for code in cell:
            given, _, path = code.rpartition(" ")
            method = given or method
            path = path.partition("?")[0]
            if not path.startswith("…"):
                base = path.rstrip("/")
            yield f"{method} {re.sub('{[^}]*}', '{}', base if not path.startswith('…') else base + path[1:])}"


def test_every_address_stands_in_one_table() -> None:
    described = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    there = {
        f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}"
        for path, methods in described.items()
        for method in methods.keys() & {"get", "post", "put", "patch", "delete"}
    }
    assert Counter(addresses(rows("`/.*…`|address"))) == Counter(there | BESIDE)


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield names
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, *names, name)


def test_every_command_stands_in_one_table() -> None:
    told = [re.match(r"run\.py((?: [a-z][a-z-]*)+)", code) for _, cell in rows("command") for code in cell]
    names = [tuple(match[1].split()) for match in told if match]
    # `reconcile` takes a file without the name of a command.
    assert Counter(names) == Counter(
        {("reconcile",) if each == ("reconcile", "file") else each for each in leaves(cli)}
    )


def test_every_setting_of_the_help_stands_in_one_table() -> None:
    named = re.findall(r"^ +(LEDGER_[A-Z_]+) ", cli.help or "", re.MULTILINE)
    assert Counter(code for _, cell in rows("setting") for code in cell) == Counter(named)


def test_every_metric_stands_in_one_table() -> None:
    made = re.findall(r'"(ledger_[a-z_]+)"', (ROOT / "api" / "metrics.py").read_text())
    assert Counter(code.removesuffix("_total") for _, cell in rows("metric") for code in cell) == Counter(made)


def test_every_status_is_told_with_all_that_it_may_become() -> None:
    told = (ROOT / "docs" / "orders.md").read_text()
    for status, others in TRANSITIONS.items():
        assert f"| `{status}` | {', '.join(f'`{other}`' for other in others) or 'nothing'} |" in told


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!https?:|/)([^)#]*)#?([^)]*)\)", page.read_text()):
        there = page.parent / link if link else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), f"{link}#{anchor}"


every_page_of_docs = pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name == "docs"], ids=lambda page: page.name
)


@every_page_of_docs
def test_a_page_says_first_for_whom_it_is(page: Path) -> None:
    assert re.match(r"# .+\n\nFor ", page.read_text())


@every_page_of_docs
def test_no_paragraph_is_said_on_two_pages(page: Path) -> None:
    ours, others = paragraphs(page), {said for other in PAGES if other != page for said in paragraphs(other)}
    assert ours
    assert not ours & others


def paragraphs(page: Path) -> set[str]:
    """The paragraphs of a page, without its headings, code and rulings of tables."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = re.split(r"\n(?=\s*[-|])|\n\s*\n", text)
    return {" ".join(line.split()) for line in lines if len(line.split()) > 5 and not line.startswith("|---")}
