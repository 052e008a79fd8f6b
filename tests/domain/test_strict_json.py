"""Is all JSON refused that only a lenient reader takes, with the path of the field at fault?"""

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order.commands import AddItem, ChangeOrder, ChangeStatus, CreateOrder, ImportOrder, ReceivePayment
from domain.refusals import InvalidField, Refusal
from domain.strict_json import NotJSON, canonical, decode, number
from tests.conftest import ROOT

PAYMENT = '{"amount": "1", "provider": "p", "reference": "r", %s}'


def read(text: bytes) -> Any:
    """The value of a JSON text, of any shape."""
    return decode(text, Any)


def refusal(text: str | bytes, shape: type[msgspec.Struct] = CreateOrder) -> InvalidField:
    """The refusal of a body. Its detail must be a text that can be sent to the client."""
    with pytest.raises(InvalidField) as refused:
        decode(text if isinstance(text, bytes) else text.encode(), shape)
    assert refused.value.detail.encode()
    return refused.value


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"notes": "a", "notes": "a"}', "notes"),
        ('{"notes": "a", "n\\u006ftes": "b"}', "notes"),
        ('{"customer": {"id": 1, "id": 2}}', "customer.id"),
        ('{"items": [{}, {"quantity": 1, "offer": 2, "quantity": 1}]}', "items[1].quantity"),
        ('{"unknown": {"a": 1, "a": 2}}', "unknown.a"),
        ('{"items": [{"product": {"id": 1, "name": "x", "id": 1}}]}', "items[0].product.id"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_path(text: str, field: str) -> None:
    refused = refusal(text)
    assert refused.field == field
    assert "twice" in refused.message


def test_a_key_that_no_answer_could_repeat_is_refused_in_words_that_can_be_sent() -> None:
    assert refusal(r'{"\ud800": 1, "\ud800": 2}').field.isprintable()


@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_32_levels_are_read_and_33_are_not(brackets: tuple[str, str]) -> None:
    opening, closing = brackets

    def nested(levels: int) -> bytes:
        return f"{opening * levels}{'1' if opening != '[' else ''}{closing * levels}".encode()

    assert read(nested(32)) is not None
    with pytest.raises(InvalidField, match="deeper than 32"):
        read(nested(33))


def test_depth_is_refused_with_the_path_where_it_begins_to_be_too_deep() -> None:
    assert refusal('{"customer": {"id": ' + "[" * 40 + "]" * 40 + "}}").field == "customer.id" + "[0]" * 30


@pytest.mark.parametrize("levels", [33, 900, 2_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"), [('["]",', ',"["]'), ('{"}":', ',"{":1}'), ('["[",', ',"]"]'), ('["\\"]",', ',"[\\""]')]
)
def test_brackets_in_texts_do_not_hide_how_deep_it_is(opening: str, closing: str, levels: int) -> None:
    with pytest.raises(InvalidField, match="deeper than 32"):
        read(f"{opening * levels}1{closing * levels}".encode())


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000])
def test_100_000_brackets_are_refused_as_too_deep(text: bytes) -> None:
    with pytest.raises(InvalidField, match="deeper than 32"):
        read(text)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"shipping_cost": %s}', "shipping_cost"),
        ('{"items": [{"quantity": %s}]}', "items[0].quantity"),
        ('{"unknown": [%s]}', "unknown[0]"),
    ],
)
def test_a_constant_that_is_no_number_of_json_is_refused_with_its_path(text: str, field: str, constant: str) -> None:
    refused = refusal(text % constant)
    assert (refused.field, refused.message) == (field, f"{constant} is not a JSON number")


@pytest.mark.parametrize("unfit", [r"\ud800", r"\udc00", r"\udc00\ud800", r"\u0000", r"\u0008", r"\u001b", r"\u007f"])
def test_lone_surrogates_and_control_characters_are_refused_with_their_path(unfit: str) -> None:
    assert refusal(f'{{"notes": "a{unfit}b"}}').field == "notes"
    assert refusal(f'{{"items": [{{}}, {{"product": {{"slug": "{unfit}"}}}}]}}').field == "items[1].product.slug"
    assert refusal(f'{{"customer": {{"id": 1, "{unfit}": 1}}}}').field == "customer"


@pytest.mark.parametrize("text", ["پرداخت در محل", "line\nline\tcell\r\n", "\U0001f4e6", "e\u0301", "\u200c\u2028"])
def test_text_of_every_script_is_read_as_it_is(text: str) -> None:
    for written in (json.dumps({"notes": text}), json.dumps({"notes": text}, ensure_ascii=False)):
        assert decode(written.encode(), CreateOrder).notes == text


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"customer": {"id": 1000000000000000}}', "customer.id"),
        ('{"items": [{"variant": ' + "9" * 5000 + "}]}", "items[0].variant"),
        ('{"items": [{"variant": -' + "9" * 5000 + "}]}", "items[0].variant"),
        ('{"items": [{"offer": -1}]}', "items[0].offer"),
        ('{"unknown": 10000000000000000000000}', "unknown"),
    ],
)
def test_long_and_negative_integers_are_refused_with_their_path(text: str, field: str) -> None:
    assert refusal(text).field == field


def test_an_integer_of_15_digits_is_read() -> None:
    assert read(b"999999999999999") == 10**15 - 1


@pytest.mark.parametrize(
    ("text", "shape", "field"),
    [
        ('{"colour": 1}', CreateOrder, "colour"),
        ('{"status": "new"}', CreateOrder, "status"),
        ('{"items": [{}, {"price": "1"}]}', CreateOrder, "items[1].price"),
        ('{"customer": {"id": 1, "age": "1"}}', CreateOrder, "customer.age"),
        ('{"payment_method": {"image": {"x": 1}}}', CreateOrder, "payment_method.image.x"),
        ('{"currency": "EUR"}', ChangeOrder, "currency"),
    ],
)
def test_an_unknown_field_is_refused_with_its_path(text: str, shape: type[msgspec.Struct], field: str) -> None:
    refused = refusal(text, shape)
    assert (refused.field, refused.message) == (field, "this field is not known here")


@pytest.mark.parametrize(
    ("text", "shape", "field"),
    [
        ('{"charges": [{"kind": "tip"}]}', CreateOrder, "charges[0].amount"),
        ("{}", ChangeStatus, "status"),
        ('{"amount": "1", "reference": "r"}', ReceivePayment, "provider"),
        ('{"history": [{"type": "status", "status": "hold"}]}', ImportOrder, "history[0].at"),
    ],
)
def test_a_missing_field_is_refused_with_its_path(text: str, shape: type[msgspec.Struct], field: str) -> None:
    refused = refusal(text, shape)
    assert (refused.field, refused.message) == (field, "this field is required")


@pytest.mark.parametrize(
    ("text", "shape", "field"),
    [
        ("[]", CreateOrder, ""),
        ("null", CreateOrder, ""),
        ('{"notes": 1}', CreateOrder, "notes"),
        ('{"notes": 1.5}', CreateOrder, "notes"),
        ('{"customer": 1}', CreateOrder, "customer"),
        ('{"customer": {"id": "1"}}', CreateOrder, "customer.id"),
        ('{"customer": {"id": true}}', CreateOrder, "customer.id"),
        ('{"customer": {"id": 1.0}}', CreateOrder, "customer.id"),
        ('{"items": {}}', CreateOrder, "items"),
        ('{"items": [{"quantity": 0}]}', CreateOrder, "items[0].quantity"),
        ('{"items": [{"quantity": 1000001}]}', CreateOrder, "items[0].quantity"),
        ('{"items": [{"quantity": 2.0}]}', CreateOrder, "items[0].quantity"),
        ('{"items": [{"quantity": "2"}]}', CreateOrder, "items[0].quantity"),
        ('{"items": [{"quantity": true}]}', CreateOrder, "items[0].quantity"),
        ('{"items": [{"unit_price": true}]}', CreateOrder, "items[0].unit_price"),
        ('{"voucher": {"discount_amount": [1]}}', CreateOrder, "voucher.discount_amount"),
        ('{"shipping_cost": null}', ChangeOrder, "shipping_cost"),
        ('{"status": "pending"}', ChangeStatus, "status"),
        ('{"status": null}', ChangeStatus, "status"),
        (PAYMENT % '"force": 1', ReceivePayment, "force"),
        (PAYMENT % '"method": 1', ReceivePayment, "method"),
        (PAYMENT % '"received_at": "2026-03-01T10:30:00"', ReceivePayment, "received_at"),
        (PAYMENT % '"received_at": "2026-02-30T10:30:00Z"', ReceivePayment, "received_at"),
        (PAYMENT % '"received_at": 1700000000', ReceivePayment, "received_at"),
        ('{"amount": "1", "provider": "p", "reference": ""}', ReceivePayment, "reference"),
        ('{"amount": "1", "provider": "p", "reference": "%s"}' % ("r" * 201), ReceivePayment, "reference"),
        ('{"id": 0}', ImportOrder, "id"),
        ('{"key": "a b"}', ImportOrder, "key"),
        ('{"key": "abc\\n"}', ImportOrder, "key"),
        ('{"uuid": "nobody"}', ImportOrder, "uuid"),
        ('{"history": [{"type": "gift", "at": "2026-03-01T10:30:00Z"}]}', ImportOrder, "history[0].type"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_path(text: str, shape: type[msgspec.Struct], field: str) -> None:
    assert refusal(text, shape).field == field


@pytest.mark.parametrize("letters", ["x", '"', "\\", 'x"', "\n", "ی", "\U0001f4e6", "[", '"]'])
def test_a_text_of_10_000_characters_is_read_and_a_longer_one_is_not(letters: str) -> None:
    longest = letters * (10_000 // len(letters))
    for escaped in (True, False):
        assert read(json.dumps({"notes": longest}, ensure_ascii=escaped).encode()) == {"notes": longest}
        assert refusal(json.dumps({"notes": longest + letters}, ensure_ascii=escaped)).field == "notes"


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"{'a': 1}", b'{"a": 1,}', b"{} {}", b'{"a": 01}', b'{"a": .5}', b"undefined"),
        *(b"\xff{}", b'{"a": "\xed\xa0\x80"}', b"\xef\xbb\xbf{}", b'{"a": "\x01"}', '{"a": 1}'.encode("utf-16")),
    ],
)
def test_text_that_is_not_json_at_all_is_told_apart_from_json_that_is_wrong(text: bytes) -> None:
    with pytest.raises(NotJSON):
        read(text)


@pytest.mark.parametrize("text", ["0.1", "79.990", "1e5", "123456789012345678901234567890.5"])
def test_a_number_with_a_point_or_an_exponent_keeps_its_text(text: str) -> None:
    value = read(text.encode())
    assert isinstance(value, number)
    assert value.text == text


def test_the_same_command_has_the_same_canonical_bytes_however_it_was_written() -> None:
    ways = (
        '{"unit_price": "10", "quantity": 2}',
        '{"quantity":2,"unit_price":10}',
        '{"unit_price": 10.00, "quantity": 2, "shipping": 0}',
        ' {"unit_price": "010.0", "quantity": 2, "product": null} ',
    )
    assert len({canonical(decode(way.encode(), AddItem)) for way in ways}) == 1


@pytest.mark.parametrize(
    ("one", "other", "shape"),
    [
        ('{"unit_price": "10"}', '{"unit_price": "10.01"}', AddItem),
        ('{"unit_price": "1"}', '{"unit_price": "10"}', AddItem),
        ('{"unit_price": "1"}', '{"shipping": "1"}', AddItem),
        ('{"notes": null}', "{}", ChangeOrder),
        ('{"notes": null}', '{"notes": ""}', ChangeOrder),
        ('{"billing_state": {"id": 1}}', '{"billing_city": {"id": 1}}', ChangeOrder),
    ],
)
def test_different_commands_have_different_canonical_bytes(one: str, other: str, shape: type[msgspec.Struct]) -> None:
    assert canonical(decode(one.encode(), shape)) != canonical(decode(other.encode(), shape))


FIT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
# Names of fields among other texts, so that a tree fits a shape now and then.
KEYS = st.one_of(st.sampled_from(["items", "customer", "id", "quantity", "history", "type", "at", "unit_price"]), FIT)
FIT_TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 10**15 - 1), FIT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)
ANY_TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=()))),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS | st.text(), inner, max_size=4)),
    max_leaves=20,
)


@given(FIT_TREES)
def test_json_that_is_fit_is_read_as_it_was_written(tree: Any) -> None:
    assert read(json.dumps(tree).encode()) == tree
    assert read(json.dumps(tree, ensure_ascii=False, indent=1).encode()) == tree


UNFIT = {
    "no number": "NaN",
    "less than nothing": "-1",
    "a long integer": "1000000000000000",
    "a long negative integer": "-1000000000000000",
    "a key twice": '{"a": 1, "a": 1}',
    "a control character": r'"\u0000"',
    "a lone surrogate": r'"\ud800"',
    "a delete character": '"\x7f"',
    "an escaped delete character": r'"\u007F"',
    "a long text": '"' + "é" * 10_001 + '"',
    "a long text of quotes": '"' + r"\"" * 10_001 + '"',
}


@given(
    st.sampled_from(sorted(UNFIT)),
    st.lists(st.one_of(KEYS.filter(str.isidentifier), st.integers(0, 3)), max_size=20),
    FIT_TREES,
)
def test_an_unfit_value_is_refused_wherever_it_stands_and_whatever_is_beside_it(
    what: str, path: list[str | int], beside: Any
) -> None:
    text, field, fit = UNFIT[what], "", json.dumps(beside)
    for step in reversed(path):
        text = f'{{"{step}": {text}, "": {fit}}}' if isinstance(step, str) else f"[{(fit + ',') * step} {text}, {fit}]"
    for step in [*path, "a"] if what == "a key twice" else path:
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else step
    with pytest.raises(InvalidField) as refused:
        read(text.encode())
    assert refused.value.field == field


def words(text: bytes) -> str:
    """The detail of the refusal of a body, or "" where the body is taken."""
    try:
        decode(text, ImportOrder)
    except Refusal as refused:
        return refused.detail
    return ""


@given(st.one_of(st.binary(), ANY_TREES.map(lambda tree: json.dumps(tree).encode())))
def test_any_bytes_are_read_or_refused_in_words_that_can_be_sent(text: bytes) -> None:
    assert words(text).encode().decode() == words(text)


def test_the_first_commands_of_a_process_may_come_all_at_once() -> None:
    """A new process each time, since a process learns a shape once."""
    script = (
        "import sys, threading; sys.setswitchinterval(1e-6)\n"
        "from domain.order.commands import CreateOrder; from domain.strict_json import convert\n"
        "gate = threading.Barrier(8)\n"
        "def first(): gate.wait(); convert({'items': [{'unit_price': '1'}]}, CreateOrder)\n"
        "threads = [threading.Thread(target=first) for _ in range(8)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
    )
    for _ in range(10):
        assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_values_unfit_anywhere_and_values_of_a_wrong_shape_are_named_together() -> None:
    text = b"""{
        "currency": 7, "notes": "a\\u0000b", "nots": 1, "key": "k", "key": "l",
        "items": [{"quantity": -1, "unit_price": NaN, "offer": 1234567890123456, "variant": "x", "variant": "y"}]
    }"""
    with pytest.raises(InvalidField) as refused:
        decode(text, CreateOrder)
    assert sorted(field for field, _ in refused.value.faults) == [
        "currency",
        "items[0].offer",
        "items[0].quantity",
        "items[0].unit_price",
        "items[0].variant",
        "key",
        "notes",
        "nots",
    ]
