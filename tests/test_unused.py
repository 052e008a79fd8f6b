"""Is there code that nothing uses? vulture looks for names that are defined and used nowhere, tests apart."""

from fnmatch import fnmatchcase
from functools import cache

import pytest
from vulture import Vulture
from vulture.core import Item

from tests.conftest import ROOT

# Names that are used without being written: a pattern, and the user.
USED_UNNAMED = {
    "keys_destroyed": "msgspec: stands in an erasure's document",
    "on_*": "Falcon: a resource's responders",
    "process_re*": "Falcon: a middleware's steps",
    "strip_url_path_trailing_slash": "Falcon: an option of requests",
    "auto_parse_form_urlencoded": "Falcon: an option of requests",
    "max_body_part_*": "Falcon: options of forms",
    "downloadable_as": "Falcon: a header of an answer",
    "eof_received": "asyncio: a protocol's hook",
    "_CACHED_SERVER_HEADER": "gunicorn: a header of every answer",
    "expect_continue": "gunicorn: an attribute of what reads a body",
    "_is_websocket_upgrade": "gunicorn: a connection's hook",
    "_serve_http_request": "gunicorn: a connection's step",
    "_scan_from": "gunicorn: its parser's own attribute",
    "_is_valid_token": "gunicorn: a step of its parser",
    "_has_invalid_header_chars": "gunicorn: likewise",
    "_serve": "gunicorn: a worker's hook",
    "_max_buffer_size": "gunicorn: a connection's own attribute",
    "handle_int": "gunicorn: the master's hook",
    "load": "gunicorn: an application's hook",
    "load_config": "gunicorn: an application's hook",
    "list_commands": "click: what a group has",
    "get_command": "click: likewise",
    "describe": "prometheus-client: a collector's interface",
    "justify": "rich: how a column is set",
    "billing_*": "msgspec: the fields of a command's address, walked as a list",
    "shipping_*": "msgspec: the fields of a command's address, walked as a list",
    "*ed_at": "msgspec: when a movement of money was, by the table of its kinds",
    "charged_back_at": "msgspec: likewise",
    "*_reference": "msgspec: what a movement of money takes back, by the table of its kinds",
    "construct_*": "eventsourcing: an application's parts",
    "insert_events": "eventsourcing: a recorder's interface",
    "select_notifications": "eventsourcing: a recorder's interface",
    "subscribe": "eventsourcing: a recorder's interface",
    "*_order_at": "msgspec: stands in a customer's document",
    "in_transit": "msgspec: stands in the log, in what older versions recorded",
    "reproduce": "a promise that tests hold the program to: a report can be made again",
    "decided_at": "msgspec: stands in a reconciliation's document",
    "create_system": "zipfile: the same pack on every system",
    "external_attr": "zipfile: a file's mode",
    "__instancecheck__": "Python: what isinstance asks",
    "buffer_text": "expat: an option of the parser",
    "*Handler": "expat: what is called while a file is parsed",
}


@cache
def unused() -> list[Item]:
    finder = Vulture(ignore_decorators=["@*.command", "@click.group"])  # click finds commands by their names
    finder.scavenge([ROOT / name for name in ("domain", "projections", "api", "run.py")])
    return finder.get_unused_code(min_confidence=60)


# Fields of answers: msgspec makes schemas of them.
SHAPES_OF_ANSWERS = ROOT / "api" / "openapi" / "answers.py"


def test_nothing_is_defined_that_nothing_uses() -> None:
    unexplained = [
        item
        for item in unused()
        if item.filename != SHAPES_OF_ANSWERS and not any(fnmatchcase(item.name, pattern) for pattern in USED_UNNAMED)
    ]
    assert [f"{item.filename.relative_to(ROOT)}:{item.first_lineno} {item.name}" for item in unexplained] == []


@pytest.mark.parametrize("pattern", USED_UNNAMED)
def test_an_exception_is_needed(pattern: str) -> None:
    assert any(fnmatchcase(item.name, pattern) for item in unused())
