"""For a Sora name the answer's size is the one that was asked for, or there is no video."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.errors import ApiError
from runway_videos.translate import Plan
from unit.translate.rows import CATALOG, PICTURE, plan, wire_body

OPENAI = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080")
SIZES = st.one_of(
    st.sampled_from(OPENAI),
    st.tuples(st.integers(64, 4000), st.integers(64, 4000)).map("{0[0]}x{0[1]}".format),
)


def planned(name: str, model: str, size: str) -> Plan | ApiError:
    try:
        return plan(
            False, [("sora*", (model,))], model=name, prompt="words", size=size, input_reference=PICTURE
        )
    except ApiError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["sora-2", "sora-2-pro"]), st.sampled_from(CATALOG.models_with("image_to_video")), SIZES
)
def test_the_answer_says_what_was_asked_whatever_model_makes_it(name: str, model: str, size: str) -> None:
    made = planned(name, model, size)
    if isinstance(made, ApiError):
        assert (made.status, made.param) == (400, "size")
        return
    wire_body(made)
    assert made.size == size
    had = OPENAI if name == "sora-2-pro" else OPENAI[:4]
    assert size in had or made.made_size == size
    assert made.asked_size == (size if made.made_size not in ("", size) else "")


def test_other_names_say_what_is_made() -> None:
    made = plan(model="runway/gen4.5", prompt="words", size="1792x1024")
    assert (made.size, made.made_size, made.asked_size) == ("1280x720", "1280x720", "1792x1024")
    # The shape is the picture's: what is made is not known, and nothing is said of it but the answer's.
    made = plan(model="happyhorse_1_0", prompt="words", size="1024x1792", input_reference=PICTURE)
    assert (made.size, made.made_size, made.asked_size) == ("1080x1890", "", "1024x1792")


def test_fewer_pixels_than_asked_for_are_noted() -> None:
    assert plan(False, [("sora*", ("seedance2_mini",))], prompt="p", size="1024x1792").smaller
    assert not plan(False, [("sora*", ("seedance2_5",))], prompt="p", size="1024x1792").smaller
