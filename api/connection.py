"""One client's connection: gunicorn's, with the bounds it leaves open.

A request has so long to come whole, an answer is taken at a least rate, and what is malformed has one answer and ends
the connection.
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

from api.bodies import Message, Receive, gather
from api.errors import unreadable_request
from api.places import Places, Standing
from api.sending import Sending

REQUEST_SECONDS_MAX: Final = 10.0
# How long a client may take less of an answer than this.
ANSWER_SECONDS_MAX: Final = 15.0
ANSWER_BYTES_PER_SECOND_MIN: Final = 4 * 1024
LINGER_SECONDS_MAX: Final = 5.0
# What a client may send behind the request that is being answered; more waits in the kernel.
_AHEAD_BYTES_MAX: Final = 16 * 1024
_LOOK_EVERY_BYTES: Final = 64 * 1024
# What a connection has that has the connection.
_CIRCULAR: Final = (
    *("transport", "writer", "_task", "_flow_control"),
    *("_callback_parser", "_body_receiver", "_current_request"),
)


class PatientProtocol(ASGIProtocol):
    """It has one deadline at most for a request to come or for its client to go, and one for an answer to be taken."""

    _deadline: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _has_ended = False
    standing = Standing.NEVER_ASKED
    body_bytes = 0
    _is_answering = False
    # Whether its body turned out to be malformed when the application had begun with the request.
    _is_broken = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._max_buffer_size = _AHEAD_BYTES_MAX
        transport.set_write_buffer_limits(high=0)  # so that `pause_writing` tells of every byte that is not taken
        self.since = monotonic()
        self._end_in(REQUEST_SECONDS_MAX)
        # The system is asked once: it knows none any more of a client that has left.
        self._client = transport.get_extra_info("peername") or ("", 0)
        self.worker.places.take(self, self._client[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        self._stop_looking()
        self.worker.places.leave(self)
        super().connection_lost(exc)
        # Else all there is of it stays for some seconds more, and then until cycles are looked for.
        self._request_ready.set()
        self._task.add_done_callback(self._let_go)

    def _let_go(self, _: Any) -> None:
        for name in _CIRCULAR:
            setattr(self, name, None)

    def _stands(self, standing: Standing) -> None:
        self.standing, self.since = standing, monotonic()

    def end(self) -> None:
        if self._left():  # else the kernel goes on with it, for as long as the client likes
            reset = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.transport.abort()

    def _end_in(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.worker.loop.call_later(seconds, self.end)

    # --- between two requests ---

    def _arm_keepalive_timer(self) -> None:
        """Has one at most, which costs less than one for each request: it looks how long there has been none."""
        if self._keepalive_handle is None or self._keepalive < 1:
            super()._arm_keepalive_timer()

    def _cancel_keepalive_timer(self) -> None:
        if self._closed:
            super()._cancel_keepalive_timer()

    def _keepalive_timeout(self) -> None:
        self._keepalive_handle = None
        left = self._keepalive - (monotonic() - self.since)
        if self._deadline is not None or self._request_ready.is_set():
            return  # a request comes or is answered; it is armed again when that is over
        if left > 0:
            self._keepalive_handle = self.worker.loop.call_later(left, self._keepalive_timeout)
        else:
            super()._keepalive_timeout()

    # --- a request comes ---

    def data_received(self, data: bytes) -> None:
        if self._closed or self._is_broken:
            return  # its client still sends, before it reads the answer
        super().data_received(data)
        if self._body_receiver is None and self._deadline is None:
            self._end_in(REQUEST_SECONDS_MAX)

    def _feed_callback_parser(self, data: bytes) -> bool:
        """Nothing is read for a client that has left, which it may do while requests wait behind its last answer."""
        return not self.transport.is_closing() and bool(super()._feed_callback_parser(data))

    def eof_received(self) -> bool:
        """The client sends no more; it may wait for answers to what has come."""
        self._has_ended, self._keepalive = True, 0.01
        if (receiver := self._body_receiver) is not None and not receiver._complete:
            receiver.signal_disconnect()
        return receiver is not None and not self._closed

    def begins_stream(self, caller: str) -> bool:
        """Makes the answer that is under way one without an end, of a key's name; whether there is a place for it. The
        connection ends with it."""
        self._keepalive = 0
        places: Places = self.worker.places
        return self._closed or places.keep_stream(self, caller)  # a place that nobody is left to give back

    @property
    def is_over(self) -> bool:
        """Whether a stream is to end: its client has gone, or the service stops."""
        return self._closed or self.worker.is_stopping

    async def _serve_http_request(self, request: Any, sockname: Any, _peername: Any) -> bool:
        """Has a request answered; whether the connection may go on."""
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
            receive, is_whole = await gather(
                self._all_of(receive), self._body_receiver.request.content_length, self._has_come
            )
            self._keepalive *= is_whole  # where a body is not read to its end, no further request can begin
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
        """What of a body came before its client left is given first: gunicorn would say at once that it has."""
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
            self.worker.places.look_at_bodies()

    # --- an answer goes ---

    @property
    def answer_bytes(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stands(Standing.TAKES_AN_ANSWER)
        self._look_in(ANSWER_SECONDS_MAX)
        self.worker.places.look_at_answers()

    def resume_writing(self) -> None:
        self._stop_looking()
        self._stands(Standing.WAITS_FOR_AN_ANSWER if self._is_answering else Standing.IDLE)
        super().resume_writing()

    def _look_in(self, seconds: float) -> None:
        """Ends the connection then, unless its client has taken enough meanwhile and there is more for it to take."""
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
        """What the client has not taken, also of what the kernel holds for it."""
        try:
            in_kernel = ioctl(self.transport.get_extra_info("socket").fileno(), TIOCOUTQ, bytes(4))
        except OSError:  # it has gone
            return self.answer_bytes
        return self.answer_bytes + int(struct.unpack("i", in_kernel)[0])

    # --- the end ---

    def _will_close(self, request: Any, response_requires_close: bool) -> bool:
        """As it is when the answer begins to go: the stop may have come while it was waited for."""
        return bool(self.worker.is_stopping or super()._will_close(request, response_requires_close))

    def _send_error_response(self, status: int, message: str, _headers: Any = ()) -> None:
        """Answers what cannot be parsed, unless the application is at it: then its is the one answer."""
        if self._is_answering:
            self._is_broken = True
            self._body_receiver.signal_disconnect()
        else:
            self._safe_write(unreadable_request(status, message, self._body_receiver and self._body_receiver.request))

    def _close_transport(self) -> None:
        """Closes as RFC 9112, section 9.6, asks: our side first, the rest when the client has read the answer."""
        if self._is_answering and self._is_broken:
            return  # it is closed behind the answer
        if self._has_ended or self._closed or self.transport.is_closing():
            super()._close_transport()
        else:
            self._closed: bool = True
            self.transport.resume_reading()
            self.transport.write_eof()
            self._stands(Standing.NEVER_ASKED)  # it may go as early as those
            self._end_in(None)
            self._stop_looking()
            self._look_in(LINGER_SECONDS_MAX)

    def _is_websocket_upgrade(self, _request: Any) -> bool:
        return False  # it is answered like any other request
