"""One client's connection: gunicorn's protocol, with the bounds that it lacks.

A request must arrive whole within a time, an answer must be taken at a least rate, and a malformed request is answered
once and ends the connection.
"""

import asyncio
import socket
import struct
from fcntl import ioctl
from functools import partial
from termios import TIOCOUTQ
from time import monotonic
from typing import Any, Final

from gunicorn.asgi.protocol import ASGIProtocol

from api.bodies import Message, Receive, receive_body
from api.errors import unreadable_request
from api.places import Places, Standing
from api.sending import Sending

REQUEST_SECONDS_MAX: Final = 10.0
# How long a client may take an answer slower than the least rate.
ANSWER_SECONDS_MAX: Final = 15.0
ANSWER_BYTES_PER_SECOND_MIN: Final = 4 * 1024
LINGER_SECONDS_MAX: Final = 5.0
# The bytes that are read of requests behind the one under way; more of them wait in the kernel.
_AHEAD_BYTES_MAX: Final = 16 * 1024
_LOOK_EVERY_BYTES: Final = 64 * 1024
# The attributes of a connection that refer back to it.
_CIRCULAR: Final = (
    *("transport", "writer", "_task", "_flow_control"),
    *("_callback_parser", "_body_receiver", "_current_request"),
)


class PatientProtocol(ASGIProtocol):
    """A connection with at most two timers: one until a request is whole or the client has gone, and one for the rate
    at which an answer is taken."""

    _deadline: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _has_ended = False
    standing = Standing.NEVER_ASKED
    body_bytes = 0
    _is_answering = False
    # Whether the body turned out malformed after the application had begun with its request.
    _is_broken = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._max_buffer_size = _AHEAD_BYTES_MAX
        transport.set_write_buffer_limits(high=0)  # so that `pause_writing` tells of every byte that is not taken
        self.since = monotonic()
        self._end_in(REQUEST_SECONDS_MAX)
        # Asked for once: the kernel forgets the address of a client that has left.
        self._client = transport.get_extra_info("peername") or ("", 0)
        self.worker.places.take(self, self._client[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        self._stop_looking()
        self.worker.places.leave(self)
        super().connection_lost(exc)
        # Without this the connection stays in memory for some seconds, and then until the garbage collector runs.
        self._request_ready.set()
        self._task.add_done_callback(self._let_go)

    def _let_go(self, _: Any) -> None:
        for name in _CIRCULAR:
            setattr(self, name, None)

    def _stands(self, standing: Standing) -> None:
        self.standing, self.since = standing, monotonic()

    def end(self) -> None:
        if self._left():  # the kernel would go on sending for as long as the client likes
            reset = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.transport.abort()

    def _end_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.worker.loop.call_later(seconds, self.end)

    # --- between two requests ---

    def _arm_keepalive_timer(self) -> None:
        """Starts a timer where there is none. One timer serves many requests: at its end it sees how long the
        connection was idle."""
        if self._keepalive_handle is None or self._keepalive < 1:
            super()._arm_keepalive_timer()

    def _cancel_keepalive_timer(self) -> None:
        if self._closed:
            super()._cancel_keepalive_timer()

    def _keepalive_timeout(self) -> None:
        self._keepalive_handle = None
        left = self._keepalive - (monotonic() - self.since)
        if self._deadline is not None or self._request_ready.is_set():
            return  # a request is under way; the timer is armed again behind it
        if left > 0:
            self._keepalive_handle = self.worker.loop.call_later(left, self._keepalive_timeout)
        else:
            super()._keepalive_timeout()

    # --- a request comes ---

    def data_received(self, data: bytes) -> None:
        if self._closed or self._is_broken:
            return  # the client goes on sending before it reads the answer
        super().data_received(data)
        if self._body_receiver is None and self._deadline is None:
            self._end_in(REQUEST_SECONDS_MAX)

    def _feed_callback_parser(self, data: bytes) -> bool:
        """Parses further requests, unless the client has left while they waited."""
        return not self.transport.is_closing() and bool(super()._feed_callback_parser(data))

    def eof_received(self) -> bool:
        """The client has ended its side; it may still wait for answers to its requests."""
        self._has_ended, self._keepalive = True, 0.01
        if (receiver := self._body_receiver) is not None and not receiver._complete:
            receiver.signal_disconnect()
        return receiver is not None and not self._closed

    def begins_stream(self, caller: str) -> bool:
        """Makes the answer under way a stream of the key `caller`; returns whether there was a place for it. The
        connection ends with the stream."""
        self._keepalive = 0
        places: Places = self.worker.places
        return self._closed or places.keep_stream(self, caller)  # a closed connection would never give its place back

    @property
    def is_over(self) -> bool:
        """Whether a stream must end: its client has gone, or the service stops."""
        return self._closed or self.worker.is_stopping

    async def _serve_http_request(self, request: Any, sockname: Any, _peername: Any) -> bool:
        """Has the application answer a request; returns whether the connection goes on."""
        scope, sending = self._build_http_scope(request, sockname, self._client), Sending(self, request)
        try:
            await self._answer(scope, self._body_receiver.receive, sending)
        except Exception:
            self.log.exception("A request could not be answered")
        if not sending.has_begun:
            self._send_error_response(500, "Internal Server Error")
        return sending.is_over and not sending.is_last

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Sending) -> None:
        if not self._body_receiver._complete:
            if self._deadline is None:
                self._end_in(REQUEST_SECONDS_MAX)
            receive, is_whole = await receive_body(
                self._all_of(receive), self._body_receiver.request.content_length, self._has_come
            )
            self._keepalive *= is_whole  # behind a body that is not read to its end no request can be found
        if self._flow_control.write_paused:
            await self._flow_control.drain()
        self._end_in(None)
        if (turn := self.worker.turns.take(self.worker.places.taken.get(self))) is not None:
            await turn
        self._is_answering = True
        self._stands(Standing.WAITS_FOR_AN_ANSWER)
        scope["connection"] = self
        try:
            await self.app(scope, receive, send)
        finally:
            self._is_answering, self.body_bytes = False, 0
            self._stands(Standing.IDLE)

    def _all_of(self, receive: Receive) -> Receive:
        """gunicorn's `receive`, which gives the rest of a body before it tells that the client has left."""
        receiver = self._body_receiver

        async def receive_all() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect" and receiver._chunks:
                message = receiver._pop_chunk()
            return message

        return receive_all

    def _has_come(self, size: int) -> None:
        before, self.body_bytes = self.body_bytes, self.body_bytes + size
        if before // _LOOK_EVERY_BYTES < self.body_bytes // _LOOK_EVERY_BYTES:
            self.worker.places.limit_bodies()

    # --- an answer goes ---

    @property
    def answer_bytes(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stands(Standing.TAKES_AN_ANSWER)
        self._look_in(ANSWER_SECONDS_MAX)
        self.worker.places.limit_answers()

    def resume_writing(self) -> None:
        self._stop_looking()
        self._stands(Standing.WAITS_FOR_AN_ANSWER if self._is_answering else Standing.IDLE)
        super().resume_writing()

    def _look_in(self, seconds: float) -> None:
        """Ends the connection after `seconds`, unless the client has taken enough of the answer by then."""
        self._taking = self.worker.loop.call_later(seconds, partial(self._look, seconds, self._left()))

    def _look(self, seconds: float, before: int) -> None:
        left = self._left()
        if left and before - left >= ANSWER_BYTES_PER_SECOND_MIN * seconds:
            self._look_in(seconds)
        else:
            self.end()

    def _stop_looking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
        self._taking = None

    def _left(self) -> int:
        """The bytes of the answer that the client has not taken, those in the kernel's buffer included."""
        try:
            in_kernel = ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
        except OSError:  # the client has gone
            return self.answer_bytes
        return self.answer_bytes + int(struct.unpack("i", in_kernel)[0])

    # --- the end ---

    def _will_close(self, request: Any, response_requires_close: bool) -> bool:
        """Whether the connection ends behind this answer; it does when the service stops meanwhile."""
        return bool(self.worker.is_stopping or super()._will_close(request, response_requires_close))

    def _send_error_response(self, status: int, message: str, _headers: Any = ()) -> None:
        """Answers a request that cannot be parsed, unless the application is answering it."""
        if self._is_answering:
            self._is_broken = True
            self._body_receiver.signal_disconnect()
        else:
            self._safe_write(unreadable_request(status, message, self._body_receiver and self._body_receiver.request))

    def _close_transport(self) -> None:
        """Closes as RFC 9112, section 9.6, asks: our side first, the rest when the client has read the answer."""
        if self._is_answering and self._is_broken:
            return  # closed behind the answer
        if self._has_ended or self._closed or self.transport.is_closing():
            super()._close_transport()
        else:
            self._closed: bool = True
            self.transport.resume_reading()
            self.transport.write_eof()
            self._stands(Standing.NEVER_ASKED)  # the first to give up its place
            self._end_in(None)
            self._stop_looking()
            self._look_in(LINGER_SECONDS_MAX)

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        return False  # answered like any other request
