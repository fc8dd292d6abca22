"""Random REGISTER requests: whatever phones send, the registrations keep their invariants."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.facts import Record
from softswitch.directory.location import LocationState, expired
from softswitch.directory.registrar import RegistrationLimits, decide_register
from softswitch.directory.site import User
from softswitch.sip.flow import Flow
from softswitch.sip.message import Header, Request
from tests.fuzz.conftest import scale

ANNA = User("anna", "101", "", "", "")
LIMITS = RegistrationLimits(contacts=3, min_expires_s=60, max_expires_s=600)


@dataclass(frozen=True)
class Step:
    """One REGISTER, some time after the one before."""

    wait_s: int
    contacts: tuple[str, ...]
    call_id: str
    cseq: int
    expires: int | None
    port: int
    sweep: bool
    """Whether the expiry timer fires before it."""


uris = st.builds(
    "<sip:{}@{}:{}{}>".format,
    st.sampled_from(["101", "x1", "x2"]),
    st.sampled_from(["192.0.2.50", "10.0.0.1", "phone.example"]),
    st.sampled_from([5060, 5062, 40000]),
    st.sampled_from(["", ";transport=tcp", ";transport=UDP"]),
)
parameters = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", ";expires=0", ";expires=60", ";expires=9999", ";expires=x", ";expires=5"]),
    st.sampled_from(["", "", ';+sip.instance="<urn:uuid:1>"', ';+sip.instance="<urn:uuid:2>"']),
    st.sampled_from(["", "", ";reg-id=1", ";q=0.5"]),
)
contact = st.one_of(st.builds("{}{}".format, uris, parameters), st.sampled_from(["*", "<tel:+7>", "nonsense"]))
steps = st.builds(
    Step,
    st.sampled_from([0, 0, 1, 30, 60, 601]),
    st.lists(contact, max_size=4).map(tuple),
    st.sampled_from(["a", "b", "c"]),
    st.integers(1, 4),
    st.sampled_from([None, 0, 59, 60, 300, 4000]),
    st.sampled_from([5060, 5062, 1024]),
    st.booleans(),
)


def request_of(step: Step) -> Request:
    headers: list[Header] = [
        ("Via", "SIP/2.0/UDP 192.0.2.50;branch=z9hG4bKx"),
        ("To", "<sip:101@d>"),
        ("Call-ID", step.call_id),
        ("CSeq", f"{step.cseq} REGISTER"),
        *(("Contact", value) for value in step.contacts),
    ]
    if step.expires is not None:
        headers.append(("Expires", str(step.expires)))
    return Request("REGISTER", "sip:d", headers)


@settings(max_examples=scale(150), deadline=None)
@given(st.lists(steps, max_size=25))
def test_registrations_keep_their_invariants(history: list[Step]) -> None:
    state = LocationState()
    records: list[Record] = []
    wall_s = 1000.0

    def keep(facts: tuple[object, ...]) -> None:
        for fact in facts:
            records.append(Record(len(records), wall_s, "", fact))
            state.apply(records[-1])

    for step in history:
        wall_s += step.wait_s
        if step.sweep:
            keep(expired(state, wall_s))
            assert all(binding.expires_at_s > wall_s for binding in state)
        before = state.contacts_of("anna", wall_s=wall_s)
        flow = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", step.port))
        answer = decide_register(state, request_of(step), flow, ANNA, wall_s=wall_s, limits=LIMITS)
        keep(answer.facts)
        after = state.contacts_of("anna", wall_s=wall_s)
        if answer.status != 200:
            assert not answer.facts
            assert after == before
            continue
        listed = [value for name, value in answer.headers if name == "Contact"]
        assert [value.partition(">")[0][1:] for value in listed] == [binding.contact for binding in after]
        assert len(after) <= LIMITS.contacts
        assert len({binding.key for binding in after}) == len(after)
        assert all(wall_s < binding.expires_at_s <= wall_s + LIMITS.max_expires_s for binding in after)
        assert len({b.contact for b in after if not b.instance}) == len([b for b in after if not b.instance])

    again = LocationState()
    for record in records:
        again.apply(record)
    assert list(again) == list(state)
    assert len(again) == len(list(again))
    assert again.next_expiry() == state.next_expiry()
