"""Three machines: a client's, the proxy's, and api.openai.com. The client has no way but over the proxy's."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from mitmproxy.certs import CertStore

import far_ends
from end_to_end.conftest import Folders, whole
from machines import Machine, why_not
from origins import Asked, Exchange, Origin
from running import ADDON, Proxy
from sandbox_server import SandboxServer

HOST, OPENAI, OPENAI_6 = "api.openai.com", "203.0.113.10", "2001:db8:2::10"
CLIENT, GATEWAY = "192.0.2.10", "192.0.2.1"
CLIENT_6, GATEWAY_6 = "2001:db8:1::10", "2001:db8:1::1"
#: Another host at the same address, whose clients trust no CA but its own.
PINNED = "api.pinned.example"
#: The client's only key.
KEY = "sk-the-only-one-that-this-client-has"
WORDS = ("A ", "boat", ".")
TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
_GUIDE = (ADDON.parent / "deploy" / "transparent.md").read_text()


def block(name: str) -> str:
    """A block of the file: commands (`run: …`) or a mitm.conf (`conf: …`)."""
    (found,) = re.findall(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", _GUIDE, re.DOTALL)
    return str(found)


class StandIn:
    """api.openai.com, over IPv4 and IPv6, and without TLS on port 80: remembers what arrived."""

    def __init__(self, folder: Path) -> None:
        entry = CertStore.from_store(folder, "standin", 2048).get_cert(
            HOST, [x509.DNSName(HOST), x509.DNSName(PINNED)]
        )
        own, pem = folder / "own.pem", serialization.Encoding.PEM
        secret = entry.privatekey.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        own.write_bytes(secret + entry.cert.to_pem())
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(own)
        self.ca = folder / "standin-ca-cert.pem"
        self.tls = Origin(tls, address=(OPENAI, 443))
        self.tls_6 = Origin(tls, address=(OPENAI_6, 443))
        self.plain = Origin(address=(OPENAI, 80))
        self._all = (self.tls, self.tls_6, self.plain)
        self.tls.routes["/v1/chat/completions"] = _chat
        self.tls.routes["/v1/realtime"] = _realtime

    def close(self) -> None:
        for origin in self._all:
            origin.close()

    def asked(self, path: str) -> list[Asked]:
        """All that arrived whose path begins so."""
        return [asked for origin in self._all for asked in origin.asked(path)]


def _chat(exchange: Exchange) -> None:
    exchange.begin(200, "text/event-stream", Transfer_Encoding="chunked")
    for word in WORDS:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x"}
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        exchange.chunk(b"data: " + msgspec.json.encode(chunk | {"choices": [choice]}) + b"\n\n")
    exchange.chunk(b"data: [DONE]\n\n")
    exchange.chunk(b"")


def _realtime(exchange: Exchange) -> None:
    """A web socket over which one text comes."""
    far_ends.web_socket(exchange)
    exchange.wfile.write(b"\x81\x05hello")


class Site:
    """A case of the file, yet without rules: the proxy is `here`, with the client, or its `gateway`."""

    def __init__(self, case: str, folder: Folders, stack: ExitStack) -> None:
        self.case = case
        self._client, self.gateway, far = (stack.enter_context(Machine()) for _ in range(3))
        self.gateway.joined_to(
            self._client, "lan", (f"{GATEWAY}/24", f"{GATEWAY_6}/64"), (f"{CLIENT}/24", f"{CLIENT_6}/64")
        )
        self.gateway.joined_to(
            far, "wan", ("203.0.113.1/24", "2001:db8:2::1/64"), (f"{OPENAI}/24", f"{OPENAI_6}/64")
        )
        # IPv6 is there, and passes by the proxy unless something is done about it.
        self.gateway.sh("sysctl -w net.ipv6.conf.all.forwarding=1")
        self._client.sh(f"ip -6 route add default via {GATEWAY_6}")
        far.sh("ip route add 192.0.2.0/24 via 203.0.113.1; ip -6 route add 2001:db8:1::/64 via 2001:db8:2::1")
        with far.inside():
            self.standin = StandIn(folder())
        stack.callback(self.standin.close)
        with self.gateway.inside():
            self.sandbox_server = stack.enter_context(SandboxServer())
            self.proxy = Transparent(
                folder(),
                conf=block(f"conf: {case}") + block("conf: unopened"),
                env={"APP_OPENAI_KEY": KEY},
                listen=(),
                ssl_verify_upstream_trusted_ca=self.standin.ca,
                **self.sandbox_server.options(),
            )
        stack.enter_context(self.proxy)
        stack.callback(whole, self.proxy)
        self._prepare(folder())

    @property
    def machine(self) -> Machine:
        """Where the application runs."""
        return self.gateway if self.case == "here" else self._client

    @property
    def user(self) -> str | None:
        """As whom."""
        return "nobody" if self.case == "here" else None

    def _prepare(self, folder: Path) -> None:
        """The application's machine knows one host, and trusts nobody until it is told to."""
        self.machine.instead_of("/etc/hosts", f"{OPENAI} {HOST} {PINNED}\n{OPENAI_6} {HOST}\n", folder)
        self.machine.instead_of("/etc/ca-certificates.conf", "# nobody\n", folder)
        for path in ("/etc/ssl/certs", "/usr/local/share/ca-certificates", "/etc/ca-certificates/update.d"):
            self.machine.sh(f"mount -t tmpfs none {path}")
        self.machine.sh(block("run: trust"), {"CA": str(self.proxy.ca)})

    def set_rules(self, tool: str) -> None:
        """The file's commands, in its order."""
        rules = block(f"run: {self.case} {tool}")
        if self.case == "here":
            self.gateway.sh(rules, {"APP_USER": "nobody"})
            return
        self.gateway.sh(block("run: gateway system"))
        self.gateway.sh(rules, {"LAN": "lan"})
        self._client.sh(block("run: gateway client"), {"PROXY": GATEWAY})

    def undo_rules(self, tool: str) -> None:
        """As the file says it."""
        if tool == "nft":
            self.gateway.sh("nft delete table inet runway_videos")
        else:
            rules = block(f"run: {self.case} {tool}")
            self.gateway.sh(rules.replace(" -A ", " -D "), {"APP_USER": "nobody", "LAN": "lan"})
        if self.case == "gateway":
            self._client.sh("ip -6 route del unreachable default metric 1")

    def run(self, *command: str) -> bytes:
        """What a program of the application writes."""
        env = {"OPENAI_API_KEY": KEY, "SSL_CERT_FILE": TRUST_STORE}
        return self.machine.run(*command, user=self.user, env=env)


class Transparent(Proxy):
    """A proxy on a machine of its own, where its port is free."""

    def ready(self) -> Transparent:
        self.port = int(self.wait_for(r"serving /v1/videos on http://[^, ]+:(\d+)")[1])
        return self

    def __enter__(self) -> Transparent:
        super().__enter__()
        return self


@pytest.fixture(scope="module", params=["here", "gateway"])
def site(request: pytest.FixtureRequest, folder: Folders) -> Iterator[Site]:
    if (why := why_not()) is not None:
        pytest.skip(why)
    with ExitStack() as stack:
        yield Site(request.param, folder, stack)
