"""Bodies of NOTIFY and PUBLISH: what a phone reads in them, and that nothing odd breaks or opens them."""

from __future__ import annotations

from email import message_from_bytes
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import SipError
from softswitch.sip.bodies.dialog_info import DialogState, Party, write_dialog_info
from softswitch.sip.bodies.features import read_feature
from softswitch.sip.bodies.message_summary import MailCounts, write_message_summary
from softswitch.sip.bodies.pidf import PresenceState, read_pidf, write_pidf
from softswitch.sip.bodies.reginfo import ContactState, write_reginfo
from softswitch.sip.bodies.resource_list import ListedResource, write_list
from softswitch.sip.bodies.vq_report import read_report
from softswitch.sip.bodies.xml import parse

DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"
ANYTHING = st.text(max_size=60)


def test_a_dialog_says_what_pickup_needs() -> None:
    ringing = DialogState(
        "as7d900as8",
        "early",
        "recipient",
        "a84b4c76e66710",
        "1928301774",
        "456887766",
        Party("sip:102@example.net", "Борис"),
        Party("sip:101@example.net", 'Anna "A" <&>'),
    )
    root = ElementTree.fromstring(write_dialog_info("sip:102@example.net", 7, [ringing]))
    assert (root.tag, root.get("version"), root.get("state"), root.get("entity")) == (
        f"{DIALOG}dialog-info",
        "7",
        "full",
        "sip:102@example.net",
    )
    (dialog,) = root
    assert dict(dialog.items()) == {
        "id": "as7d900as8",
        "call-id": "a84b4c76e66710",
        "local-tag": "1928301774",
        "remote-tag": "456887766",
        "direction": "recipient",
    }
    assert dialog.findtext(f"{DIALOG}state") == "early"
    remote = dialog.find(f"{DIALOG}remote/{DIALOG}identity")
    assert remote is not None
    assert (remote.text, remote.get("display")) == ("sip:101@example.net", 'Anna "A" <&>')
    assert dialog.find(f"{DIALOG}local/{DIALOG}target[@uri='sip:102@example.net']") is not None


def test_who_holds_shows_no_media_and_changes_are_called_partial() -> None:
    held = DialogState("1", "confirmed", local=Party("sip:102@example.net"), held=True)
    root = ElementTree.fromstring(write_dialog_info("sip:102@example.net", 0, [held], partial=True))
    assert root.get("state") == "partial"
    assert root.find(f".//{DIALOG}param[@pname='+sip.rendering'][@pvalue='no']") is not None


@given(ANYTHING, ANYTHING)
def test_whatever_somebody_is_called_it_is_xml(name: str, uri: str) -> None:
    body = write_dialog_info(uri, 1, [DialogState(name, "early", remote=Party(uri, name))])
    ElementTree.fromstring(body)
    ElementTree.fromstring(write_pidf(uri, PresenceState(True, "busy", name)))
    ElementTree.fromstring(write_reginfo(uri, 1, [ContactState(name, uri, name, 1, name, 10.0)], wall_s=4.0))


def test_messages_are_counted_as_rfc_3842_writes_them() -> None:
    body = write_message_summary("sip:*97@example.net", MailCounts(2, 8, 0, 2)).decode()
    assert body.split("\r\n") == [
        "Messages-Waiting: yes",
        "Message-Account: sip:*97@example.net",
        "Voice-Message: 2/8 (0/2)",
        "",
    ]


@given(st.booleans(), st.sampled_from(["", "busy", "away", "on-the-phone"]), st.text("abc äЖ<&>\"'", max_size=20))
def test_presence_that_is_written_is_read_again(is_open: bool, activity: str, note: str) -> None:
    said = PresenceState(is_open, activity, note.strip())
    assert read_pidf(write_pidf("sip:101@example.net", said)) == said


def test_presence_is_as_rfc_3863_writes_it() -> None:
    root = ElementTree.fromstring(write_pidf("sip:101@example.net", PresenceState(True, "on-the-phone", "Talks")))
    assert root.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") == "open"
    assert root.findtext(f"{PIDF}tuple/{PIDF}note") == "Talks"
    assert root.find(".//{urn:ietf:params:xml:ns:pidf:rpid}on-the-phone") is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"<a>", 400),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 400),
        (b"<!doctype a><a/>", 400),
        ("<a/>".encode("utf-16"), 400),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', 400),
        (b"<a>" + b" " * 20_000 + b"</a>", 413),
    ],
)
def test_what_could_harm_is_not_read(body: bytes, status: int) -> None:
    with pytest.raises(SipError) as refused:
        parse(body)
    assert refused.value.status_hint == status


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        read_pidf(body)
    except SipError:
        return


def test_a_registration_lists_its_phones_and_without_one_is_terminated() -> None:
    one = ContactState("a1", "sip:101@10.0.0.7:5062", "call-1", 7, "Yealink <T46G>", 160.0)
    root = ElementTree.fromstring(write_reginfo("sip:101@example.net", 3, [one], wall_s=100.0))
    namespace = "{urn:ietf:params:xml:ns:reginfo}"
    (registration,) = root
    assert (root.get("state"), registration.get("state")) == ("full", "active")
    (contact,) = registration
    assert (contact.get("expires"), contact.get("callid"), contact.get("cseq")) == ("60", "call-1", "7")
    assert contact.findtext(f"{namespace}uri") == "sip:101@10.0.0.7:5062"
    (gone,) = ElementTree.fromstring(write_reginfo("sip:101@example.net", 4, [], wall_s=0.0))
    assert (gone.get("state"), list(gone)) == ("terminated", [])


def test_a_list_has_rlmi_first_and_a_part_for_each_resource() -> None:
    listed = [
        ListedResource("sip:101@example.net", "Anna", "application/dialog-info+xml", b"<one/>"),
        ListedResource("sip:102@example.net", "", "application/dialog-info+xml", b"<two/>\r\n--not-ours\r\n"),
    ]
    kind, body = write_list("sip:600@example.net", 5, listed, full=True, boundary="b7", host="example.net")
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    root, *parts = list(message.walk())[1:]
    assert message.get_param("type") == "application/rlmi+xml"
    assert message.get_param("start") == root["Content-ID"]
    rlmi = ElementTree.fromstring(str(root.get_payload(decode=True), "utf-8"))  # type: ignore[arg-type]  # octets
    assert (rlmi.get("version"), rlmi.get("fullState")) == ("5", "true")
    namespace = "{urn:ietf:params:xml:ns:rlmi}"
    cids = [one.get("cid") for one in rlmi.iter(f"{namespace}instance")]
    assert [part["Content-ID"] for part in parts] == [f"<{cid}>" for cid in cids]
    assert [part.get_payload(decode=True) for part in parts] == [b"<one/>", b"<two/>\r\n--not-ours\r\n"]


@given(st.binary(max_size=300))
def test_whatever_comes_as_a_report_or_a_feature_is_read_or_refused(body: bytes) -> None:
    for read in (read_report, read_feature):
        try:
            read(body)
        except SipError:
            continue


@given(st.text("0123456789.eE+-naif", max_size=12))
def test_numbers_of_a_report_are_numbers_or_left_out(value: str) -> None:
    report = read_report(f"VQAlertReport: x\nCallID: c\nLocalMetrics:\nQualityEst: MOSLQ={value}\n".encode())
    assert report.kind == "Alert"
    assert 0 <= report.mos_listening < 1e6 or report.mos_listening == -1.0
