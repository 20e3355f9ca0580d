"""What the operator and the client read where no connection came about."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx
import pytest

from runway_videos.upstream.unreached import why_lost, why_unreached


def caused(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = OSError("outer")
    error.__cause__.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (caused(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), "name not known"),
        (caused(ConnectionRefusedError(errno.ECONNREFUSED, "x")), "connection refused"),
        (caused(ExceptionGroup("all", [OSError(), ConnectionRefusedError()])), "connection refused"),
        (caused(ssl.SSLCertVerificationError(1, "x")), "its certificate is not trusted"),
        (caused(ssl.SSLError(1, "wrong version number")), "it speaks no TLS"),
        (httpx.ConnectTimeout("x"), "no connection in time"),
        (httpx.PoolTimeout("x"), "no connection in time"),
        (httpx.ProxyError("407 Proxy Authentication Required"),
         "runway_proxy opens no way: 407 Proxy Authentication Required"),
        (httpx.ConnectError("[Errno 101] Network is unreachable"),
         "ConnectError: [Errno 101] Network is unreachable"),
        (httpx.ConnectError(""), "ConnectError"),
    ],
)  # fmt: skip
def test_the_reason_in_words(error: Exception, words: str) -> None:
    assert why_unreached(error) == f"Runway cannot be reached ({words})"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ReadTimeout(""), "no answer in time (ReadTimeout)"),
        (httpx.ReadError(""), "the connection broke before the answer was whole (ReadError)"),
        (httpx.RemoteProtocolError("Server disconnected"),
         "the connection ended, or what came is no HTTP (RemoteProtocolError: Server disconnected)"),
        (httpx.DecodingError("the answer is too large"), "DecodingError: the answer is too large"),
    ],
)  # fmt: skip
def test_why_an_answer_was_lost_in_words(error: Exception, words: str) -> None:
    assert why_lost(error) == words


def test_errors_that_refer_to_each_other_end() -> None:
    one, other = httpx.ConnectError("one"), OSError("other")
    one.__cause__, other.__context__ = other, one
    assert why_unreached(one) == "Runway cannot be reached (ConnectError: one)"
