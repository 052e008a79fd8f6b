"""What was asked, how was it answered, and how long did it take? A line of the log for each request, its metrics and
its span.

A line has the route's template and never the path, no value of a query and nothing of a body, so nothing personal.
"""

import logging
import os
import time
from contextlib import suppress
from logging import LogRecord
from typing import TYPE_CHECKING, Any, Final

import msgspec
from falcon.asgi import Request, Response

from api.settings import LOG_LEVELS
from domain.moments import instant, utc_now

if TYPE_CHECKING:
    from api.metrics import Metrics
    from api.tracing import Tracing

_STDERR: Final = 2
# Whoever watches over the service asks these every few seconds.
_WATCHED: Final = ("/healthz", "/readyz")
_OF_TOKENS: Final = "jwt:"


class Line(msgspec.Struct, omit_defaults=True):
    """A line of the log. `key` is the name of the key that was used; what a token says of its bearer is left out."""

    time: str
    level: str
    method: str | None = None
    route: str | None = None
    status: int | None = None
    duration_ms: float | None = None
    key: str | None = None
    request_id: str | None = None
    position: str | None = None
    code: str | None = None
    message: str | None = None

    def plain(self) -> str:
        """As somebody reads it on a terminal."""
        if self.message is not None:
            return f"{self.time[11:19]} {self.level}: {self.message}"
        told = (self.method, self.route or "(no route)", self.status, f"{self.duration_ms} ms", self.key, self.code)
        return " ".join([self.time[11:19], *(str(one) for one in told if one is not None)])


class Writing:
    """Writes the log of the service to standard error: JSON, or plain on a terminal."""

    def __init__(self, level: str) -> None:
        self._taken = frozenset(LOG_LEVELS[LOG_LEVELS.index(level) :])
        self._is_plain = os.isatty(_STDERR)
        self._encoder = msgspec.json.Encoder()

    def takes(self, level: str) -> bool:
        return level in self._taken

    def write(self, line: Line) -> None:
        text = line.plain().encode() if self._is_plain else self._encoder.encode(line)
        with suppress(OSError):  # whoever read it is gone, which is no reason not to answer
            os.write(_STDERR, text + b"\n")


class Handler(logging.Handler):
    """Writes what the program itself has to say in the same form."""

    def __init__(self, writing: Writing) -> None:
        super().__init__()
        self._writing = writing

    def emit(self, record: LogRecord) -> None:
        level = record.levelname.lower()
        level = level if level in LOG_LEVELS else LOG_LEVELS[-1]
        if self._writing.takes(level):
            self._writing.write(Line(instant(utc_now()), level, message=self.format(record)))


class Observing:
    """Middleware, the outermost: it times a request, and says what became of it."""

    def __init__(self, writing: Writing, metrics: "Metrics | None", tracing: "Tracing | None") -> None:
        self._writing = writing
        self.metrics = metrics
        self._tracing = tracing

    async def process_request(self, req: Request, _resp: Response) -> None:
        req.context.began = time.perf_counter()

    async def process_response(self, req: Request, resp: Response, _resource: Any, _succeeded: bool) -> None:
        seconds = time.perf_counter() - req.context.began
        route, status = req.uri_template, resp.status_code
        if self.metrics is not None:
            self.metrics.answered(req.method, route, status, seconds)
        if self._tracing is not None:
            request_id, parent = getattr(req.context, "request_id", None), req.get_header("traceparent")
            self._tracing.answered(req.method, route, status, seconds, request_id=request_id, parent=parent)
        level = "error" if status >= 500 else "debug" if route in _WATCHED else "info"
        if self._writing.takes(level):
            self._writing.write(_line(req, resp, level, seconds))

    def stop(self) -> None:
        if self._tracing is not None:
            self._tracing.stop()


def _line(req: Request, resp: Response, level: str, seconds: float) -> Line:
    context = req.context
    caller = getattr(context, "caller", None)
    key = None if caller is None else caller.name
    return Line(
        instant(utc_now()),
        level,
        req.method,
        req.uri_template,
        resp.status_code,
        round(seconds * 1_000, 3),
        _OF_TOKENS.rstrip(":") if key is not None and key.startswith(_OF_TOKENS) else key,
        getattr(context, "request_id", None),
        resp.get_header("Ledger-Position"),
        getattr(context, "code", None),
    )
