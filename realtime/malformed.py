"""uvicorn's WebSocket protocol, taught to answer whoever breaks the rules below the messages.

By itself it logs a traceback for each text that is not UTF-8, so that anyone could fill the log, and forgets a
handshake that its parser refuses, so that anyone could have it keep connections for ever.
"""

from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from realtime.errors import CloseCode

BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class CarefulProtocol(WebSocketsSansIOProtocol):
    """Refuse what is malformed, say nothing of it in the log, and keep nothing of it."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Take bytes of the peer; answer and end a handshake that cannot be read, such as one with 200 headers."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.handshake_initiated = self.handshake_complete = self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()) or BAD_REQUEST)
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the application; close with 1007 (RFC 6455, 8.1) where a text is not UTF-8."""
        self.frames = [b"".join(self.frames)]
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(self.frames[0]):
            self.frames = []
            self.conn.fail(CloseCode.NO_TEXT, "not UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
