"""Do receivers verify messages with the code of docs/webhooks.md, and refuse forged ones?"""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import placed
from tests.conftest import ROOT, Client
from tests.webhooks.conftest import WEBHOOKS, Message, Receiver

# A webhook's secret, and a message that it signs.
Told = tuple[dict[str, Any], Message]
DOCS = (ROOT / "docs" / "webhooks.md").read_text()


def code(language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL))


@pytest.fixture
def python() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code("python"), names)
    return names


@pytest.fixture
def message(staff: Client, receiver: Receiver, subscribe: Callable[..., dict[str, Any]]) -> Told:
    webhook = subscribe(url=receiver.url)
    placed(staff)
    return webhook, receiver.wait(1)[0]


def forged(message: Message) -> list[Message]:
    """The message with another body, another id, an old timestamp or another signature."""
    return [
        message._replace(body=message.body + b" "),
        message._replace(headers=message.headers | {"webhook-id": "wh_other-1"}),
        message._replace(headers=message.headers | {"webhook-timestamp": "1700000000"}),
        message._replace(headers=message.headers | {"webhook-signature": "v1,AAAA v1a," + "A" * 86 + "=="}),
    ]


def test_the_secret_verifies_in_python(message: Told, python: dict[str, Any]) -> None:
    webhook, ours = message
    assert python["is_ours"](webhook["secret"], ours.headers, ours.body)
    for each in forged(ours):
        assert not python["is_ours"](webhook["secret"], each.headers, each.body)


def test_the_public_key_verifies_in_python(message: Told, python: dict[str, Any]) -> None:
    webhook, ours = message
    assert python["is_ours_by_key"](webhook["public_key"], ours.headers, ours.body)
    for each in forged(ours):
        assert not python["is_ours_by_key"](webhook["public_key"], each.headers, each.body)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_the_secret_verifies_in_javascript(message: Told) -> None:
    webhook, ours = message
    asked = [[webhook["secret"], each.headers, base64.b64encode(each.body).decode()] for each in (ours, *forged(ours))]
    answers = f"{json.dumps(asked)}.map(([s, h, b]) => isOurs(s, h, Buffer.from(b, 'base64')))"
    program = f"{code('js')}\nconsole.log(JSON.stringify({answers}))"
    done = subprocess.run(["node", "-"], input=program, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == [True, False, False, False, False]


def test_after_a_rotation_both_secrets_verify(
    staff: Client, receiver: Receiver, subscribe: Callable[..., dict[str, Any]], python: dict[str, Any]
) -> None:
    webhook = subscribe(url=receiver.url, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    new = staff.post(f"{WEBHOOKS}/{webhook['id']}/rotate", json={}).json()["secret"]
    placed(staff)
    ours = receiver.wait(1)[0]
    assert python["is_ours"](webhook["secret"], ours.headers, ours.body)
    assert python["is_ours"](new, ours.headers, ours.body)
    assert not python["is_ours"]("whsec_" + "YWJj" * 8, ours.headers, ours.body)
