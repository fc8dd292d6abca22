"""The mixing desk of a worker: every 20 ms it plays what has come, mixes, and sends what each listener hears.

A listener who hears one phone in a format that both know is not here; see :mod:`softswitch.media.worker.relay`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from softswitch.media.dsp.concealment import Concealer
from softswitch.media.dsp.key_detector import SAMPLE_RATE_HZ as KEY_RATE_HZ
from softswitch.media.dsp.key_detector import Heard, KeyDetector
from softswitch.media.engine import Format
from softswitch.media.loops.found import Loops
from softswitch.media.worker.batch import Batch, Mask, Octets
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.ledger import Ledger
from softswitch.media.worker.leg import Leg
from softswitch.media.worker.mixing.fittings import Fittings, formats_of
from softswitch.media.worker.mixing.jukebox import Jukebox
from softswitch.media.worker.mixing.mixer import Samples
from softswitch.media.worker.mixing.opening import Opener
from softswitch.media.worker.mixing.plan import Outlet, Party, Plan, alone_plan, joined, make_plan
from softswitch.media.worker.mixing.ring import EMPTY, FRAME_CELLS, JitterRing, Taken
from softswitch.media.worker.mixing.sender import Sender
from softswitch.media.worker.mixing.voices import NOISE_CODE, PACKED_CODE, Voice, Voices
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Rows
from softswitch.media.worker.shelf import Shelf
from softswitch_codecs import to_int16
from softswitch_codecs.comfort_noise import ComfortNoise
from softswitch_codecs.resample import Resampler

_NO_NOISE: Final = 1
_FADED_CELLS: Final = 8
"""After so many empty cells nothing is left of what was repeated in their place."""


class Desk:
    """Sound that has to be decoded.

    Args:
        state: the rows.
        ledger: what came and went.
        backend: by which packets leave.
        send_unlatched: sends to phones that are not latched.
    """

    def __init__(
        self, state: Rows, ledger: Ledger, backend: IoBackend, send_unlatched: Callable[[int, bytes], bool]
    ) -> None:
        self._state = state
        self._voices = Voices(state.loops)
        self.ring = JitterRing(state.capacity, self._voices.cell_octets(), state.loops)
        packed = self._voices.packet_codec
        self._packed = packed
        self._opener = None if packed is None else Opener(state, self.ring, packed, self._voices.plain_codes())
        self._shelf = Shelf(state.capacity, lambda *columns: self.ring.put(state.octets, *columns))
        """Packets that came since the last frame."""
        self._sender = Sender(state, ledger, backend, send_unlatched)
        self._fittings = Fittings(state.capacity, self._voices, self._sender)
        self._least = np.where(self.ring.octets > 0, self.ring.octets, 1) + HEADER_OCTETS
        """By code, the octets that a packet has at least."""
        self._heard = np.zeros(state.capacity, np.bool_)
        """The rows whose sound somebody here listens to."""
        self._noise = np.full(state.capacity, _NO_NOISE, np.int64)
        """By row, the level of its comfort noise; _NO_NOISE while there is none."""
        self._comfort = ComfortNoise()
        self._concealing = np.zeros(state.capacity, np.bool_)
        """The rows whose last frame was not wholly there."""
        self._concealers: dict[int, Concealer] = {}
        self._resamplers: dict[tuple[int, int], Resampler] = {}
        self._listening: set[int] = set()
        """The rows of parties' listeners and of those who hear a track."""
        self._in_parties: set[int] = set()
        """The former."""
        self._speaking: set[int] = set()
        self._plans: list[Plan] = []
        self._keyed: Plan | None = None
        """Those in whose sound keys are listened for."""
        self._remembering: Mask = np.zeros(0, np.bool_)
        """Which of their decoders remember."""
        self._keys = KeyDetector()
        self._pressed: list[Heard] = []
        self.jukebox = Jukebox(self._voices, self._sender)

    def can_hear(self, formats: tuple[Format, ...]) -> bool:
        """Tell whether sound can be made of some of a phone's formats, and for them."""
        return self._voices.preferred(formats) is not None

    def retune(self, legs: Iterable[Leg], *, now: float) -> None:
        """Follow that legs hear another track now, or none, or are sent it otherwise."""
        self._tune(legs)
        self._begin_listening(now)

    def set_parties(
        self,
        parties: Iterable[Party],
        legs: Mapping[int, Leg],
        *,
        now: float,
        pressing: Sequence[int] = (),
        retuned: Iterable[Leg] = (),
    ) -> None:
        """Say who hears whom from now on.

        Args:
            parties: by rows.
            legs: by row; at least the parties'.
            now: monotonic seconds.
            pressing: rows of those, in no party, in whose sound keys are listened for.
            retuned: as for :meth:`retune`.
        """
        self.settle()
        self._tune(retuned)
        together = joined(parties)
        speaking = {row for party in together for row in party.speakers} | set(pressing)
        self._in_parties = {row for party in together for row in party.listeners}
        for row in speaking:
            if row not in self._speaking or not self.ring.counts_at(row, int(self._state.clock_hz[row])):
                self._begin_speaking(row)
        self._speaking = speaking
        self._begin_listening(now)
        for row in speaking:
            self._fittings.of(legs[row])
        self._heard[:] = False
        self._heard[list(speaking)] = [legs[row].may_receive for row in speaking]
        outlets = ((row, self._fittings.outlet(legs[row])) for row in self._in_parties)
        outlet_of = {row: outlet for row, outlet in outlets if outlet is not None}
        by_rate: dict[int, list[Party]] = {}
        for party in together:
            by_rate.setdefault(self._rate_of(party, legs), []).append(party)
        self._plans = [make_plan(rate_hz, alike, outlet_of) for rate_hz, alike in by_rate.items()]
        self._set_rates(by_rate, pressing)
        self._keyed = alone_plan(pressing, KEY_RATE_HZ) if pressing else None
        self._remembering = np.array([self._voices.remember(formats_of(legs[row])) for row in pressing], np.bool_)

    def _set_rates(self, by_rate: Mapping[int, Sequence[Party]], pressing: Sequence[int]) -> None:
        """Say at which rate packets are opened that are opened as they come."""
        if self._opener is None:
            return
        self._opener.rates = dict.fromkeys(pressing, KEY_RATE_HZ)
        for rate_hz, parties in by_rate.items():
            self._opener.rates.update((row, rate_hz) for party in parties for row in party.speakers)

    @property
    def idle(self) -> bool:
        """Whether nobody needs the desk."""
        return not (self._plans or self.jukebox.tracks or self._keyed)

    def drop(self, row: int) -> None:
        """Forget a leg whose row will be another's; the parties are said anew before the next tick."""
        self.settle()
        self.jukebox.drop(row)
        self._fittings.forget(row)
        self._speaking.discard(row)
        self._in_parties.discard(row)
        self._listening.discard(row)
        self._heard[row] = False

    def put(self, batch: Batch, now_us: int = 0) -> None:
        """Take packets of sound, whole and plain; those that nobody listens to are passed over."""
        del now_us
        if self._state.loops is not None and self._put_all(self._state.loops, batch):
            return
        wanted = self._heard[batch.rows]
        if not np.count_nonzero(wanted):
            return
        codes = self._fittings.codes[batch.rows, batch.types()]
        wanted &= (codes != 0) & (batch.lengths >= self._least[codes])
        if np.count_nonzero(wanted) < len(wanted):
            batch, codes = batch.only(wanted), codes[wanted]
            if not codes.size:
                return
        packed = codes == PACKED_CODE
        if self._opener is not None and packed.any():
            self._opener.put(batch.only(packed))
            batch, codes = batch.only(~packed), codes[~packed]
            if not codes.size:
                return
        self._shelf.put(batch.rows, codes, batch.timestamps, self._state.stream[batch.rows], batch.lengths)

    def _put_all(self, loops: Loops, batch: Batch) -> bool:
        """Take packets where machine code is there for it; False where somebody does not listen, or opens them here."""
        rows, codes = batch.rows, np.empty(len(batch.rows), np.uint8)
        heads, lengths = np.ascontiguousarray(batch.heads), np.ascontiguousarray(batch.lengths)
        by_code = self._least, PACKED_CODE, codes
        if not loops.all_wanted(rows, heads, lengths, self._heard, self._fittings.codes, *by_code):
            return False
        self._shelf.put(rows, codes, batch.timestamps, self._state.stream[rows], lengths)
        return True

    def make_room(self, rows: Indices) -> None:
        """Be told that packets will be written into these rows."""
        self._shelf.make_room(rows)

    def settle(self) -> None:
        """Put into the ring what has come."""
        self._shelf.clear()

    def tick(self, *, now: float) -> None:
        """Play, mix and send a frame of 20 ms; ``now`` is monotonic seconds. Tracks go on only when they are told."""
        self.settle()
        made: list[tuple[Indices, Octets, int]] = []
        for plan in self._plans:
            self._play(plan)
            plan.mixer.mix(plan.spoken, plan.heard, plan.same_as, self._state.loops)
            made += [self._made(plan, outlet) for outlet in plan.outlets]
            if plan.passed_over.size:
                self._sender.pass_over(plan.passed_over)
        if (keyed := self._keyed) is not None:
            missing = self._play(keyed)
            lost: Mask = missing[:, 0] | missing[:, 1]
            self._pressed += self._keys.listen(keyed.spoken, lost, keyed.speakers, remembering=self._remembering)
        made += self.jukebox.frames(now=now)
        if made:
            self._sender.send(made, now=now)

    def take_keys(self) -> list[Heard]:
        """Return the keys that were heard since the last call, by row."""
        pressed, self._pressed = self._pressed, []
        return pressed

    def _begin_speaking(self, row: int) -> None:
        self._fittings.forget(row)
        self.ring.open(row, int(self._state.clock_hz[row]))
        self._noise[row] = _NO_NOISE
        self._concealing[row] = False
        self._voices.forget(row)
        if self._opener is not None:
            self._opener.forget(row)
        self._keys.forget((row,))
        for concealer in self._concealers.values():
            concealer.forget((row,))
        for resampler in self._resamplers.values():
            resampler.forget((row,))

    def _tune(self, legs: Iterable[Leg]) -> None:
        for leg in legs:
            if leg.track is None or leg.stream is None:
                self.jukebox.drop(leg.row)
            else:
                self.jukebox.tune(leg.row, leg.track, self._fittings.outlet(leg))

    def _begin_listening(self, now: float) -> None:
        """Take up the streams of those whom somebody else sent to until now."""
        listening = self._in_parties | self.jukebox.rows
        for row in listening - self._listening:
            self._sender.begin(row, now=now)
        self._listening = listening

    def rate_for(self, leg: Leg) -> int:
        """Return the rate of what a leg will hear; 8000 while nothing is known of it."""
        chosen = self._voices.preferred(formats_of(leg))
        return 8000 if chosen is None else chosen[1].rate_hz

    def _rate_of(self, party: Party, legs: Mapping[int, Leg]) -> int:
        """Return the highest rate that two of a party have in common: one alone hears none of its own."""
        people = dict.fromkeys((*party.speakers, *party.listeners))
        rates = sorted(rate_hz for row in people if (rate_hz := self._fittings.of(legs[row]).rate_hz) is not None)
        return rates[-2] if len(rates) > 1 else max(rates, default=8000)

    # What is played

    def _play(self, plan: Plan) -> Mask:
        """Fill ``plan.spoken``; return which cells, shape (speakers, 2), are made up for lost ones."""
        plan.turn_over()
        taken = self.ring.take(plan.speakers)
        first = int(taken.codes[0, 0]) if len(plan.speakers) else EMPTY
        if first in self._voices.by_code and (taken.codes == first).all():
            voice, loops = self._voices.by_code[first], self._state.loops
            if loops is not None and voice.decode_table is not None and voice.rate_hz == plan.rate_hz:
                loops.decode_cells(self.ring.cells(first), taken.slots, voice.decode_table, plan.spoken)
            else:
                plan.spoken[:] = self._decoded(plan, first, plan.speakers, taken.slots)
            self._noise[plan.speakers] = _NO_NOISE
        else:
            self._play_some(plan, taken)
        missing: Mask = taken.codes == EMPTY
        if missing.any():
            missing = self._make_noise(plan, missing)
            silent = self.ring.empty_cells(plan.speakers) >= _FADED_CELLS
            plan.spoken[silent & missing.all(axis=1)] = 0
            missing &= ~silent[:, np.newaxis]
        self._conceal(plan, missing)
        return missing

    def _play_some(self, plan: Plan, taken: Taken) -> None:
        """Play frames of several codecs, and those that miss a cell or change codec within."""
        codes = taken.codes
        whole = codes[:, 0] == codes[:, 1]
        for code in np.unique(codes[whole, 0]).tolist():
            places = np.flatnonzero(whole & (codes[:, 0] == code))
            self._play_cells(plan, taken, code, places, slice(0, FRAME_CELLS))
        broken = np.flatnonzero(~whole)
        for cell in range(FRAME_CELLS) if broken.size else ():
            for code in np.unique(codes[broken, cell]).tolist():
                places = broken[codes[broken, cell] == code]
                self._play_cells(plan, taken, code, places, slice(cell, cell + 1))

    def _play_cells(self, plan: Plan, taken: Taken, code: int, places: Indices, cells: slice) -> None:
        rows = plan.speakers[places]
        if code == EMPTY:
            return
        if code == NOISE_CODE:
            level = self.ring.payloads(code, taken.slots[places, cells.stop - 1])[:, 0]
            self._noise[rows] = -(level & 0x7F).astype(np.int64)
            taken.codes[places, cells] = EMPTY
            return
        self._noise[rows] = _NO_NOISE
        cell = plan.spoken.shape[1] // FRAME_CELLS
        samples = slice(cells.start * cell, cells.stop * cell)
        plan.spoken[places, samples] = self._decoded(plan, code, rows, taken.slots[places, cells])

    def _decoded(self, plan: Plan, code: int, rows: Indices, slots: Indices) -> Samples:
        voice = self._voices.by_code[code]
        payloads = self.ring.payloads(code, slots).reshape(len(rows), -1)
        sound = voice.codec.decode(payloads, rows)
        if voice.rate_hz == plan.rate_hz:
            return sound
        return to_int16(self._resampler(voice.rate_hz, plan.rate_hz).resample(sound, rows))

    def _make_noise(self, plan: Plan, missing: Mask) -> Mask:
        """Fill the pauses of phones that send comfort noise; return what still is missing."""
        levels = self._noise[plan.speakers]
        noisy = levels != _NO_NOISE
        if not noisy.any():
            return missing
        cell = plan.spoken.shape[1] // FRAME_CELLS
        for number in range(FRAME_CELLS):
            places = np.flatnonzero(missing[:, number] & noisy)
            noise = self._comfort.generate(levels[places], cell)
            plan.spoken[places, number * cell : (number + 1) * cell] = noise
        missing &= ~noisy[:, np.newaxis]
        return missing

    def _conceal(self, plan: Plan, missing: Mask) -> None:
        """Fill the cells that did not come, and let sound that comes again follow them without a seam.

        Only legs that miss something are looked at: what they said before stands in the plan.
        """
        lost: Mask = missing[:, 0] | missing[:, 1]
        places = np.flatnonzero(lost | self._concealing[plan.speakers])
        if not places.size:
            return
        rows = plan.speakers[places]
        concealer = self._concealer(plan.rate_hz)
        begun = np.flatnonzero(~self._concealing[rows])
        if begun.size:
            last, oldest = plan.before
            said = np.concatenate((oldest[places[begun]], last[places[begun]]), axis=1)
            concealer.play(said, np.zeros(len(begun), np.bool_), rows[begun])
        cell = plan.spoken.shape[1] // FRAME_CELLS
        for number in range(FRAME_CELLS):
            part = slice(number * cell, (number + 1) * cell)
            plan.spoken[places, part] = concealer.play(plan.spoken[places, part], missing[places, number], rows)
        self._concealing[rows] = lost[places]

    # What is sent

    def _made(self, plan: Plan, outlet: Outlet) -> tuple[Indices, Octets, int]:
        """Return a frame for those of an outlet who need one, its rows first."""
        rows, encoded = outlet.rows, self._encoded(plan, outlet)
        if outlet.code == PACKED_CODE and self._packed is not None and self._packed.silent.any():
            silent = self._packed.silent
            self._sender.pass_over(rows[silent])
            rows, encoded = rows[~silent], encoded[~silent]
        return rows, encoded, outlet.cells

    def _encoded(self, plan: Plan, outlet: Outlet) -> Octets:
        voice = self._voices.by_code[outlet.code]
        by_table = self._state.loops is not None and voice.encode_table is not None  # as quick as to look who shares
        if plan.mixer.shares and voice.rate_hz == plan.rate_hz and not (voice.codec.has_memory or by_table):
            different, places = np.unique(plan.same_as[outlet.places], return_inverse=True)
            return voice.encoded(plan.heard[different], self._state.loops)[places]
        sound = plan.heard if outlet.whole else plan.heard[outlet.places]
        if outlet.code == PACKED_CODE:
            return voice.codec.encode(sound, outlet.rows)  # it takes every rate
        if voice.rate_hz == plan.rate_hz and not voice.codec.has_memory:
            return voice.encoded(sound, self._state.loops)
        return voice.codec.encode(self._at_rate_of(voice, plan, outlet.rows, sound), outlet.rows)

    def _at_rate_of(self, voice: Voice, plan: Plan, rows: Indices, sound: Samples) -> Samples | npt.NDArray[np.float32]:
        if voice.rate_hz == plan.rate_hz:
            return sound
        return self._resampler(plan.rate_hz, voice.rate_hz, sending=True).resample(sound, rows)

    def _concealer(self, rate_hz: int) -> Concealer:
        if rate_hz not in self._concealers:
            self._concealers[rate_hz] = Concealer(rate_hz)
        return self._concealers[rate_hz]

    def _resampler(self, from_hz: int, to_hz: int, *, sending: bool = False) -> Resampler:
        key = (from_hz, to_hz) if not sending else (-from_hz, to_hz)
        if key not in self._resamplers:
            self._resamplers[key] = Resampler(from_hz, to_hz)
        return self._resamplers[key]
