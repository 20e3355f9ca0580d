"""Every error has OpenAI's shape, and no text can keep it from being rendered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError, bad_request, render

# Halves of surrogate pairs too: what raw bytes of a client leave behind.
ANY_TEXT = st.text(st.characters() | st.sampled_from("\udcff\udc80\ud800"))

PLAIN = {
    "content-type": "application/json",
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
}


def body_of(error: ApiError) -> dict[str, Any]:
    body = json.loads(render(error)[2])
    assert list(body) == ["error"]
    found: dict[str, Any] = body["error"]
    return found


def test_an_error_has_all_four_keys_in_openais_order() -> None:
    error = ApiError(400, "No.", code="c", param="size", type="t")
    assert list(body_of(error).items()) == [
        ("message", "No."),
        ("type", "t"),
        ("param", "size"),
        ("code", "c"),
    ]
    assert body_of(ApiError(404, "No.")) == {
        "message": "No.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "invalid_request_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (405, "invalid_request_error"),
        (409, "conflict_error"),
        (413, "invalid_request_error"),
        (415, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (504, "server_error"),
    ],
)
def test_the_type_follows_from_the_status_unless_it_is_named(status: int, kind: str) -> None:
    assert render(ApiError(status, "No."))[0] == status
    assert body_of(ApiError(status, "No."))["type"] == kind
    assert body_of(ApiError(status, "No.", type="own"))["type"] == "own"


@pytest.mark.parametrize(
    ("retry", "after", "headers"),
    [
        (None, None, {}),
        (False, None, {"x-should-retry": "false"}),
        (True, None, {"x-should-retry": "true"}),
        (None, 0, {"retry-after": "0"}),
        (True, 60, {"x-should-retry": "true", "retry-after": "60"}),
    ],
)
def test_the_headers_tell_stock_clients_whether_and_when(
    retry: bool | None, after: int | None, headers: dict[str, str]
) -> None:
    found = render(ApiError(429, "No.", retry=retry, retry_after=after))[1]
    assert found == PLAIN | headers


def test_what_is_for_the_operator_stays_with_the_operator() -> None:
    error = ApiError(503, "No.", detail="the key team-a", may_have_made=True)
    status, headers, body = render(error)
    assert b"team-a" not in body
    assert "team-a" not in str((status, headers, str(error)))
    assert (error.detail, error.may_have_made) == ("the key team-a", True)


def test_a_bad_request_names_the_parameter() -> None:
    error = bad_request("`size` must be WxH.", "size")
    assert (error.status, error.param, error.code) == (400, "size", "invalid_value")
    assert bad_request("No body.").code is None
    assert bad_request("No body.").param is None
    assert bad_request("No.", "model", "model_not_found").code == "model_not_found"


@settings(max_examples=200)
@given(message=ANY_TEXT, param=ANY_TEXT)
def test_no_text_breaks_the_answer_and_none_gets_into_a_header(message: str, param: str) -> None:
    error = ApiError(400, message, param=param, code="c", retry=False)
    assert render(error)[1] == PLAIN | {"x-should-retry": "false"}
    found = body_of(error)
    for sent, came in ((message, found["message"]), (param, found["param"])):
        if not any("\ud800" <= char <= "\udfff" for char in sent):
            assert came == sent
