"""Bodies of requests: received whole, within their limits, and read as commands."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from falcon.asgi import Request

from api.errors import BODY_UNREADABLE, Problem
from domain import strict_json
from domain.aggregate import BrokenHistory
from domain.faults import joined
from domain.refusals import InvalidField, Refusal

BODY_BYTES_MAX: Final = 1024 * 1024
# A chunk of one byte is six bytes of the request, and takes the event loop's time.
PIECES_MAX: Final = 16_384
# The memory that Python needs for a piece beside its bytes.
_PIECE_BYTES: Final = 48
_JSON_TYPE: Final = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)

_T = TypeVar("_T")
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]


async def read_command(req: Request, shape: type[_T], decide: Callable[[_T], Awaitable[object]] | None = None) -> _T:
    """The request's body as a command. Raises a 415, 413, 400 or 422.

    Where fields do not fit the shape, `decide` is given the other fields, and its refusals of them are named too.
    """
    text = await _body(req)
    try:
        return strict_json.decode(text, shape)
    except InvalidField as refusal:
        raise (refusal if decide is None else await _with_others(refusal, text, shape, decide)) from None


async def _with_others(
    refusal: InvalidField, text: bytes, shape: type[_T], decide: Callable[[_T], Awaitable[object]]
) -> InvalidField:
    try:
        await decide(strict_json.decode_partial(text, shape, refusal.faults))
    except InvalidField as other:
        return joined(refusal, other)
    except (Refusal, PersistenceError, MapperDeserialisationError, BrokenHistory):
        pass  # it may be due to the fields that were left out, or the order cannot be read now
    return refusal


async def read_command_if_any(req: Request, shape: type[_T]) -> _T:
    """The request's body as a command; the command with its defaults where there is no body. Raises as
    `read_command`."""
    if not (req.content_type or req.content_length or req.get_header("Transfer-Encoding")):
        return shape()
    return await read_command(req, shape)


async def table_text(req: Request) -> str:
    """The request's body as the text of a CSV file. Raises a 413, 400 or 422."""
    try:
        return (await _content(req)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidField("", "this is not UTF-8") from None


async def _body(req: Request) -> bytes:
    if not _JSON_TYPE.fullmatch((req.content_type or "").strip()):
        raise Problem(415, "unsupported-media-type", "Send the body as Content-Type: application/json.")
    return await _content(req)


async def _content(req: Request) -> bytes:
    length = req.content_length or 0
    if length > BODY_BYTES_MAX:
        raise too_large()
    body = await req.stream.read(BODY_BYTES_MAX + 1)
    if len(body) < length:
        raise BrokenOff()
    if len(body) > BODY_BYTES_MAX:
        raise too_large()
    return body


async def receive_body(receive: Receive, length: int, has_come: Callable[[int], None]) -> tuple[Receive, bool]:
    """Receives a request's body before the application begins. Returns the application's `receive`, and whether the
    body has come to its end.

    A body over `BODY_BYTES_MAX` is received on while the application reads it. `has_come` is called with the number of
    bytes by which the held memory grows. The returned `receive` raises a Problem for a body that broke off, or that
    came in more than `PIECES_MAX` pieces.
    """
    pieces: list[bytes] = []
    size, more = 0, True
    # The error is made when it is raised: one kept here would hold this frame by its traceback, and so the body.
    problem: Callable[[], Problem] | None = None
    while more and problem is None and max(size, length) <= BODY_BYTES_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            problem = BrokenOff
        else:
            pieces.append(message["body"])
            size, more = size + len(pieces[-1]), message["more_body"]
            has_come(len(pieces[-1]) + _PIECE_BYTES)
            problem = too_large if len(pieces) > PIECES_MAX else None
    gathered: Message | None = {"type": "http.request", "body": b"".join(pieces), "more_body": more}

    async def receive_gathered() -> Message:
        nonlocal gathered
        first, gathered = gathered, None
        if first is not None:
            return first
        if problem is not None:
            raise problem()
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BrokenOff()
        return message

    return receive_gathered, not more


def too_large() -> Problem:
    return Problem(413, "body-too-large", f"A body has at most {BODY_BYTES_MAX} bytes.")


class BrokenOff(Problem):
    """The client broke off before the end of its body."""

    def __init__(self) -> None:
        super().__init__(400, *BODY_UNREADABLE)
