"""How losses are spread: the bursts and gaps of RFC 3611 §4.7.2, counted at each loss alone (its Appendix A.2).

A burst begins and ends with a loss and has no run of :data:`GMIN` received packets in it; all else is gap.
"""

from __future__ import annotations

from typing import Final, NamedTuple

GMIN: Final = 16


class Spread(NamedTuple):
    """What the pattern says."""

    burst_density: float
    """Share of packets lost within bursts."""
    gap_density: float
    burst_packets: float
    """Mean length of a burst."""
    gap_packets: float


class LossPattern:
    """Follows one stream.

    Call :meth:`received` and :meth:`lost` in the order of the packets.
    """

    __slots__ = ("_c11", "_c13", "_c14", "_c22", "_c23", "_c33", "_in_burst", "_since", "losses", "runs", "seen")

    def __init__(self) -> None:
        self.losses = 0
        """Packets lost."""
        self.runs = 0
        """Losses in a row count once."""
        self.seen = 0
        """Packets so far, received or lost."""
        self._since = 0
        """Packets received since the last loss."""
        self._in_burst = 0
        """Losses of what may become a burst."""
        self._c11 = self._c13 = self._c14 = self._c22 = self._c23 = self._c33 = 0

    def received(self, count: int) -> None:
        """Take packets that came."""
        self._since += count
        self.seen += count

    def lost(self, count: int) -> None:
        """Take packets that did not come, in a row."""
        self.runs += 1
        self.losses += count
        self.seen += count
        for _ in range(min(count, 3 * GMIN)):
            self._lose()

    def _lose(self) -> None:
        """Count a loss (A.2): transitions between received and lost, in gap and in burst."""
        if self._since >= GMIN:
            if self._in_burst == 1:
                self._c14 += 1
            else:
                self._c13 += 1
            self._in_burst = 1
            self._c11 += self._since
        else:
            self._in_burst += 1
            if self._since == 0:
                self._c33 += 1
            else:
                self._c23 += 1
                self._c22 += self._since - 1
        self._since = 0

    def spread(self) -> Spread:
        """Return densities and mean lengths so far (A.2, the calculation)."""
        c31 = c13 = self._c13
        c32 = self._c23
        c11 = self._c11 + self._since
        total = c11 + self._c14 + c13 + self._c22 + self._c23 + c31 + c32 + self._c33
        p32 = c32 / (c31 + c32 + self._c33) if c32 else 0.0
        p23 = 1.0 if self._c22 + self._c23 < 1 else 1.0 - self._c22 / (self._c22 + self._c23)
        burst_density = p23 / (p23 + p32) if self.losses and (self._c33 or c32) else 0.0
        gap_density = self._c14 / (c11 + self._c14) if self._c14 else 0.0
        bursts = max(1, c13)
        gap_packets = (c11 + self._c14 + c13) / bursts
        burst_packets = max(0.0, total / bursts - gap_packets) if c13 else 0.0
        return Spread(burst_density, gap_density, burst_packets, gap_packets)

    def burst_ratio(self, lost: float) -> float:
        """Return how much longer losses in a row are than by chance (ITU-T G.107 §7.5), at least 1.

        Args:
            lost: share of packets lost, from 0 to 1.
        """
        if not self.runs or lost >= 1.0:
            return 1.0
        return max(1.0, self.losses / self.runs * (1.0 - lost))


class LossFollower:
    """Tells a :class:`LossPattern` what never came, in the order of the packets.

    A packet counts as lost when :data:`GMIN` later ones have been reached, so one that comes behind them is no loss.

    Args:
        first: extended sequence number of the stream's first packet.

    Attributes:
        pattern: what was told so far.
    """

    __slots__ = ("_missing", "_next", "pattern")

    def __init__(self, first: int) -> None:
        self.pattern = LossPattern()
        self._missing: list[int] = []
        """In rising order."""
        self._next = first
        """The first that the pattern was not told of."""

    def missed(self, begin: int, end: int) -> None:
        """Note that the packets from ``begin`` to before ``end`` have not come yet, though a later one has."""
        self._missing.extend(range(begin, end))

    def came(self, number: int) -> None:
        """Note that a packet came behind later ones."""
        if number in self._missing:
            self._missing.remove(number)

    def tell(self, highest: int, *, all_of_it: bool = False) -> None:
        """Tell the pattern what is certain.

        Args:
            highest: the highest number that came.
            all_of_it: nothing of the stream will come any more.
        """
        certain = highest + 1 if all_of_it else highest + 1 - GMIN
        while self._missing and self._missing[0] < certain:
            run = self._take_run()
            self.pattern.received(run.start - self._next)
            self.pattern.lost(len(run))
            self._next = run.stop
        if certain > self._next:
            self.pattern.received(certain - self._next)
            self._next = certain

    def begin(self, first: int) -> None:
        """Go on with another stream."""
        self._missing.clear()
        self._next = first

    def _take_run(self) -> range:
        """Take the first missing packets that follow each other."""
        missing, length = self._missing, 1
        while length < len(missing) and missing[length] == missing[0] + length:
            length += 1
        run = range(missing[0], missing[0] + length)
        del missing[:length]
        return run
