"""XML as a stream of beginnings and ends, read safely: in memory that does not grow, and with nothing expanded.

A document type declaration is refused, and with it every entity that a document could define ("billion laughs",
external files); the five entities of XML itself and character references remain. The package defusedxml does the same
for the parsers of the standard library (https://pypi.org/project/defusedxml/). Here it is done on expat itself, which
gives line numbers.

Limits hold for the depth, the elements, the text of one element, and for all on which expat spends more than linear
time or memory: a tag (expat reads it from its beginning again with each piece of the file), a namespace (expat copies
it into the name of each element in it) and the number of different names (expat keeps all).
"""

from collections.abc import Iterator
from itertools import chain
from typing import IO, Final, NamedTuple
from xml.parsers import expat

from domain.settlement.lines import Misfit, shown

DEPTH_MAX: Final = 64
ELEMENTS_MAX: Final = 20_000_000
TEXT_CHARS_MAX: Final = 100_000
# A tag with its attributes, or a comment.
TAG_BYTES_MAX: Final = 256 * 1024
NAME_CHARS_MAX: Final = 200
NAMESPACE_CHARS_MAX: Final = 500
NAMES_MAX: Final = 10_000
# Python has many codecs, and not all are for text.
_ENCODINGS: Final = ("utf-8", "utf-16", "us-ascii", "iso-8859-", "windows-125")
_CHUNK_BYTES: Final = 64 * 1024
_BETWEEN: Final = " "  # stands between a namespace and a name; neither can hold it


class Event(NamedTuple):
    """The beginning of an element, with its attributes; or its end, with the text behind the last tag in it."""

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
        self._length = self._depth = self._count = self._bytes = 0
        self._names: dict[str, str] = {}
        self.parser = parser = expat.ParserCreate(namespace_separator=_BETWEEN, intern=self._names)
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.XmlDeclHandler = self._declaration

    def parse(self, chunk: bytes) -> None:
        """Parses the next chunk; an empty one ends the document. Raises Misfit, ExpatError, LookupError and ValueError;
        the last two for the document's encoding."""
        self.parser.Parse(chunk, not chunk)
        self._bytes += len(chunk)
        line = self.parser.CurrentLineNumber
        if self._bytes - self.parser.CurrentByteIndex > TAG_BYTES_MAX:
            raise Misfit(line, None, f"a tag, or a comment, of more than {TAG_BYTES_MAX // 1024} KiB")
        if len(self._names) > NAMES_MAX:
            raise Misfit(line, None, f"more than {NAMES_MAX} different names")
        if self._count > ELEMENTS_MAX:
            raise Misfit(line, None, f"more than {ELEMENTS_MAX} elements")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if len(name) > NAME_CHARS_MAX + NAMESPACE_CHARS_MAX:
            raise Misfit(self.parser.CurrentLineNumber, None, f"a name of more than {NAME_CHARS_MAX} characters")
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

    def _namespace(self, _: str | None, uri: str | None) -> None:
        if len(uri or "") > NAMESPACE_CHARS_MAX:
            line = self.parser.CurrentLineNumber
            raise Misfit(line, None, f"a namespace of more than {NAMESPACE_CHARS_MAX} characters")

    def _declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and not encoding.lower().startswith(_ENCODINGS):
            raise Misfit(1, None, f"the encoding {shown(encoding)} is not known here; save the file in UTF-8")

    def _doctype(self, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise Misfit(line, None, "a document type declaration (DTD) has no place in this file")


def events(stream: IO[bytes]) -> Iterator[Event]:
    """The document's elements as they begin and end. Raises Misfit, also where the document is cut off."""
    document = _Document()
    try:
        for chunk in chain(iter(lambda: stream.read(_CHUNK_BYTES), b""), [b""]):
            document.parse(chunk)
            yield from document.events
            document.events.clear()
    except expat.ExpatError as error:
        raise Misfit(error.lineno, None, f"this is not whole XML: {expat.ErrorString(error.code)}") from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not have, or one that is not for text
        raise Misfit(1, None, f"this XML cannot be read: {error}") from None
