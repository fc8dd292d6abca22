"""SDP without I/O: descriptions (RFC 8866) and offer/answer (RFC 3264).

Text becomes a :class:`SessionDescription` (:func:`parse_sdp`), of which :func:`remote_audio` reads the one stream that
matters to a call; :func:`make_offer` and :func:`make_answer` build ours, and :func:`write_sdp` writes them.
"""

from __future__ import annotations

from softswitch.sdp.audio import RemoteAudio, remote_audio
from softswitch.sdp.direction import Direction, answer_direction
from softswitch.sdp.model import Media, Origin, PayloadFormat, SessionDescription
from softswitch.sdp.offer_answer import common_formats, make_answer, make_offer
from softswitch.sdp.parse import parse_sdp
from softswitch.sdp.serialise import write_sdp

__all__ = [
    "Direction",
    "Media",
    "Origin",
    "PayloadFormat",
    "RemoteAudio",
    "SessionDescription",
    "answer_direction",
    "common_formats",
    "make_answer",
    "make_offer",
    "parse_sdp",
    "remote_audio",
    "write_sdp",
]
