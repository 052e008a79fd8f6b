"""Bodies of requests: within their limit, whole, and read as commands."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from falcon.asgi import Request

from api.errors import BODY_UNREADABLE, Problem
from domain import strict_json
from domain.faults import invalid
from domain.refusals import InvalidField, Refusal

BODY_BYTES_MAX: Final = 1024 * 1024
# Chunks of a byte each take six bytes for one, and the loop's time.
PIECES_MAX: Final = 16_384
# What Python needs for a piece beside its bytes.
_PIECE_BYTES: Final = 48
_JSON_TYPE: Final = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)

_T = TypeVar("_T")
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Decide = Callable[[dict[str, Any]], Awaitable[None]]


async def command(req: Request, shape: type[_T], decide: Decide | None = None) -> _T:
    """The request's body as a command. Raises a 415, 413, 400 or 422.

    Where fields do not fit the shape, `decide` is given the others, and what it refuses of them is named too.
    """
    text = await _body(req)
    try:
        return strict_json.taken(text, shape)
    except InvalidField as refusal:
        raise (refusal if decide is None else await _with_others(refusal, text, decide)) from None


async def _with_others(refusal: InvalidField, text: bytes, decide: Decide) -> InvalidField:
    named = {field for field, _ in refusal.faults}
    try:
        await decide(strict_json.without(text, refusal.faults))
    except InvalidField as others:
        return invalid([*refusal.faults, *(fault for fault in others.faults if fault[0] not in named)])
    except Refusal:
        pass  # which may come of what was left out
    return refusal


async def command_if_given(req: Request, shape: type[_T]) -> _T:
    """The same, of a body that may be left out: then the command has its defaults."""
    if not (req.content_type or req.content_length or req.get_header("Transfer-Encoding")):
        return shape()
    return await command(req, shape)


async def table_text(req: Request) -> str:
    """The request's body as the text of a CSV. Raises a 413, 400 or 422."""
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


async def gather(receive: Receive, length: int, has_come: Callable[[int], None]) -> tuple[Receive, bool]:
    """A request's body before its application sees any of it, and whether that is the whole. `has_come` is told how
    many bytes more are held.

    One that is too large for that goes on coming while it is read. To read one that has broken off, or that comes in
    very many pieces, raises a Problem.
    """
    pieces: list[bytes] = []
    size, more = 0, True
    # How it is said what is wrong: an error that was kept would keep, by where it was raised, all that was read.
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
    """A body did not come to its end."""

    def __init__(self) -> None:
        super().__init__(400, *BODY_UNREADABLE)
