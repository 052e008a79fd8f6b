"""What every read and every write have in common: log positions, bodies, and the headers of commands."""

import re
from threading import BoundedSemaphore
from typing import Final, TypeVar

from falcon import Request, Response
from gunicorn.http.errors import ParseException

from api.errors import Problem, invalid_parameter, not_ready
from api.parameters import Parameters
from domain import strict_json
from domain.ledger import LOG
from domain.log.keys import Caller
from domain.log.records import Provenance
from domain.log.sqlite import TookTooLong, in_haste
from projections.views.views import Views

BODY_BYTES_MAX: Final = 1024 * 1024
POSITION_WAIT_SECONDS_MAX: Final = 2.0
_TOKEN: Final = re.compile(rf"{LOG}:([0-9]{{1,15}})")
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ETAGS: Final = re.compile(r'\s*(?:W/)?"([0-9]{1,15})"\s*')
_JSON_TYPE: Final = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)

_T = TypeVar("_T")


def position_token(position: int) -> str:
    return f"{LOG}:{position}"


def position_in(parameters: Parameters, name: str) -> int | None:
    """The position that a parameter names by its token. Raises a 400."""
    token = parameters.text(name)
    if token is None:
        return None
    found = _TOKEN.fullmatch(token)
    if not found:
        raise invalid_parameter(name, f"must be a Ledger-Position like {LOG}:1234")
    return int(found[1])


class Patience:
    """Waits for the views to reach the position that a reader asks for.

    Only some of a worker's threads may wait at once: the others go on serving those who do not.
    """

    def __init__(self, views: Views, waiting_max: int) -> None:
        self._views = views
        self._places = BoundedSemaphore(waiting_max)

    def wait(self, parameters: Parameters) -> None:
        """Raises a 503 where `min_position` is not reached in time, a 400 where it is no position."""
        token = parameters.text("min_position")
        if token is None:
            return
        position = position_in(parameters, "min_position") or 0
        if self._views.position() >= position:
            return
        if in_haste():
            raise TookTooLong
        reached = False
        if self._places.acquire(blocking=False):
            try:
                reached = self._views.wait_for(position, POSITION_WAIT_SECONDS_MAX)
            finally:
                self._places.release()
        if not reached:
            raise not_ready("position-not-reached", f"The lists have not reached {token} yet; ask again in a moment.")


def stamp(resp: Response, position: int) -> None:
    """Says on an answer how far in the log it is."""
    resp.set_header("Ledger-Position", position_token(position))


def json_answer(resp: Response, body: bytes, position: int) -> None:
    resp.content_type = "application/json"
    resp.data = body
    resp.set_header("Cache-Control", "private, no-cache")
    stamp(resp, position)


def command(req: Request, shape: type[_T]) -> _T:
    """The request's body as a command. Raises a 415, 413, 400 or 422."""
    return strict_json.shaped(strict_json.read(_body(req)), shape)


def _body(req: Request) -> bytes:
    if not _JSON_TYPE.fullmatch((req.content_type or "").strip()):
        raise Problem(415, "unsupported-media-type", "Send the body as Content-Type: application/json.")
    length = req.content_length or 0
    if length > BODY_BYTES_MAX:
        raise _too_large()
    try:
        # Not Falcon's bounded stream: to that one a chunked body looks empty. gunicorn ends the stream where the
        # body ends.
        body: bytes = req.stream.read(BODY_BYTES_MAX + 1)
    except (ParseException, OSError):
        raise _broken_off() from None
    if len(body) < length:
        raise _broken_off()
    if len(body) > BODY_BYTES_MAX:
        raise _too_large()
    return body


def _too_large() -> Problem:
    return Problem(413, "body-too-large", f"A body has at most {BODY_BYTES_MAX} bytes.")


def _broken_off() -> Problem:
    return Problem(400, "body-unreadable", "The body broke off, or its chunks are malformed.")


def provenance(req: Request) -> Provenance:
    """Where this write comes from. Raises a 400 for an Idempotency-Key that is none."""
    key = req.env.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise invalid_parameter("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    caller: Caller = req.context.caller
    return Provenance(caller.name, req.context.request_id, key)


def expected_versions(req: Request) -> list[int] | None:
    """The versions that If-Match allows; None where it allows any. Raises a 400."""
    header = req.env.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    found = [_ETAGS.fullmatch(part) for part in header.split(",")]
    if not all(found):
        raise invalid_parameter("If-Match", 'must be a version as ETag gives it, like "7"')
    return [int(match[1]) for match in found if match]


def none_match(req: Request, version: int) -> bool:
    """Whether If-None-Match says that the client has this version already."""
    header = req.env.get("HTTP_IF_NONE_MATCH", "")
    return any(match and int(match[1]) == version for match in map(_ETAGS.fullmatch, header.split(",")))
