"""What a REGISTER changes and how it is answered."""

from __future__ import annotations

import pytest

from softswitch.core.facts import decode, encode
from softswitch.directory.location import LocationState, RegistrationBound, RegistrationRemoved, disconnected, expired
from softswitch.directory.registrar import RegistrationLimits
from tests.unit.directory.builders import Registrar, contact_headers, flow_from, register

DESK = "<sip:101@192.0.2.50:5060>"
SOFT = "<sip:101@192.0.2.60:5060>"
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-0015651234ab>"'
OTHER_INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-001565ffffff>"'


def header(answer_headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return dict(answer_headers).get(name)


def test_a_contact_is_bound_and_listed_with_its_time() -> None:
    registrar = Registrar()
    answer = registrar.take(register(DESK, expires=600))
    assert answer.status == 200
    assert contact_headers(answer) == ["<sip:101@192.0.2.50:5060>;expires=600"]
    (binding,) = registrar.state.contacts_of("anna")
    assert binding.expires_at_s == registrar.wall_s + 600
    assert binding.flow == flow_from()
    assert not binding.behind_nat


def test_the_contacts_own_expires_goes_before_the_header() -> None:
    answer = Registrar().take(register(f"{DESK};expires=120", expires=600))
    assert contact_headers(answer) == ["<sip:101@192.0.2.50:5060>;expires=120"]


def test_without_any_expires_the_longest_time_is_given() -> None:
    assert contact_headers(Registrar().take(register(DESK))) == ["<sip:101@192.0.2.50:5060>;expires=3600"]


def test_a_longer_time_than_allowed_is_shortened() -> None:
    answer = Registrar().take(register(DESK, expires=86400))
    assert contact_headers(answer) == ["<sip:101@192.0.2.50:5060>;expires=3600"]


def test_a_malformed_expires_parameter_counts_as_an_hour() -> None:
    answer = Registrar().take(register(f"{DESK};expires=soon", expires=600))
    assert contact_headers(answer) == ["<sip:101@192.0.2.50:5060>;expires=3600"]


def test_a_shorter_time_than_allowed_is_refused_with_the_least() -> None:
    registrar = Registrar()
    answer = registrar.take(register(DESK, expires=30))
    assert (answer.status, answer.headers, answer.facts) == (423, (("Min-Expires", "60"),), ())
    assert len(registrar.state) == 0


def test_a_request_without_contact_lists_what_is_bound_and_changes_nothing() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, expires=600))
    registrar.wall_s += 100
    answer = registrar.take(register(call_id="query"))
    assert answer.status == 200
    assert not answer.facts
    assert contact_headers(answer) == ["<sip:101@192.0.2.50:5060>;expires=500"]


def test_two_phones_of_a_user_stand_side_by_side() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="desk"))
    registrar.take(register(SOFT, call_id="soft"), flow_from("192.0.2.60"))
    assert registrar.contacts() == ["sip:101@192.0.2.50:5060", "sip:101@192.0.2.60:5060"]


def test_expires_zero_removes_that_contact_alone() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="desk"))
    registrar.take(register(SOFT, call_id="soft"), flow_from("192.0.2.60"))
    answer = registrar.take(register(DESK, call_id="desk", cseq=2, expires=0))
    assert answer.status == 200
    assert registrar.contacts() == ["sip:101@192.0.2.60:5060"]
    assert answer.facts == (
        RegistrationRemoved("anna", "sip:101@192.0.2.50:5060", "sip:101@192.0.2.50:5060", "unregistered"),
    )


def test_removing_an_old_address_leaves_the_new_one_of_the_same_phone() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="desk"))
    registrar.take(register(SOFT, call_id="desk", cseq=2), flow_from("192.0.2.60"))
    registrar.take(register(DESK, call_id="desk", cseq=3, expires=0), flow_from("192.0.2.60"))
    assert registrar.contacts() == ["sip:101@192.0.2.60:5060"]


def test_the_same_address_written_otherwise_is_the_same_contact() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@PHONE.example;transport=UDP>", call_id="a"))
    registrar.take(register("<sip:101@phone.example:5060>", call_id="b", expires=0))
    assert registrar.contacts() == []


def test_star_removes_all_contacts() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="desk"))
    registrar.take(register(SOFT, call_id="soft"), flow_from("192.0.2.60"))
    answer = registrar.take(register("*", call_id="desk", cseq=2, expires=0))
    assert answer.status == 200
    assert contact_headers(answer) == []
    assert registrar.contacts() == []


@pytest.mark.parametrize("expires", [None, 600])
def test_star_is_refused_unless_expires_is_zero(expires: int | None) -> None:
    registrar = Registrar()
    registrar.take(register(DESK))
    assert registrar.take(register("*", cseq=2, expires=expires)).status == 400
    assert registrar.contacts() == ["sip:101@192.0.2.50:5060"]


def test_star_beside_another_contact_is_refused() -> None:
    assert Registrar().take(register("*", DESK, expires=0)).status == 400


def test_an_overtaken_request_of_the_same_phone_changes_nothing() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, cseq=5))
    answer = registrar.take(register(DESK, cseq=4, expires=0))
    assert (answer.status, answer.facts) == (500, ())
    assert registrar.take(register("*", cseq=4, expires=0)).status == 500
    assert registrar.contacts() == ["sip:101@192.0.2.50:5060"]


def test_a_retransmission_gets_the_same_answer() -> None:
    registrar = Registrar()
    first = registrar.take(register(DESK, cseq=5))
    again = registrar.take(register(DESK, cseq=5))
    assert (again.status, again.headers) == (first.status, first.headers)
    assert len(registrar.state) == 1


def test_a_lower_cseq_under_a_new_call_id_is_a_rebooted_phone() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="before", cseq=500))
    assert registrar.take(register(DESK, call_id="after", cseq=1)).status == 200
    assert len(registrar.state) == 1


def test_a_rebooted_phone_is_known_by_its_instance() -> None:
    registrar = Registrar()
    registrar.take(register(f"<sip:x1@192.0.2.50:5060>;{INSTANCE}", call_id="before"))
    answer = registrar.take(register(f"<sip:x2@192.0.2.99:5071>;{INSTANCE}", call_id="after"), flow_from("192.0.2.99"))
    assert registrar.contacts() == ["sip:x2@192.0.2.99:5071"]
    assert contact_headers(answer) == [f"<sip:x2@192.0.2.99:5071>;expires=3600;{INSTANCE}"]


def test_two_flows_of_one_instance_stand_side_by_side() -> None:
    registrar = Registrar()
    registrar.take(register(f"<sip:101@192.0.2.50>;{INSTANCE};reg-id=1", call_id="one"))
    answer = registrar.take(register(f"<sip:101@192.0.2.50>;{INSTANCE};reg-id=2", call_id="two"), flow_from(port=5070))
    assert [value.rpartition(";")[2] for value in contact_headers(answer)] == ["reg-id=1", "reg-id=2"]


def test_a_rebooted_phone_is_known_by_its_call_id() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:x1@192.0.2.50>", call_id="same", cseq=1))
    answer = registrar.take(register("<sip:x2@192.0.2.51>", call_id="same", cseq=2))
    assert registrar.contacts() == ["sip:x2@192.0.2.51"]
    assert [type(fact) for fact in answer.facts] == [RegistrationRemoved, RegistrationBound]


def test_a_rebooted_phone_is_known_by_user_and_host_of_its_contact() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@192.0.2.50:40000;transport=tcp>", call_id="before"))
    registrar.take(register("<sip:101@192.0.2.50:40007;transport=tcp>", call_id="after"))
    assert registrar.contacts() == ["sip:101@192.0.2.50:40007;transport=tcp"]


def test_the_user_agent_alone_makes_no_two_phones_one() -> None:
    registrar = Registrar()
    same_model = [("User-Agent", "Yealink SIP-T46U 108.86.0.20")]
    registrar.take(register(DESK, call_id="desk", headers=same_model))
    registrar.take(register(SOFT, call_id="soft", headers=same_model), flow_from("192.0.2.60"))
    assert len(registrar.contacts()) == 2


def test_instances_tell_apart_what_shares_user_and_host() -> None:
    registrar = Registrar()
    registrar.take(register(f"<sip:101@192.0.2.50:5060>;{INSTANCE}", call_id="a"))
    registrar.take(register(f"<sip:101@192.0.2.50:5062>;{OTHER_INSTANCE}", call_id="b"), flow_from(port=5062))
    assert len(registrar.contacts()) == 2


def test_a_phone_put_in_anothers_place_replaces_it() -> None:
    registrar = Registrar()
    registrar.take(register(f"{DESK};{INSTANCE}", call_id="a"))
    registrar.take(register(f"{DESK};{OTHER_INSTANCE}", call_id="b"))
    assert len(registrar.contacts()) == 1


def test_two_homes_with_the_same_private_address_are_two_phones() -> None:
    registrar = Registrar()
    registrar.take(register("<sip:101@192.168.1.10:5060>", call_id="a"), flow_from("203.0.113.1", 1024))
    registrar.take(register("<sip:101@192.168.1.10:5061>", call_id="b"), flow_from("203.0.113.2", 1024))
    assert len(registrar.contacts()) == 2


def test_several_contacts_of_one_request_do_not_replace_each_other() -> None:
    registrar = Registrar()
    assert registrar.take(register(f"{DESK}, {SOFT}")).status == 200
    assert len(registrar.contacts()) == 2


def test_a_request_may_bind_the_new_address_and_remove_the_old() -> None:
    registrar = Registrar()
    registrar.take(register(DESK))
    registrar.take(register(f"{SOFT};expires=600", f"{DESK};expires=0", cseq=2))
    assert registrar.contacts() == ["sip:101@192.0.2.60:5060"]


def test_at_the_limit_the_phone_that_registered_longest_ago_goes() -> None:
    registrar = Registrar(RegistrationLimits(contacts=2))
    for number in (1, 2):
        registrar.take(register(f"<sip:101@192.0.2.{number}>", call_id=f"c{number}"), flow_from(f"192.0.2.{number}"))
    registrar.take(register("<sip:101@192.0.2.1>", call_id="c1", cseq=2), flow_from("192.0.2.1"))
    answer = registrar.take(register("<sip:101@192.0.2.3>", call_id="c3"), flow_from("192.0.2.3"))
    assert registrar.contacts() == ["sip:101@192.0.2.1", "sip:101@192.0.2.3"]
    assert RegistrationRemoved("anna", "sip:101@192.0.2.2", "sip:101@192.0.2.2", "limit") in answer.facts


def test_more_contacts_at_once_than_allowed_are_refused() -> None:
    registrar = Registrar(RegistrationLimits(contacts=1))
    assert registrar.take(register(DESK, SOFT)).status == 403
    assert len(registrar.state) == 0


@pytest.mark.parametrize(
    ("contact", "status"),
    [("<tel:+74950000001>", 416), ("<http://example.com>", 416), (f"<sip:101@{'a' * 3000}>", 400), ("<sip:", 400)],
)
def test_a_contact_that_no_call_can_reach_is_refused(contact: str, status: int) -> None:
    registrar = Registrar()
    assert registrar.take(register(contact)).status == status
    assert len(registrar.state) == 0


def test_an_unknown_extension_is_refused_by_name() -> None:
    answer = Registrar().take(register(DESK, headers=[("Require", "path, gruu")]))
    assert (answer.status, answer.headers) == (420, (("Unsupported", "gruu"),))


def test_path_is_kept_and_given_back_to_a_phone_that_knows_it() -> None:
    registrar = Registrar()
    path = [("Path", "<sip:edge.example.com;lr>"), ("Supported", "path")]
    answer = registrar.take(register("<sip:101@10.0.0.5>", headers=path))
    assert header(answer.headers, "Path") == "<sip:edge.example.com;lr>"
    (binding,) = registrar.state.contacts_of("anna")
    assert binding.path == ("<sip:edge.example.com;lr>",)
    assert not binding.behind_nat


def test_q_is_kept_and_nonsense_in_its_place_is_not() -> None:
    registrar = Registrar()
    answer = registrar.take(register(f"{DESK};q=0.7", f"{SOFT};q=high"))
    assert [value.partition("expires=3600")[2] for value in contact_headers(answer)] == [";q=0.7", ""]


def test_a_poly_contact_with_commas_in_quotes_is_one_contact() -> None:
    registrar = Registrar()
    registrar.take(register('<sip:101@192.0.2.50:5060>;methods="INVITE, ACK, BYE, CANCEL, OPTIONS"'))
    assert registrar.contacts() == ["sip:101@192.0.2.50:5060"]


@pytest.mark.parametrize(
    ("contact", "via", "flow", "behind"),
    [
        ("<sip:101@192.0.2.50:5060>", "192.0.2.50:5060", flow_from(), False),
        ("<sip:101@192.0.2.50>", "192.0.2.50", flow_from(), False),
        ("<sip:101@192.0.2.50:5061>", "192.0.2.50:5061", flow_from(), True),
        ("<sip:101@192.168.1.2:5060>", "192.168.1.2:5060", flow_from(), True),
        ("<sip:101@192.0.2.50:5060>", "192.168.1.2:5060", flow_from(), True),
        ("<sip:101@192.0.2.50:5060;transport=tcp>", "192.0.2.50", flow_from(port=40123, transport="tcp"), False),
        ("<sip:101@192.168.1.2;transport=tcp>", "192.168.1.2", flow_from(port=40123, transport="tcp"), True),
        ("<sip:101@[2001:DB8:0::5]:5060>", "[2001:db8::5]:5060", flow_from("2001:db8::5"), False),
        ("<sip:101@phone.example>", "phone.example", flow_from(), True),
    ],
)
def test_a_phone_is_behind_nat_when_its_packets_come_from_elsewhere(
    contact: str, via: str, flow: object, behind: bool
) -> None:
    registrar = Registrar()
    registrar.take(register(contact, via=via), flow)  # type: ignore[arg-type]  # the parametrisation holds flows
    (binding,) = registrar.state.contacts_of("anna")
    assert binding.behind_nat is behind


def test_a_registration_ends_when_nobody_refreshes_it() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, call_id="a", expires=60))
    registrar.take(register(SOFT, call_id="b", expires=600), flow_from("192.0.2.60"))
    assert registrar.state.next_expiry() == registrar.wall_s + 60
    assert expired(registrar.state, registrar.wall_s + 59.9) == ()
    registrar.wall_s += 60
    assert registrar.contacts() == ["sip:101@192.0.2.60:5060"]
    facts = expired(registrar.state, registrar.wall_s)
    assert [(fact.contact, fact.reason) for fact in facts] == [("sip:101@192.0.2.50:5060", "expired")]
    assert expired(registrar.state, registrar.wall_s) == facts
    registrar.keep(facts)
    assert len(registrar.state) == 1
    assert registrar.state.next_expiry() == registrar.wall_s + 540


def test_a_refresh_moves_the_end() -> None:
    registrar = Registrar()
    registrar.take(register(DESK, expires=60))
    registrar.wall_s += 30
    registrar.take(register(DESK, cseq=2, expires=60))
    assert registrar.state.next_expiry() == registrar.wall_s + 60


def test_many_refreshes_do_not_fill_the_memory() -> None:
    registrar = Registrar()
    for cseq in range(1, 3000):
        registrar.wall_s += 0.5
        registrar.take(register(DESK, cseq=cseq, expires=60))
    assert registrar.state.next_expiry() == registrar.wall_s + 60
    assert len(expired(registrar.state, registrar.wall_s + 60)) == 1


def test_a_closed_connection_takes_along_only_phones_that_cannot_be_dialled() -> None:
    registrar = Registrar()
    behind = flow_from("203.0.113.9", 40000, "tcp", 7)
    open_ = flow_from("192.0.2.60", 40001, "tcp", 8)
    registrar.take(register("<sip:101@10.0.0.2;transport=tcp>", call_id="a", via="10.0.0.2"), behind)
    registrar.take(register("<sip:101@192.0.2.60;transport=tcp>", call_id="b", via="192.0.2.60"), open_)
    assert [fact.contact for fact in disconnected(registrar.state, behind)] == ["sip:101@10.0.0.2;transport=tcp"]
    assert disconnected(registrar.state, open_) == ()
    assert disconnected(registrar.state, flow_from("198.51.100.1", 1, "tcp", 9)) == ()


def test_a_registered_source_is_known_until_its_last_binding_goes() -> None:
    registrar = Registrar()
    flow = flow_from()
    assert not registrar.state.is_registered_source(flow)
    registrar.take(register(DESK))
    registrar.take(register(DESK, cseq=2))
    assert registrar.state.is_registered_source(flow)
    registrar.take(register(DESK, cseq=3, expires=0))
    assert not registrar.state.is_registered_source(flow)


def test_folding_the_encoded_facts_gives_the_same_state() -> None:
    registrar = Registrar(RegistrationLimits(contacts=2))
    for number in range(1, 5):
        registrar.take(
            register(f"<sip:101@192.0.2.{number}>", call_id=f"c{number}", headers=[("Path", "<sip:e.example;lr>")]),
            flow_from(f"192.0.2.{number}"),
        )
    again = LocationState()
    for record in registrar.records:
        again.apply(decode(encode(record.sequence, record.wall_s, "", record.fact)))
    assert again.contacts_of("anna") == registrar.state.contacts_of("anna")
    assert len(again) == len(registrar.state) == 2
    assert again.binding("anna", "sip:101@192.0.2.4") == registrar.state.binding("anna", "sip:101@192.0.2.4")
    assert again.binding("anna", "sip:nobody@192.0.2.4") is None
