"""The values of JSON exports, one after another, however large the array or the page around them is.

A file holds one value, an array, a page like `{"orders": […]}`, or one value on each line. A number with a point
becomes its text, so that no amount passes through a float.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from domain.shops.tables import Malformed, Source

CHUNK_BYTES: Final = 1024 * 1024
VALUE_CHARS_MAX: Final = 32 * 1024 * 1024
DECODER: Final = json.JSONDecoder(parse_float=str, parse_constant=str)
# The escapes of surrogates: mostly two together, for one character.
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class Value(NamedTuple):
    """A value, the line of the file on which it begins, and the name of the page's field that it stands in."""

    value: Any
    line: int
    under: str


def values(
    source: Source, pages: frozenset[str] = frozenset(), on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[Value]:
    """The values of a file. Raises Malformed, with line and column, where the file is no JSON; the values before were
    yielded.

    For an object that begins with one of `pages`, the values of that array are yielded instead of the object.
    """
    reader = _Reader(source, on_bytes)
    while reader.peek():
        if reader.peek() == "[":
            yield from reader.array("")
        elif reader.peek() == "{" and (name := reader.page(pages)):
            yield from reader.array(name)
            yield from reader.rest_of_page()
        else:
            yield reader.value("")


def _of_whole_characters(value: Any) -> Any:
    """The value with U+FFFD for each half of a character. Text that was cut off may have such a half, and nothing can
    store it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_of_whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {_of_whole_characters(name): _of_whole_characters(inner) for name, inner in value.items()}
    return value


class _Reader:
    """A window on the file's text: the text before `_at` was read already, and leaves the window with the next
    chunk."""

    def __init__(self, source: Source, on_bytes: Callable[[int], None]) -> None:
        self._source = source
        self._on_bytes = on_bytes
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0  # line ends before this place are in `_line`
        self._line_begins = 0  # can be before the window
        self._is_whole = False
        self._read = 0
        source.stream.seek(0)

    def _more(self, size: int = CHUNK_BYTES) -> bool:
        """Reads the next chunk; False where the file has ended. Raises Malformed."""
        if self._is_whole:
            return False
        chunk = self._source.stream.read(size)
        self._count(self._at)
        self._line_begins -= self._at
        self._counted = 0
        try:
            self._text = self._text[self._at :] + self._decode.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            at = self._read + error.start
            raise Malformed(f"{self._source.name}: the text is not UTF-8, at about byte {at}") from None
        self._at = 0
        self._read += len(chunk)
        self._is_whole = not chunk
        if chunk:
            self._on_bytes(len(chunk))
        return bool(chunk)

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None
            self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _count(self, at: int) -> int:
        """The number of the line that has this place. The places must come in rising order of their lines."""
        ends = self._text.count("\n", self._counted, at)
        if ends:
            self._line += ends
            self._line_begins = self._text.rindex("\n", self._counted, at) + 1
        self._counted = at
        return self._line

    def _malformed(self, message: str, at: int | None = None) -> Malformed:
        place = self._at if at is None else at
        line, column = self._count(place), place - self._line_begins + 1
        return Malformed(f"{self._source.name}, row {line}, column {column}: this is not JSON: {message}")

    def value(self, under: str) -> Value:
        self.peek()
        line = self._count(self._at)
        size = CHUNK_BYTES
        while True:
            try:
                found, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                is_cut_off = len(self._text) - error.pos <= CHUNK_BYTES or "Unterminated" in error.msg
                if len(self._text) - self._at > VALUE_CHARS_MAX:
                    raise self._malformed(f"a value of more than {VALUE_CHARS_MAX} characters") from None
                if is_cut_off and self._more(size):
                    size *= 2
                    continue
                raise self._malformed(error.msg, error.pos) from None
            except RecursionError:
                raise self._malformed("it is nested too deep") from None
            if _HALF.search(self._text, self._at, end):
                found = _of_whole_characters(found)
            self._at = end
            return Value(found, line, under)

    def _take(self, character: str, instead: str) -> None:
        if self.peek() != character:
            found = repr(self._text[self._at]) if self._at < len(self._text) else "the end; the file was cut off"
            raise self._malformed(f"{instead} is missing, here is {found}")
        self._at += 1

    def array(self, under: str) -> Iterator[Value]:
        self._take("[", "an array")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value(under)
            if self.peek() == "]":
                self._at += 1
                return
            self._take(",", "a comma or the array's end")

    def page(self, pages: frozenset[str]) -> str:
        """The name of the field that an object begins with, where the field is the array of a page; else empty, and
        nothing is read."""
        before = self._at
        while len(self._text) - before < 200 and self._more():  # enough for a name and the bracket behind it
            before = self._at
        found = re.compile(r'\{\s*"(\w+)"\s*:\s*(?=\[)').match(self._text, before)
        if not found or found[1] not in pages:
            return ""
        self._at = found.end()
        return found[1]

    def rest_of_page(self) -> Iterator[Value]:
        """The values behind the array of a page: its other fields, up to the page's end."""
        while self.peek() == ",":
            self._at += 1
            name = self.value("").value
            self._take(":", "a colon")
            if self.peek() == "[":
                yield from self.array(str(name))
            else:
                yield self.value(str(name))
        self._take("}", "the object's end")
