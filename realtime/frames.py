"""The bytes of a server's messages (RFC 6455, RFC 7692), made once for everybody who gets the same."""

import zlib
from functools import cached_property
from typing import Final

EXTENSION: Final = "aether.frames"
"""Where a server offers in `scope["extensions"]` to let the application write such frames: `realtime.writer`."""
TEXT: Final = 0x81
"""A text frame that is a whole message."""
DEFLATED: Final = 0x40
"""RSV1: the message is compressed."""
LEVEL: Final = 6
SYNC_TAIL: Final = b"\x00\x00\xff\xff"
"""What a flush ends with, and a message does not carry (RFC 7692, 7.2.1)."""


class Texts(tuple[str, ...]):
    """Messages for clients, in order. Each form of their frames is made when it is first asked for, and then kept.

    To give the same `Texts` to many clients is to give them the same bytes.
    """

    _deflated: bytes | None = None

    @cached_property
    def plain(self) -> bytes:
        """The frames, one for each message."""
        return b"".join([frame(_encode(text)) for text in self])

    def deflated(self, least: int) -> bytes:
        """Return the frames with each message compressed that has *least* bytes and becomes shorter by it.

        For clients with `server_no_context_takeover`, whose window is the full one: any of them can read any such
        frame. Where nothing is worth compressing these are the plain frames.
        """
        if self._deflated is None:
            frames = [_shorter(payload, least) for payload in map(_encode, self)]
            changed = any(made[0] & DEFLATED for made in frames)
            self._deflated = b"".join(frames) if changed else self.plain
        return self._deflated


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """Return the unmasked frame that begins with the byte *first* and carries *payload*.

    https://www.rfc-editor.org/rfc/rfc6455#section-5.2
    """
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def deflate(payload: bytes) -> bytes:
    """Return *payload* as the data of a compressed message that refers to no message before it.

    https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
    """
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(SYNC_TAIL)


def _shorter(payload: bytes, least: int) -> bytes:
    if len(payload) >= least:
        smaller = deflate(payload)
        if len(smaller) < len(payload):
            return frame(smaller, TEXT | DEFLATED)
    return frame(payload)


def _encode(text: str) -> bytes:
    """Encode *text*; half a surrogate pair, which UTF-8 cannot carry, becomes a question mark and harms nobody else."""
    return text.encode(errors="replace")
