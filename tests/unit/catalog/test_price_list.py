"""What a video costs by the list: by model, resolution and seconds; what is not known is None."""

from __future__ import annotations

import re

import pytest

from running import ROOT
from runway_videos import catalog
from runway_videos.catalog import price_list
from runway_videos.catalog.price_list import resolution_in, resolution_of, seconds_in

PRICES = price_list.load()


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ("854:480", "480p"),
        ("752:560", "480p"),
        ("992:432", "480p"),
        ("640:640", "480p"),
        ("640:480", "480p"),
        ("640:360", "360p"),
        ("1280:720", "720p"),
        ("720:1280", "720p"),
        ("960:960", "720p"),
        ("1470:630", "720p"),
        ("1584:672", "720p"),
        ("1920:1080", "1080p"),
        ("1440:1440", "1080p"),
        ("2206:946", "1080p"),
        ("3840:1646", "4k"),
        ("2160:3840", "4k"),
        ("3840:3840", "4k"),
        ("768P", "768p"),
        ("2k", "2k"),
        ("auto_1080p", "1080p"),
        *((size, "") for size in ("16:9", "adaptive", "auto", "", "000:720", "1280:720:3", "p", "१२८०:720")),
    ],
)
def test_a_frame_has_the_name_of_its_resolution(size: str, name: str) -> None:
    assert resolution_of(size) == name


@pytest.mark.parametrize(
    ("model", "size", "credits"),
    [
        ("gen4_turbo", "1280:720", 5),
        ("gen4_turbo", "", 5),
        ("seedance2", "864:496", 36),
        ("seedance2", "720:1280", 36),
        ("seedance2", "1920:1080", 40),
        ("seedance2", "3840:1646", 150),
        ("seedance2", "", None),
        ("seedance2_mini", "720:1280", 16),
        ("seedance2_5", "480p", 20),
        ("seedance2_5", "720:1280", 30),
        ("seedance2_5", "1664:1248", 68),
        ("seedance2_5", "4k", None),
        ("hailuo3", "768p", 10),
        ("hailuo3", "2k", None),
        ("veo3.1", "1080:1920", 40),
        ("kling_4", "1280:720", None),
        ("gen9", "1280:720", None),
        ("", "", None),
    ],
)
def test_a_second_costs_by_model_and_resolution(model: str, size: str, credits: float | None) -> None:
    assert PRICES.credits_per_second(model, size) == credits


def test_a_video_costs_by_its_seconds_and_its_format() -> None:
    assert PRICES.estimate("seedance2_5", "1920:1080", 4) == 272
    assert PRICES.estimate("gen4.5", "1280:720", 2.5) == 30
    assert PRICES.estimate("gen4.5", "1280:720", 2, "prores") == 34
    assert PRICES.estimate("kling_4", "1280:720", 2) is None


def test_a_runway_body_tells_resolution_and_seconds() -> None:
    assert resolution_in({"ratio": "16:9", "resolution": "768P"}) == "768p"
    assert resolution_in({"ratio": "1920:1080"}) == "1080p"
    assert resolution_in({"ratio": "adaptive"}) == resolution_in({"ratio": 7}) == resolution_in({}) == ""
    assert seconds_in({"duration": 4}) == 4
    for odd in ("auto", "4", True, None, 0, -1):
        assert seconds_in({"duration": odd}) is None
    assert seconds_in({}) is None


def test_each_figure_is_of_a_model_and_has_a_source_and_a_month() -> None:
    models = catalog.load().models()
    seen: set[tuple[str, str]] = set()
    for figure in PRICES.figures:
        assert figure.model in models
        assert figure.credits > 0
        assert figure.source
        assert re.fullmatch(r"20\d\d-\d\d", figure.date)
        assert all(resolution_of(name) == name for name in figure.resolutions)
        places = {(figure.model, name) for name in figure.resolutions or ("",)}
        assert not places & seen
        seen |= places
    assert price_list.load() is PRICES


def test_the_prices_in_the_readme_are_those_of_the_list() -> None:
    part = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .partition("## What it costs")[2]
        .partition("\n## ")[0]
    )
    rows = [row for row in part.splitlines() if row.startswith("| `sora")]
    assert len(rows) == 3
    for row in rows:
        _, _, _, made, dollars, _ = (cell.strip() for cell in row.split("|"))
        model, resolution = re.findall(r"`([\w.]+)`.*?(\d+p)", made)[0]
        assert PRICES.credits_per_second(model, resolution) == round(float(dollars) * 100)
    for model, credits in re.findall(r"\(`([\w.]+)`, (\d+)\b", part):
        assert PRICES.credits_per_second(model, "720p") == int(credits)
    (month,) = {figure.date for figure in PRICES.figures}
    assert f"second-hand, of {month}" in part
