from __future__ import annotations

from softswitch.simulation.phone_digest import Credentials, read_challenge


def test_the_example_of_rfc_2617_without_quality_of_protection() -> None:
    credentials = Credentials("Mufasa", "Circle Of Life")
    credentials.learn(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'])
    header = credentials.authorization("GET", "/dir/index.html")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert 'opaque="5ccc"' in header


def test_the_count_grows_while_the_nonce_is_the_same() -> None:
    credentials = Credentials("101", "secret")
    challenge = 'Digest realm="example.net", nonce="n1", qop="auth", algorithm=MD5'
    assert credentials.authorization("REGISTER", "sip:example.net") == ""
    assert not credentials.learn([challenge])
    assert "nc=00000001" in credentials.authorization("REGISTER", "sip:example.net")
    assert not credentials.learn([challenge])
    assert "nc=00000002" in credentials.authorization("REGISTER", "sip:example.net")
    assert credentials.learn(['Digest realm="example.net", nonce="n2", qop="auth", stale=TRUE'])
    assert "nc=00000001" in credentials.authorization("REGISTER", "sip:example.net")


def test_of_two_challenges_the_one_of_its_algorithm_is_answered() -> None:
    credentials = Credentials("101", "secret", algorithm="SHA-256", reuse_nonce=False)
    offered = ['Digest realm="r", nonce="a", algorithm=MD5', 'Digest realm="r", nonce="b", algorithm=SHA-256']
    credentials.learn(offered)
    header = credentials.authorization("REGISTER", "sip:r")
    assert 'nonce="b"' in header
    assert len(read_challenge(header)["response"]) == 64
    credentials.forget_unless_reused()
    assert credentials.authorization("REGISTER", "sip:r") == ""


def test_another_scheme_is_no_challenge() -> None:
    assert read_challenge('Basic realm="x"') == {}
