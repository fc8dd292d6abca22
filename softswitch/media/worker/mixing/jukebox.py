"""Legs that hear what the switch plays: of a voice menu's callers one begins to hear something else in most frames.

So what is known of them is changed leg by leg, and what all hear is read, encoded and sent together.
"""

from __future__ import annotations

from collections.abc import KeysView
from typing import Final

import numpy as np

from softswitch.media.worker.batch import Octets
from softswitch.media.worker.key_track import KeyTrack
from softswitch.media.worker.mixing.playout import Ear, Playout, forget_tracks
from softswitch.media.worker.mixing.sender import Sender
from softswitch.media.worker.mixing.voices import Voices
from softswitch.media.worker.rows import Indices
from softswitch.media.worker.track import Track

_NONE: Final = np.empty(0, np.intp)

OutletKind = tuple[int, int]
"""Code of a listener's codec, and cells of its packets."""


class Jukebox:
    """Who hears which track.

    Args:
        voices: the codecs.
        sender: sends keys, and lets time pass for those who are sent nothing.
    """

    def __init__(self, voices: Voices, sender: Sender) -> None:
        self._voices = voices
        self._sender = sender
        self.tracks: dict[int, Track | KeyTrack] = {}
        """By identity, those that somebody hears or would hear."""
        self._users: dict[int, int] = {}
        """By identity of a track, how many they are."""
        self._heard: dict[int, Track | KeyTrack] = {}
        """By row of a leg, what it hears or would hear."""
        self._ears: dict[int, dict[int, Ear]] = {}
        """By code of a codec and row."""
        self._pressing: dict[int, KeyTrack] = {}
        """Phones that are sent keys beside the sound, by row."""
        self._unheard: dict[int, None] = {}
        """Rows of legs that would hear a track and are sent nothing now."""
        self._playouts: dict[int, Playout] = {}
        """By code, as long as nobody has come or gone."""
        self._deaf: Indices = _NONE

    @property
    def rows(self) -> KeysView[int]:
        """The rows of all who hear something, or would."""
        return self._heard.keys()

    def tune(self, row: int, track: Track | KeyTrack, outlet: OutletKind | None) -> None:
        """Let a leg hear a track from now on.

        Args:
            row: its row.
            track: what it hears.
            outlet: how it is sent; None while it is sent nothing.
        """
        before = self._leave(row)
        if isinstance(track, Track) and id(track) not in self.tracks:
            forget_tracks(self._voices.by_code.values(), (track,))
        self._heard[row] = self.tracks[id(track)] = track
        self._users[id(track)] = self._users.get(id(track), 0) + 1
        self._forget(before)
        if outlet is None:
            self._unheard[row] = None
            self._deaf = np.array(list(self._unheard), np.intp)
        elif isinstance(track, KeyTrack):
            self._pressing[row] = track
        else:
            code, cells = outlet
            self._ears.setdefault(code, {})[row] = Ear(row, track, cells)
            self._playouts.pop(code, None)

    def drop(self, row: int) -> None:
        """Let a leg hear nothing of the switch any more; one that hears nothing is fine."""
        self._forget(self._leave(row))

    def _forget(self, track: Track | KeyTrack | None) -> None:
        """Forget a track that nobody hears any more."""
        if track is not None and id(track) not in self._users:
            del self.tracks[id(track)]

    def _leave(self, row: int) -> Track | KeyTrack | None:
        """Take a leg from where it is and return what it heard, which stays known: it may only be sent it otherwise."""
        track = self._heard.pop(row, None)
        if track is None:
            return None
        self._users[id(track)] -= 1
        if not self._users[id(track)]:
            del self._users[id(track)]
        self._pressing.pop(row, None)
        if row in self._unheard:
            del self._unheard[row]
            self._deaf = np.array(list(self._unheard), np.intp)
        for code, ears in self._ears.items():
            if ears.pop(row, None) is not None:
                self._playouts.pop(code, None)
        return track

    def frames(self, *, now: float) -> list[tuple[Indices, Octets, int]]:
        """Return the next frame of each who hears sound: rows, payloads, cells of their packets; send keys to others.

        Tracks go on only when they are told.
        """
        made: list[tuple[Indices, Octets, int]] = []
        for code, ears in self._ears.items():
            if ears:
                playout = self._playouts.get(code)
                if playout is None:
                    playout = self._playouts[code] = Playout(self._voices.by_code[code], ears.values())
                made += playout.frames()
        if self._deaf.size:
            self._sender.pass_over(self._deaf)
        for row, keys in self._pressing.items():
            self._sender.send_key(row, keys, now=now)
        return made
