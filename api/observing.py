"""How was each request answered, and how long did it take? A line of the service's log, its metrics and its span.

A line has the route's template instead of the path, and nothing of query strings and bodies, so nothing personal.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from logging import LogRecord
from select import PIPE_BUF
from typing import TYPE_CHECKING, Any, Final

import msgspec
from falcon.asgi import Request, Response

from api.settings import LOG_LEVELS
from domain.moments import utc_now

if TYPE_CHECKING:
    from api.metrics import Metrics
    from api.tracing import Tracing

_STDERR: Final = 2
# Requests are logged and counted together, which takes a third of the time: so many, after so long at the latest.
_TOGETHER_MAX: Final = 64
TOGETHER_SECONDS: Final = 0.01
# Monitoring asks these every few seconds.
_WATCHED: Final = ("/healthz", "/readyz")
_OF_TOKENS: Final = "jwt:"


class Message(msgspec.Struct):
    """A line of the service's log: a message of the program."""

    time: datetime
    level: str
    message: str

    def plain(self) -> str:
        """The line for a terminal."""
        return f"{self.time:%H:%M:%S} {self.level}: {self.message}"


class Answered(msgspec.Struct, omit_defaults=True):
    """A line of the service's log: a request. `key` is the name of the access key; of a token the bearer is left
    out."""

    time: datetime
    level: str
    method: str
    route: str | None = None
    status: int = 0
    duration_ms: float = 0
    key: str | None = None
    request_id: str | None = None
    position: str | None = None
    code: str | None = None

    def plain(self) -> str:
        """The line for a terminal."""
        columns = (self.method, self.route or "(no route)", self.status, f"{self.duration_ms} ms", self.key, self.code)
        return " ".join([f"{self.time:%H:%M:%S}", *(str(one) for one in columns if one is not None)])


class LogWriter:
    """Writes the service's log to standard error: as JSON, on a terminal as text."""

    def __init__(self, level: str) -> None:
        self._taken = frozenset(LOG_LEVELS[LOG_LEVELS.index(level) :])
        self._is_plain = os.isatty(_STDERR)
        self._encoder = msgspec.json.Encoder()

    def is_enabled(self, level: str) -> bool:
        return level in self._taken

    def write(self, lines: Iterable[Message | Answered]) -> None:
        """Writes lines, whole ones also where several processes and threads write."""
        texts = (line.plain().encode() if self._is_plain else self._encoder.encode(line) for line in lines)
        whole = b""
        for text in texts:
            if whole and len(whole) + len(text) >= PIPE_BUF:  # a pipe takes no more at once
                self._write(whole)
                whole = b""
            whole += text + b"\n"
        self._write(whole)

    def _write(self, text: bytes) -> None:
        with suppress(OSError):  # the reader of standard error may be gone; requests are answered all the same
            os.write(_STDERR, text)


class Handler(logging.Handler):
    """Writes messages of the program, and of its libraries, as lines of the service's log."""

    def __init__(self, writing: LogWriter) -> None:
        super().__init__()
        self._writing = writing

    def emit(self, record: LogRecord) -> None:
        level = record.levelname.lower()
        level = level if level in LOG_LEVELS else LOG_LEVELS[-1]
        if self._writing.is_enabled(level):
            self._writing.write([Message(utc_now(), level, self.format(record))])


class Observing:
    """Middleware, the outermost one: times each request, and logs, counts and traces its answer."""

    def __init__(self, writing: LogWriter, metrics: "Metrics | None", tracing: "Tracing | None") -> None:
        self._writing = writing
        self.metrics = metrics
        self._tracing = tracing
        self._answered: list[Answered] = []

    async def process_request(self, req: Request, _resp: Response) -> None:
        req.context.began = time.perf_counter()

    async def process_response(self, req: Request, resp: Response, _resource: Any, _succeeded: bool) -> None:
        seconds = time.perf_counter() - req.context.began
        status = resp.status_code
        if self._tracing is not None:
            request_id, parent = getattr(req.context, "request_id", None), req.get_header("traceparent")
            of = (req.method, req.uri_template, status, seconds)
            self._tracing.answered(*of, request_id=request_id, parent=parent)
        level = "error" if status >= 500 else "debug" if req.uri_template in _WATCHED else "info"
        if self.metrics is None and not self._writing.is_enabled(level):
            return
        self._answered.append(_answered(req, resp, level, status, seconds))
        if len(self._answered) == _TOGETHER_MAX:
            self.flush()
        elif len(self._answered) == 1:
            asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Counts and logs the requests answered since the last time."""
        answered, self._answered = self._answered, []
        if self.metrics is not None:
            self.metrics.observe_requests(
                (one.method, one.route, one.status, one.duration_ms / 1_000) for one in answered
            )
        if lines := [one for one in answered if self._writing.is_enabled(one.level)]:
            self._writing.write(lines)

    def stop(self) -> None:
        self.flush()
        if self._tracing is not None:
            self._tracing.stop()


def _answered(req: Request, resp: Response, level: str, status: int, seconds: float) -> Answered:
    context = req.context
    caller = getattr(context, "caller", None)
    key = None if caller is None else caller.name
    return Answered(
        utc_now(),
        level,
        req.method,
        req.uri_template,
        status,
        round(seconds * 1_000, 3),
        _OF_TOKENS.rstrip(":") if key is not None and key.startswith(_OF_TOKENS) else key,
        getattr(context, "request_id", None),
        resp.get_header("Ledger-Position"),
        getattr(context, "code", None),
    )
