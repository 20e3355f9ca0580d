from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.request_body import Value
from runway_videos.translate import Plan
from runway_videos.translate.sizes import TOLERANCE, lines, read_size, scaled
from unit.translate.rows import PICTURE, ROWS, VIDEO, plainest, plan, refusal, row_of, wire_body


def sent(model: str, **values: Value) -> tuple[object, object, str]:
    made = plan(model=model, prompt="words", **values)
    body = wire_body(made)
    return body.get("ratio"), body.get("resolution"), made.size


@pytest.mark.parametrize(
    ("model", "size", "ratio", "made"),
    [
        ("seedance2", "1280x720", "1280:720", "1280x720"),
        ("seedance2", "1792x1024", "1920:1080", "1920x1080"),
        ("gen4.5", "1792x1024", "1280:720", "1280x720"),
        ("gen4.5", "1024x1792", "720:1280", "720x1280"),
        ("kling3.0_pro", "1280x720", "1920:1080", "1920x1080"),
        ("kling3.0_4k", "1280X720", "3840:2160", "3840x2160"),
        ("seedance2", "1000x1000", "960:960", "960x960"),
        ("seedance2", "1000x980", "960:960", "960x960"),
        ("wan3", "1280:720", "1280:720", "1280x720"),
        ("grok_imagine_1_5_lite", "1920x1080", "1904:1072", "1904x1072"),
    ],
)
def test_ratio(model: str, size: str, ratio: str, made: str) -> None:
    assert sent(model, size=size) == (ratio, None, made)


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("hailuo3", "1280x720", ("16:9", "768p", "1366x768")),
        ("hailuo3", "720x1280", ("9:16", "768p", "768x1366")),
        ("hailuo3", "2560x1440", ("16:9", "2k", "2560x1440")),
        ("grok_imagine_1_5", "1280x720", ("16:9", "720p", "1280x720")),
        ("grok_imagine_1_5", "480x480", ("1:1", "480p", "480x480")),
        ("grok_imagine_1_5", "1080x1620", ("2:3", "1080p", "1080x1620")),
    ],
)
def test_aspect_and_resolution(model: str, size: str, expected: tuple[str, str, str]) -> None:
    assert sent(model, size=size) == expected


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("happyhorse_1_0", "1280x720", (None, "720p", "1280x720")),
        ("happyhorse_1_0", "1024x1792", (None, "1080p", "1080x1890")),
        ("grok_imagine_1_5", "854x480", (None, "480p", "854x480")),
        ("h3_max", "720x1280", (None, "768p", "768x1366")),
        ("grok_imagine_1_5_lite", "1920x1080", ("auto_1080p", None, "1920x1080")),
        ("kling_4", "1280x720", ("auto_720p", None, "1280x720")),
        ("kling2.5_turbo_pro", "1024x1792", (None, None, "1024x1792")),
        ("kling2.5_turbo_pro", None, (None, None, "1280x720")),
    ],
)
def test_shapes_that_follow_the_picture(
    model: str, size: str | None, expected: tuple[str | None, str | None, str]
) -> None:
    assert sent(model, size=size, input_reference=PICTURE) == expected


def test_wan3_takes_auto_with_a_position_and_pixels_with_reference_pictures() -> None:
    assert sent("wan3", input_reference=PICTURE) == ("1280:720", None, "1280x720")
    assert sent("wan3", input_reference=PICTURE, size="720x1280")[0] == "720:1280"
    assert sent("wan3", input_reference=PICTURE, ratio="1280:720")[0] == "1280:720"
    frames: Value = [{"uri": PICTURE, "position": "last"}]
    assert sent("wan3", input_reference=frames) == ("auto_720p", None, "1280x720")
    assert sent("wan3", input_reference=frames, size="480x832")[0] == "auto_480p"
    loose: Value = [{"uri": PICTURE}, {"uri": PICTURE}]
    assert sent("wan3", input_reference=loose, size="480x832")[0] == "480:832"
    assert sent("wan3", input_reference=PICTURE, ratio="auto_1080p")[0] == "auto_1080p"
    error = refusal(model="wan3", prompt="p", input_reference=frames, ratio="1280:720")
    assert error.param == "ratio"
    assert "auto_720p" in error.message
    # Pixels by default, where no frame is given.
    assert sent("wan3") == ("1280:720", None, "1280x720")
    assert sent("wan3", ratio="auto_480p", size=None) == ("auto_480p", None, "854x480")


def test_without_an_input_no_shape_is_claimed_that_is_not_told() -> None:
    assert sent("h3_max") == (None, "768p", "1366x768")
    assert sent("h3_max", size="720x1280") == (None, "768p", "1366x768")
    assert sent("h3_max", size="480x832") == (None, "480p", "854x480")
    sora = plan(False, [("sora-2", ("h3_max",))], prompt="p")
    assert (sora.call.body["resolution"], sora.size) == ("768p", "720x1280")
    # A picture has a shape, and an unchanged client sends one of the shape that it asks for.
    assert sent("h3_max", size="720x1280", input_reference=PICTURE)[2] == "768x1366"


def test_a_client_may_name_ratio_and_resolution_itself() -> None:
    assert sent("gen4.5", ratio="720:1280") == ("720:1280", None, "720x1280")
    assert sent("hailuo3", resolution="2k") == ("16:9", "2k", "2560x1440")
    assert sent("hailuo3", resolution="2K") == ("16:9", "2K", "2560x1440")
    assert sent("hailuo3", ratio="9:16") == ("9:16", "768p", "768x1366")
    assert sent("hailuo3", resolution="2k", size="720x1280") == ("9:16", "2k", "1440x2560")
    adaptive = sent("hailuo3", ratio="adaptive", input_reference=PICTURE)
    assert adaptive == ("adaptive", "768p", "1366x768")
    assert sent("aleph2", ratio="1280:720", video_uri=VIDEO) == ("1280:720", None, "1280x720")
    assert sent("aleph2", ratio="wide", video_uri=VIDEO) == ("wide", None, "1280x720")


def test_size_and_ratio_at_once() -> None:
    error = refusal(model="gen4.5", prompt="p", size="1280x720", ratio="720:1280")
    assert (error.status, error.param) == (400, "size")


def test_a_deprecated_spelling_is_never_ours() -> None:
    for mode, model in ROWS:
        row = row_of(mode, model)
        old = row.fields.get("resolution", {}).get("deprecated", [])
        for size in ("1280x720", "1920x1080", "2560x1440", None):
            assert plan(**plainest(mode, model), size=size).call.body.get("resolution") not in old


def test_a_size_that_fits_nothing_lists_those_that_do() -> None:
    error = refusal(model="gen4.5", prompt="p", size="1000x1000")
    assert (error.status, error.param) == (400, "size")
    assert "1280x720, 720x1280" in error.message
    error = refusal(model="hailuo3", prompt="p", size="1000x300")
    assert "1366x768" in error.message
    # 1.70 is 4.5 % from 1.78; 1.68 is more than 5 % from it.
    assert sent("gen4.5", size="1700x1000")[0] == "1280:720"
    assert refusal(model="gen4.5", prompt="p", size="1680x1000").param == "size"


@pytest.mark.parametrize("size", ["16:9", "big", "1280", "1280x", "0x0", "-1x5", 1280, "1e3x720",
                                  "999999x720", ["1280x720"], "1280x720x3", "١٢٨٠x720"])  # fmt: skip
@pytest.mark.parametrize("model", ["gen4.5", "kling2.5_turbo_pro", "h3_max"])
def test_what_is_no_size(size: Value, model: str) -> None:
    error = refusal(model=model, prompt="p", input_reference=PICTURE, size=size)
    assert (error.status, error.param) == (400, "size")
    assert "1280x720" in error.message


def test_tiers_of_the_whole_catalog_are_understood() -> None:
    for mode, model in ROWS:
        size = row_of(mode, model).size
        for tier in (*size.tiers, *size.auto):
            assert 480 <= lines(tier) <= 2160
    assert scaled((16, 9), 480) == (854, 480)


@settings(deadline=None)
@given(st.text(max_size=12))
def test_reading_a_size_never_fails(text: str) -> None:
    frame = read_size(text)
    assert frame is None or min(frame) >= 64


def planned(mode: str, model: str, size: str) -> Plan | ApiError:
    try:
        return plan(**plainest(mode, model), size=size)
    except ApiError as error:
        return error


side = st.integers(64, 9999)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ROWS), side, side)
def test_any_size_is_refused_or_nearly_what_was_asked(at: tuple[str, str], width: int, height: int) -> None:
    mode, model = at
    row = row_of(mode, model)
    made = planned(mode, model, f"{width}x{height}")
    if isinstance(made, ApiError):
        assert (made.status, made.param) == (400, "size")
        assert row.size.how in ("ratio", "aspect")
        return
    wire_body(made)
    if (mode, row.size.how) == ("text_to_video", "resolution"):
        assert made.size in ("854x480", "1366x768")
        return
    out_width, out_height = map(int, made.size.split("x"))
    asked, got = width / height, out_width / out_height
    rounding = 2 / min(out_width, out_height)  # sides are even
    assert abs(got - asked) <= (TOLERANCE + rounding) * asked
    assert (out_width - out_height) * (width - height) >= 0
    if row.size.how == "ratio":
        assert made.call.body["ratio"] == made.size.replace("x", ":")
        exact = f"{width}:{height}"
        if exact in row.size.values:
            assert made.call.body["ratio"] == exact


def test_every_exact_ratio_is_taken_as_it_is() -> None:
    for mode, model in ROWS:
        row = row_of(mode, model)
        if row.size.how == "ratio":
            for value in row.size.values:
                size = value.replace(":", "x")
                made = plan(**plainest(mode, model), size=size)
                assert (made.call.body["ratio"], made.size) == (value, size)


def test_defaults_are_the_guides_or_the_first_landscape() -> None:
    for mode, model in ROWS:
        made = plan(**plainest(mode, model))
        width, height = map(int, made.size.split("x"))
        assert width > height
        row = row_of(mode, model)
        if "1280:720" in row.size.values:
            assert made.size == "1280x720"
