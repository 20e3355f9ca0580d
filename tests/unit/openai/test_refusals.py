"""Each refusal says what was wrong and what would be right."""

from __future__ import annotations

from runway_videos.errors import render
from runway_videos.openai import refusals
from runway_videos.store.video_ids import unknown_video


def test_a_body_over_the_limit_names_both_sizes_and_the_option() -> None:
    error = refusals.too_large(64 << 20, 70 << 20)
    assert (error.status, error.code) == (413, "request_too_large")
    assert str(64 << 20) in error.message
    assert str(70 << 20) in error.message
    assert "runway_max_body" in error.message


def test_an_unknown_model_names_those_that_are_served() -> None:
    error = refusals.unknown_model("sora-3", "sora-2-pro*, sora-2*, gen4.5")
    assert (error.status, error.code, error.param) == (404, "model_not_found", "model")
    assert error.message == (
        "This proxy does not serve the model 'sora-3'; did you mean sora-2 or sora-2-pro? It serves "
        "sora-2-pro*, sora-2*, gen4.5, and runway/<any model>."
    )
    far = refusals.unknown_model("\x1b[31m" + "z" * 500, "gen4.5")
    assert "zzz…'. It serves gen4.5," in far.message
    assert far.message.isprintable()


def test_an_unknown_path_is_shown_escaped_and_without_its_query() -> None:
    error = refusals.no_fallback("POST", "/v1/chat?key=hush")
    assert (error.status, error.code) == (404, "unknown_url")
    assert error.message.startswith("There is no POST /v1/chat here: this proxy serves /v1/videos.")
    assert "runway_fallback" in error.message
    odd = refusals.no_fallback("G\x1bET" * 50, "/\udcff\x1b[31m\n" + "x" * 5000)
    assert odd.message.isprintable()
    assert len(odd.message) < 600
    assert render(odd)[0] == 404


def test_an_unknown_id_is_shown_whole_and_escaped() -> None:
    assert unknown_video("a/b").message == "Video with id 'a/b' not found."
    assert unknown_video("a\nb é").message == "Video with id 'a?b??' not found."
