"""gunicorn's parser of HTTP, with the checks that it lacks: the length of a head and of a chunk's line, the one Host of
HTTP/1.1, and the one transfer coding that is taken.

A request that gunicorn refuses stays refused; no byte is read a second time in another way.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from time import monotonic
from typing import Final

from gunicorn.asgi.parser import (
    InvalidChunkSize,
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    ParseError,
    PythonProtocol,
)

HEAD_BYTES_MAX: Final = 32 * 1024
_CHUNK_LINE_BYTES_MAX: Final = 256
# A chunk's size of so many digits is larger than any body may be.
_HUGE_CHUNK: Final = re.compile(rb"0*[1-9a-fA-F][0-9a-fA-F]{7}")
_FIELD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_NAMES_A_HOST: Final = re.compile(rb"[^\s,/?#@\\]*")
# The characters of a token (RFC 9110, section 5.6.2). `bytes.translate` checks all at once; gunicorn goes byte by byte.
_OF_TOKENS: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The bytes of a field's value (section 5.5): visible ASCII, blank, tab, and bytes beyond ASCII.
OF_VALUES: Final = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
# The target of a request (RFC 9112, section 3.2): a path, an absolute URL, or the asterisk. CONNECT is not taken.
_TARGET: Final = re.compile(rb"(?:/|https?://[^\s,/?#@\\]+(?=[/?]|$))[^#]*|\*", re.IGNORECASE)


# Each chunk takes the event loop some microseconds, however small it is. A message has some chunks free; all messages
# share the rest, which is enough for one message in chunks of one byte.
_CHUNKS_FREE: Final = 64
_CHUNKS_PER_SECOND_MAX: Final = 20_000


class _Chunks:
    """The number of chunks that a worker may read now; it grows again with time."""

    def __init__(self) -> None:
        self._left, self._at = float(_CHUNKS_PER_SECOND_MAX), monotonic()

    def take(self) -> None:
        now = monotonic()
        self._left = min(_CHUNKS_PER_SECOND_MAX, self._left + (now - self._at) * _CHUNKS_PER_SECOND_MAX) - 1
        self._at = now
        if self._left < 0:
            raise InvalidChunkSize("Others send very many chunks, too; send fewer, or later")


# A client sends the same fields with most of its requests.
@lru_cache(maxsize=256)
def _clear_fields(lines: bytes) -> tuple[tuple[bytes, bytes], ...] | None:
    """The fields of a head, their names in small letters; None where gunicorn must look at them line by line: for a
    malformed field, for a Host that does not stand there once, for a transfer coding."""
    pairs = [line.partition(b":") for line in lines.split(b"\r\n")]
    names = b"".join(name for name, _, _ in pairs)
    if (
        not all(name and colon for name, colon, _ in pairs)
        or names.translate(None, _OF_TOKENS)
        or lines.replace(b"\r\n", b"").translate(None, OF_VALUES)
    ):
        return None
    fields = tuple((name.lower(), value.strip(b" \t")) for name, _, value in pairs)
    hosts, codings = _values(fields, b"host"), _values(fields, b"transfer-encoding")
    return fields if len(hosts) == 1 and _NAMES_A_HOST.fullmatch(hosts[0]) and not codings else None


def _values(fields: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value for name, value in fields if name == wanted]


class Parser(PythonProtocol):
    _header_count: int
    _worker_chunks = _Chunks()

    def feed(self, data: bytes) -> None:
        super().feed(data)
        if self._state == "headers":
            self._must_be_small()

    def _must_be_small(self) -> None:
        if sum(len(name) + len(value) for name, value in self._headers_list) > HEAD_BYTES_MAX:
            raise LimitRequestHeaders("The head is too large")

    def _parse_headers(self) -> bool:
        """Reads all fields of a whole head at once. Where one may be malformed, gunicorn's parser reads them line by
        line, and names the fault."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > self._line_limit() - len(b"\r\n") or self._header_count:
            return bool(super()._parse_headers())
        if self._buffer.count(b"\r\n", 0, end) >= self._limit_request_fields:
            return bool(super()._parse_headers())  # thousands of fields would be remembered
        if (fields := _clear_fields(bytes(self._buffer[:end]))) is None:
            return bool(super()._parse_headers())
        del self._buffer[: end + len(b"\r\n\r\n")]
        self._header_count, self._scan_from, self._chunks = len(fields), 0, 0
        self._headers_list = list(fields)
        self._must_name_a_target()
        super()._finalize_headers()
        return True

    def _find_line(self, limit: int, error: ParseError) -> int:
        """The end of the next line; -1 where it has not come. Raises for the line of a request or of a chunk that is
        wrong already, before its end has come."""
        if self._state == "request_line" and self._buffer[:1].translate(None, _OF_TOKENS):
            raise InvalidRequestLine("No method begins so; a client may have meant to speak TLS")
        if self._state != "chunked":
            return super()._find_line(limit, error)  # type: ignore[no-any-return]
        in_size = self._chunk_state == "size"
        end: int = super()._find_line(min(limit, _CHUNK_LINE_BYTES_MAX) if in_size else limit, error)
        if in_size and (end > _CHUNK_LINE_BYTES_MAX or _HUGE_CHUNK.match(self._buffer)):
            raise InvalidChunkSize("The chunk is too large, or its extensions are")
        if in_size and end >= 0:
            self._chunks += 1
            if self._chunks > _CHUNKS_FREE:
                self._worker_chunks.take()
        if self._chunk_state == "trailer" and end > 0 and not _FIELD.fullmatch(self._buffer, 0, end):
            raise InvalidHeader("A trailer field is malformed")
        return end

    def _finalize_headers(self) -> None:
        self._chunks = 0
        self._must_be_small()
        self._must_name_a_target()
        hosts = _values(self._headers_list, b"host")
        if len(hosts) != 1 and (hosts or self.http_version >= (1, 1)):
            raise InvalidHeader("There is not one Host")
        if not all(map(_NAMES_A_HOST.fullmatch, hosts)):
            raise InvalidHeader("The Host names none")
        codings = [value.lower() for value in _values(self._headers_list, b"transfer-encoding")]
        if codings and codings != [b"chunked"]:
            raise InvalidHeader("Of transfer codings only 'chunked' is taken, once and alone")
        super()._finalize_headers()

    def _must_name_a_target(self) -> None:
        if self.method != b"CONNECT" and not _TARGET.fullmatch(self.path):
            raise InvalidRequestLine("The address is none")

    def _is_valid_token(self, data: bytes) -> bool:
        return bool(data) and not data.translate(None, _OF_TOKENS)

    def _has_invalid_header_chars(self, value: bytes) -> bool:
        return bool(value.translate(None, OF_VALUES))
