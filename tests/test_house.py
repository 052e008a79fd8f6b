"""The rules of the house: imports point one way, the core is pure, and no file has unwanted content."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import click
import pytest

from api import VERSION
from run import COMMANDS, cli
from tests.conftest import ROOT

LAYERS = ("domain", "projections", "api", "run")  # each may import itself and the layers before it
INNER = [path for layer in LAYERS[:3] for path in sorted((ROOT / layer).rglob("*.py"))]
MODULES = [*INNER, ROOT / "run.py"]
# The suite runs no benchmark, so its imports are watched here. plot and peer have packages of their own.
BENCH = [path for path in sorted((ROOT / "bench").glob("*.py")) if path.stem not in {"plot", "__main__"}]

CORE = [
    ROOT / "domain" / f"{name}.py"
    for name in ("aggregate", "currencies", "faults", "misfits", "money", "refusals", "strict_json")
]
CORE += sorted((ROOT / "domain" / "order").glob("*.py"))
# The modules of others that the core may use: none that reads a clock, chance, a file or the environment.
PURE = {"collections.abc", "datetime", "decimal", "functools", "itertools", "json", "re", "types", "typing", "uuid"}
PURE |= {"msgspec", "msgspec.structs", "operator"}
# A lock for msgspec's work on a shape, which strict_json does once. The core starts no thread.
PURE |= {"threading"}
IMPURE_CALLS = {"now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "open", "print", "input"}
# The files that amounts pass through, from a client's text to the log, and from there to the views and to answers.
MONEY_PATHS = [
    *CORE,
    *(ROOT / "domain" / name for name in ("ledger.py", "importing.py", "import_batch.py", "log/recorder.py")),
]
MONEY_PATHS += sorted((ROOT / "projections" / "orders").glob("*.py"))


def name_of(path: Path) -> str:
    """The name of a module: `domain/money.py` is `domain.money`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(), str(path))))


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, at its top or within functions."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: imports are absolute here"
            own_package = (ROOT / node.module.replace(".", "/")).is_dir()
            yield from (f"{node.module}.{alias.name}" if own_package else node.module for alias in node.names)


def packages(path: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(path)}


def words(path: Path) -> set[str]:
    """Every name in a file's code."""
    return {
        getattr(node, field)
        for node in nodes(path)
        for kind, field in ((ast.Name, "id"), (ast.Attribute, "attr"), (ast.alias, "name"))
        if isinstance(node, kind)
    }


def calls(path: Path) -> set[str]:
    """The last part of the name of everything that a file calls."""
    called = (node.func for node in nodes(path) if isinstance(node, ast.Call))
    return {getattr(function, "attr", None) or getattr(function, "id", "") for function in called}


def found(pairs: Iterable[tuple[Path, Iterable[str]]]) -> dict[str, list[str]]:
    """The findings by module, sorted. Modules without findings are left out."""
    return {name_of(path): sorted(what) for path, what in pairs if what}


def test_imports_point_one_way() -> None:
    def above(path: Path) -> set[str]:
        return {
            *LAYERS[LAYERS.index(path.relative_to(ROOT).parts[0].removesuffix(".py")) + 1 :],
            "tests",
            "bench",
            "docs",
        }

    assert found((path, packages(path) & above(path)) for path in MODULES) == {}


def test_nothing_outside_the_api_imports_falcon_or_gunicorn() -> None:
    inside = (ROOT / "api", ROOT / "api" / "openapi")
    outside = [path for path in MODULES if path.parent not in inside]
    assert found((path, packages(path) & {"falcon", "gunicorn"}) for path in outside) == {}


def test_nothing_but_the_command_line_reads_the_environment() -> None:
    """`api/cli/terminal.py` reads the environment in one place, to make the settings."""
    others = [path for path in MODULES if path != ROOT / "api" / "cli" / "terminal.py"]
    assert found((path, words(path) & {"environ", "environb", "getenv", "getenvb"}) for path in others) == {}


def test_sqlite_has_one_door() -> None:
    """A process must never use two SQLites: Python's own is old, and can corrupt a file of the newer one."""
    others = [path for path in MODULES if path != ROOT / "domain" / "log" / "sqlite.py"]
    assert found((path, packages(path) & {"sqlite3", "pysqlite3"}) for path in others) == {}


def test_postgresql_has_one_door() -> None:
    others = [path for path in MODULES if path.parent != ROOT / "domain" / "log" / "postgres"]
    assert found((path, packages(path) & {"psycopg"}) for path in others) == {}


def test_nobody_outside_the_log_knows_which_engine_it_stands_on() -> None:
    """Only `opening.py` chooses an engine. The views' use of SQLite is not the log's."""
    log = ROOT / "domain" / "log"
    engines = {name_of(path) for path in (log / "postgres").glob("*.py")}
    engines |= {f"domain.log.{name}" for name in ("checking", "files", "reading", "recorder", "schema")}
    outside = [path for path in MODULES if log not in path.parents]
    assert found((path, set(imports(path)) & engines) for path in outside) == {}


WATCHED = """
import importlib, os, sys, threading

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = ("socket.", "sqlite3.", "subprocess.", "shutil.", "os.fork", "os.exec", "os.posix_spawn",
             "os.system", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.putenv")

def watch(event, arguments):
    if event.startswith(FORBIDDEN) or (event == "open" and arguments[2] & WRITES):
        raise RuntimeError(f"importing {module} does this: {event} {arguments}")

def start(thread):  # Python 3.11 raises no audit event for it
    raise RuntimeError(f"importing {module} starts the thread {thread}")

threading.Thread.start = start
sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
    print(module)
"""


def test_importing_a_module_does_nothing(tmp_path: Path) -> None:
    """An import opens no file for writing, no socket and no database, and starts no thread and no process."""
    names = [name_of(path) for path in (*MODULES, *BENCH)]
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, *names],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == names
    assert list(tmp_path.iterdir()) == []


def test_the_entry_point_loads_no_command_before_it_is_asked_for() -> None:
    """Every process that a command starts loads the entry point again."""
    look = "import run, sys; print(*[name for name in sys.modules if name.split('.')[0] in sys.argv])"
    done = subprocess.run(
        [sys.executable, "-B", "-c", look, *LAYERS[:-1]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["api", "api.cli", "api.cli.commands"]


def test_every_command_of_the_table_stands_where_it_says() -> None:
    found = {name: cli.get_command(click.Context(cli), name) for name in COMMANDS}
    assert {name: command and command.name for name, command in found.items()} == {name: name for name in COMMANDS}


def test_the_summary_of_each_command_stands_whole_in_its_list() -> None:
    """click cuts a summary that does not fit a line of 80 columns."""

    def cut(group: click.Group, context: click.Context) -> Iterator[str]:
        names = group.list_commands(context)
        room = 80 - 6 - max(map(len, names))
        for name in names:
            command = group.get_command(context, name)
            assert command is not None
            if command.get_short_help_str(room).endswith("..."):
                yield f"{context.info_name} {name}"
            if isinstance(command, click.Group):
                yield from cut(command, click.Context(command, info_name=name))

    assert list(cut(cli, click.Context(cli, info_name="run.py"))) == []


def test_a_process_that_takes_a_settlement_file_in_has_nothing_of_http_and_no_commands_in_its_memory() -> None:
    """It runs `run.py` first, as every spawned process does, and has 200 MB for 100,000 lines."""
    program = (
        "import runpy, sys; runpy.run_path('run.py', run_name='__mp_main__'); import api.taking_in; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "domain.reconciling" in loaded
    assert not loaded & {"falcon", "gunicorn", "asyncio", "rich", "api.errors", "api.cli.terminal"}


def test_a_worker_loads_the_sender_of_messages_only_where_there_is_a_webhook() -> None:
    """The sending part takes several megabytes in each worker."""
    program = "import api.app, api.server, api.cli.serving, projections.webhooks.delivering, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "api.webhooks" in loaded
    assert "aiohttp" not in loaded


def test_the_core_imports_no_clock_chance_file_or_environment() -> None:
    allowed = PURE | {name_of(path) for path in CORE}
    assert found((path, set(imports(path)) - allowed) for path in CORE) == {}


def test_the_core_asks_no_clock_and_makes_no_ids() -> None:
    assert found((path, calls(path) & IMPURE_CALLS) for path in CORE) == {}


def test_money_meets_no_float() -> None:
    """There is no float type, no literal with a point, and no division that makes a float."""

    def floats(path: Path) -> list[str]:
        return [
            ast.unparse(node)
            for node in nodes(path)
            if (isinstance(node, ast.Name) and node.id == "float")
            or (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
            or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        ]

    assert found((path, floats(path)) for path in MONEY_PATHS) == {}


# A docstring that begins so has no noun for its subject: it asks the reader to guess one.
RIDDLES = re.compile(r"(?:What|Which|Who|Whose|Whoever|Whatever|Where|That|Those|Of)\b")


def test_a_docstring_begins_with_its_subject_or_its_verb() -> None:
    """A module's docstring may be the question that the module answers."""

    def riddles(path: Path) -> list[str]:
        named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        documented = [node for node in nodes(path) if isinstance(node, named)]
        return [node.name for node in documented if RIDDLES.match(ast.get_docstring(node) or "")]

    assert found((path, riddles(path)) for path in MODULES) == {}


def test_the_name_of_a_test_begins_with_its_subject() -> None:
    """A failure is told by the test's name alone."""

    def riddles(path: Path) -> list[str]:
        sentences = (name.replace("_", " ").capitalize() for name in re.findall(r"def test_(\w+)", path.read_text()))
        return [sentence for sentence in sentences if RIDDLES.match(sentence)]

    assert found((path, riddles(path)) for path in sorted((ROOT / "tests").rglob("*.py"))) == {}


# The nouns that the program's sentences count.
COUNTED = "cell|checkpoint|claim|decision|entrie|erasure|event|historie|item|key|line|movement|order|payment"
COUNTED += "|reconciliation|record|refund|request|result|second|transaction|webhook"


def test_one_thing_is_never_told_in_the_plural() -> None:
    """A sentence with a number and its noun goes through `counted`. A limit of ours is always many."""

    def plurals(path: Path) -> list[str]:
        pairs = (pair for node in nodes(path) if isinstance(node, ast.JoinedStr) for pair in pairwise(node.values))
        return [
            ast.unparse(number) + text.value
            for number, text in pairs
            if isinstance(number, ast.FormattedValue)
            and isinstance(text, ast.Constant)
            and re.match(rf" (?:access )?(?:{COUNTED})s\b", text.value)
            and not (isinstance(number.value, ast.Name) and number.value.id.isupper())
        ]

    assert found((path, plurals(path)) for path in MODULES if path.name != "verify.py") == {}  # verify.py stands alone


@pytest.mark.parametrize(
    "unwanted",
    [
        rb"--(?:extra-)?index-url|--(?:find-links|trusted-host)",
        rb"https?://[^\s\"']*/(?:simple|pypi)\b",
        rb"(?<![\w.])/(?:home|Users|root)/[\w.-]",
        re.escape(str(ROOT)).encode() + rb"\b",
    ],
    ids=["an option of a package index", "the address of one", "somebody's home", "the address of this folder"],
)
def test_no_committed_file_holds(unwanted: bytes) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if (ROOT / name).is_file()]
    assert "run.py" in names
    assert [name for name in names if re.search(unwanted, (ROOT / name).read_bytes())] == []


def test_the_package_has_the_version_that_the_program_says() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_top_of_the_repository_has_the_described_files_and_no_others() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {path.partition("/")[0] for path in listed.splitlines()}
    folders = {".ci", "api", "bench", "deploy", "docs", "domain", "projections", "tests"}
    pages = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"}
    made_from = {".gitignore", "Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "run.py"}
    assert top == folders | pages | made_from
