"""XML as a stream of beginnings and ends, read safely: in memory that does not grow, and with nothing expanded.

A document type declaration is refused, and with it every entity that a document could define ("billion laughs",
external files); the five that XML itself defines and character references remain. Depth, and the text of one
element, are bounded. This is what the package defusedxml does for the parsers of the standard library
(https://pypi.org/project/defusedxml/), done on expat itself, which gives line numbers.
"""

from collections.abc import Iterator
from typing import IO, Final, NamedTuple
from xml.parsers import expat

from domain.settlement.lines import Misfit

DEPTH_MAX: Final = 64
TEXT_CHARS_MAX: Final = 100_000
_CHUNK_BYTES: Final = 64 * 1024
_BETWEEN: Final = " "  # stands between a namespace and a name; neither can hold it


class Event(NamedTuple):
    """The beginning of an element, with its attributes, or its end, with the text behind the last tag in it."""

    name: str
    line: int
    attributes: dict[str, str] | None
    text: str = ""

    @property
    def begins(self) -> bool:
        return self.attributes is not None


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(_BETWEEN)[2]


class _Document:
    """Expat's handlers; `events` holds the elements since the last chunk."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._text: list[str] = []
        self._length = self._depth = 0
        self.parser = parser = expat.ParserCreate(namespace_separator=_BETWEEN)
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Misfit(self.parser.CurrentLineNumber, local(name), f"nested deeper than {DEPTH_MAX}")
        self._text.clear()
        self._length = 0
        self.events.append(Event(name, self.parser.CurrentLineNumber, attributes))

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.events.append(Event(name, self.parser.CurrentLineNumber, None, "".join(self._text)))
        self._text.clear()
        self._length = 0

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > TEXT_CHARS_MAX:
            raise Misfit(self.parser.CurrentLineNumber, None, f"a text of more than {TEXT_CHARS_MAX} characters")
        self._text.append(text)

    def _doctype(self, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise Misfit(line, None, "a document type declaration (DTD) has no place in this file")


def events(stream: IO[bytes]) -> Iterator[Event]:
    """The document's elements as they begin and end. Raises Misfit, also where the document is cut off."""
    document = _Document()
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            document.parser.Parse(chunk, False)
            yield from document.events
            document.events.clear()
        document.parser.Parse(b"", True)
        yield from document.events
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise Misfit(error.lineno, None, f"this is not whole XML: {message}") from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not have, or one that is not for text
        raise Misfit(1, None, f"this XML cannot be read: {error}") from None
