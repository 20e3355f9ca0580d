"""Who is the local user: by address, by Host, by the signs of others."""

from __future__ import annotations

import pytest

from runway_videos.openai.local_user import Sender, is_loopback, why_not_local

LOCAL = "127.0.0.1"
HOSTS = frozenset({"api.openai.com"})


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.0.0.53", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "::1%lo", "::1%1"),
        *("::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:127.9.9.9%eth0"),
    ],
)
def test_all_forms_of_loopback_are_known(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "localhost",
            "127.0.0.1.evil.example",
            "127.1",
            "0x7f000001",
            "2130706433",
            "[::1]",
            "127.0.0.1:80",
        ),
        *("0.0.0.0", "::", "10.0.0.1", "192.168.0.1", "172.17.0.1", "169.254.1.1", "fe80::1%lo", "fd00::1"),
        *("::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2001:db8::1", "%lo", "128.0.0.1", "::2"),
    ],
)
def test_other_addresses_are_not_loopback(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize(
    ("header", "value", "sign"),
    [
        ("forwarded", "for=1.2.3.4", "Forwarded"),
        ("x-forwarded-for", "127.0.0.1", "X-Forwarded-For"),
        ("x-forwarded-proto", "https", "X-Forwarded-Proto"),
        ("x-forwarded-host", "", "X-Forwarded-Host"),
        ("x-real-ip", "127.0.0.1", "X-Real-Ip"),
        ("x-forwarded", "for=1.2.3.4", "X-Forwarded"),
        ("x-client-ip", "127.0.0.1", "X-Client-Ip"),
        ("true-client-ip", "127.0.0.1", "True-Client-Ip"),
        ("cf-connecting-ip", "127.0.0.1", "Cf-Connecting-Ip"),
        ("x-original-forwarded-for", "127.0.0.1", "X-Original-Forwarded-For"),
        ("x-cluster-client-ip", "127.0.0.1", "X-Cluster-Client-Ip"),
        ("x-envoy-external-address", "127.0.0.1", "X-Envoy-External-Address"),
        ("x-envoy-attempt-count", "1", "X-Envoy-Attempt-Count"),
        ("fastly-client-ip", "127.0.0.1", "Fastly-Client-Ip"),
        ("fly-client-ip", "127.0.0.1", "Fly-Client-Ip"),
        ("x-azure-clientip", "127.0.0.1", "X-Azure-Clientip"),
        ("x-azure-fdid", "a", "X-Azure-Fdid"),
        ("cdn-loop", "cloudflare", "Cdn-Loop"),
        ("via", "1.1 balancer", "Via"),
        ("origin", "http://127.0.0.1:8080", "Origin"),
        ("origin", "null", "Origin"),
        ("sec-fetch-site", "cross-site", "Sec-Fetch-Site of another site"),
        ("sec-fetch-site", "none, none", "Sec-Fetch-Site of another site"),  # it came twice
        ("sec-fetch-site", "same-origin, cross-site", "Sec-Fetch-Site of another site"),
        ("sec-fetch-site", "Same-Site", "Sec-Fetch-Site of another site"),
    ],
)
def test_a_balancer_or_a_web_page_is_not_the_local_user(header: str, value: str, sign: str) -> None:
    sender = Sender(LOCAL, {"host": "127.0.0.1", header: value})
    assert why_not_local(sender, ()) == f"the request carries {sign}"


def test_a_long_header_name_does_not_fill_the_answer() -> None:
    why = why_not_local(Sender(LOCAL, {"x-forwarded-\x1b\n" + "x" * 5000: ""}), ())
    assert why is not None
    assert len(why) < 200
    assert why.isprintable()


@pytest.mark.parametrize(
    "host",
    [
        *(
            "localhost",
            "localhost:8080",
            "LOCALHOST:80",
            "127.0.0.1",
            "127.0.0.2:8080",
            "[::1]",
            "[::1]:8080",
        ),
        *("[::ffff:127.0.0.1]:8080", "api.openai.com", "API.openai.com:443", "10.0.0.1:8080", "10.0.0.1"),
    ],
)
def test_a_host_of_this_machine_is_local(host: str) -> None:
    assert why_not_local(Sender(LOCAL, {}, host=host, connected_to="10.0.0.1"), HOSTS) is None


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "[]"),
        *("10.0.0.2", "0.0.0.0:8080", "[2001:db8::1]", "127.1", "x.api.openai.com", "a@localhost", "["),
    ],
)
def test_a_host_of_somebody_else_is_not_local(host: str) -> None:
    why = why_not_local(Sender(LOCAL, {}, host=host, connected_to="10.0.0.1"), HOSTS)
    assert why is not None
    assert "Host" in why
    # No address, no name: nothing is equal to it.
    assert why_not_local(Sender(LOCAL, {}, host=host), HOSTS) is not None


def test_a_long_host_does_not_fill_the_answer() -> None:
    why = why_not_local(Sender(LOCAL, {}, host="\x1b\n" + "x" * 5000), HOSTS)
    assert why is not None
    assert len(why) < 200
    assert why.isprintable()


def test_a_redirected_connection_of_this_machine_is_local_and_no_more() -> None:
    own = "10.0.0.1"
    assert why_not_local(Sender(own, {}, redirected=True), HOSTS) is None
    assert why_not_local(Sender(own, {}), HOSTS) == "the request is not from this machine"
    assert "Via" in str(why_not_local(Sender(own, {"via": "1.1 lb"}, redirected=True), HOSTS))
    assert "HTTP/1.0" in str(why_not_local(Sender(own, {}, http_1_0=True, redirected=True), HOSTS))


def test_http_1_0_and_an_untrusted_tunnel_are_not_local() -> None:
    assert "HTTP/1.0" in str(why_not_local(Sender(LOCAL, {}, http_1_0=True), HOSTS))
    assert "tunnel" in str(why_not_local(Sender(LOCAL, {}, tunnel=False), HOSTS))
    assert why_not_local(Sender(LOCAL, {}, tunnel=True), HOSTS) is None
    assert why_not_local(Sender("10.0.0.9", {}, tunnel=True), HOSTS) is not None
