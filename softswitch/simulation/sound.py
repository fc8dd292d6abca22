"""Who would hear whom: the sound of every phone followed through network, ports and rooms, without a packet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from softswitch.media.engine import Stream
from softswitch.simulation.media import SimulatedMedia
from softswitch.simulation.network import Address, Network
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState


@dataclass(frozen=True, slots=True)
class _Ear:
    """A phone in a call, with the leg that its sound reaches."""

    phone: SimulatedPhone
    call: Call
    leg: str
    source: Address
    """Where its packets come from, as the switch sees it; ("", 0) while it sends none."""


def heard_by(listener: SimulatedPhone, phones: Iterable[SimulatedPhone], media: SimulatedMedia) -> set[str]:
    """Return the names of the phones whose sound reaches the listener's ear now; its own name in an echo."""
    ears = [ear for phone in phones for ear in _ears(phone, media)]
    return {
        speaker.phone.name
        for own in ears
        if own.phone is listener and _reaches(own, media)
        for speaker in ears
        if speaker.leg in media.hears(own.leg) and _is_taken(speaker, media)
    }


def _ears(phone: SimulatedPhone, media: SimulatedMedia) -> Iterable[_Ear]:
    for call in phone.calls:
        if call.state not in {CallState.EARLY, CallState.UP} or call.remote is None:
            continue
        target = (call.remote.address, call.remote.port)
        leg = media.leg_at(*phone.network.where(target))
        if leg is not None:
            yield _Ear(phone, call, leg, _source(phone.network, call, target))


def _source(network: Network, call: Call, target: Address) -> Address:
    remote = call.remote
    if remote is None or not (call.local.sends and remote.receives):
        return ("", 0)
    return network.seen_from_outside((call.phone.address[0], call.local.port), target)


def _is_taken(speaker: _Ear, media: SimulatedMedia) -> bool:
    """Tell whether the switch takes the speaker's packets: it sends, from where it may, in a format agreed upon."""
    stream = media.legs[speaker.leg].stream
    remote = speaker.call.remote
    if stream is None or remote is None or not stream.receive or not speaker.source[0]:
        return False
    known = {name for _, name in speaker.phone.habits.payloads}
    number = next((number for number, name in remote.payloads if name in known), -1)
    return _may_come_from(stream, speaker.source[0]) and any(f.receive_type == number for f in stream.formats)


def _may_come_from(stream: Stream, host: str) -> bool:
    """Apply the latching rules: the described address, the SIP source, or any where the address is a private one."""
    if host in {stream.address, stream.sip_source}:
        return True
    return ip_address(stream.address).is_private and stream.address != stream.sip_source


def _reaches(own: _Ear, media: SimulatedMedia) -> bool:
    """Tell whether what the switch sends arrives at the phone: at its latched source, or where its description says."""
    stream = media.legs[own.leg].stream
    local = own.call.local
    if stream is None or not stream.send or not local.receives:
        return False
    if stream.formats[0].send_type not in {number for number, _ in local.payloads}:
        return False
    if own.source[0]:
        return True
    return (stream.address, stream.port) == (own.phone.address[0], local.port)
