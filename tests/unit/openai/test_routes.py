"""Which calls are ours, and that nothing hides one: an id with our mark never passes through."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_videos.openai.routes import Operation, Route, find, find_models
from runway_videos.store.video_ids import ID_PREFIX

ID = ID_PREFIX + "AbC-_123"
PREFIXES = ("/v1/videos", "/openai/v1/videos")


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "", Route(Operation.CREATE, name="create")),
        ("GET", "", Route(Operation.LIST, name="list")),
        ("DELETE", "", Route(Operation.NOT_OURS, allow=("POST", "GET"))),
        ("PUT", "", Route(Operation.NOT_OURS, allow=("POST", "GET"))),
        ("HEAD", "", Route(Operation.NOT_OURS, allow=("POST", "GET"))),
        ("OPTIONS", "", Route(Operation.NOT_OURS, allow=("POST", "GET"))),
        ("POST", "/edits", Route(Operation.EDIT, name="edits")),
        ("GET", "/edits", Route(Operation.WRONG_METHOD, allow=("POST",))),
        ("POST", "/extensions", Route(Operation.EXTEND, name="extensions")),
        ("POST", "/characters", Route(Operation.UNSUPPORTED, name="characters")),
        ("GET", "/characters/char_1", Route(Operation.UNSUPPORTED, name="characters")),
        ("GET", f"/{ID}", Route(Operation.STATUS, ID, "status")),
        ("DELETE", f"/{ID}", Route(Operation.DELETE, ID, "delete")),
        ("POST", f"/{ID}", Route(Operation.WRONG_METHOD, ID, allow=("GET", "DELETE"))),
        ("HEAD", f"/{ID}", Route(Operation.WRONG_METHOD, ID, allow=("GET", "DELETE"))),
        ("GET", f"/{ID}/content", Route(Operation.CONTENT, ID, "content")),
        ("HEAD", f"/{ID}/content", Route(Operation.CONTENT, ID, "content")),
        ("POST", f"/{ID}/content", Route(Operation.WRONG_METHOD, ID, allow=("GET", "HEAD"))),
        ("POST", f"/{ID}/remix", Route(Operation.REMIX, ID, "remix")),
        ("GET", f"/{ID}/remix", Route(Operation.WRONG_METHOD, ID, allow=("POST",))),
        ("GET", f"/{ID}/thumbnail", Route(Operation.WRONG_METHOD, ID)),
        ("GET", f"/{ID}/content/x", Route(Operation.WRONG_METHOD, ID)),
        ("GET", f"/{ID_PREFIX}", Route(Operation.STATUS, ID_PREFIX, "status")),
        ("GET", "/video_68a1", Route(Operation.NOT_OURS, "video_68a1")),
        ("GET", "/video_68a1/content", Route(Operation.NOT_OURS, "video_68a1")),
        ("POST", "/sora_1/remix", Route(Operation.NOT_OURS, "sora_1")),
        ("GET", f"/x{ID}", Route(Operation.NOT_OURS, f"x{ID}")),
        ("GET", "/VIDEO_RW1", Route(Operation.NOT_OURS, "VIDEO_RW1")),
    ],
)
def test_method_and_path_choose_the_operation(method: str, path: str, route: Route) -> None:
    for prefix in PREFIXES:
        for end in ("", "/", "//", "?limit=2", "/?a=/v1/videos/x", "?"):
            assert find(method, prefix + path + end) == route, (prefix, end)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "/",
            "*",
            "/v1",
            "/v1/chat/completions",
            "/videos",
            "/v2/videos",
            "/v1/videos2",
            "/v1/videos-x",
        ),
        *(
            "/api/v1/videos",
            "/azure/openai/v1/videos",
            "/v1/files?next=/v1/videos",
            "/v1/Videos",
            "/V1/videos",
        ),
        *(
            "/v1/images/videos",
            f"/v1/{ID}",
            "/v1/videos/../chat/completions",
            "/v1/videos/..",
            "/%zz",
            "/%2e",
        ),
        "/v1/videos%3Flimit=2",  # an escaped question mark begins no query
        "/openai/deployments/x/videos",
    ],
)
def test_other_paths_are_other_traffic(path: str) -> None:
    assert find("POST", path) is None


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/videos/%76ideo_rw{ID[8:]}",
        f"/v1/%76ideos/{ID}",
        f"/v1%2Fvideos%2f{ID}",
        f"//v1///videos//{ID}//",
        f"/v1/./videos/./{ID}/.",
        f"/v1/x/../videos/edits/../{ID}",
        f"/v1/videos/%2e%2e/videos/{ID}",
        f"/../v1/videos/{ID}",
        f"/openai/../openai/v1/videos/{ID}",
        f"/openai/v1/videos/{ID}%2f",
    ],
)
def test_escapes_dots_and_double_slashes_are_resolved(path: str) -> None:
    assert find("GET", path) == Route(Operation.STATUS, ID, "status")


def test_one_escape_is_undone_not_two() -> None:
    # A server undoes one: what is escaped twice names no id of ours anywhere.
    assert find("GET", f"/v1/videos/%2576ideo_rw{ID[8:]}") == Route(Operation.NOT_OURS, f"%76ideo_rw{ID[8:]}")


SAFE = string.ascii_letters + string.digits + "-_"
DETOURS = st.sampled_from(["/", "//", "///", "/./", "/x/../", "/edits/../", "/.//"])
TAILS = st.one_of(
    st.sampled_from(["", "/", "/content", "/remix"]), st.text(SAFE + "/ éÿ\udcff").map("/".__add__)
)


@st.composite
def marked_paths(draw: st.DrawFn) -> str:
    steps = [
        *draw(st.sampled_from([["v1"], ["openai", "v1"]])),
        "videos",
        ID_PREFIX + draw(st.text(SAFE, max_size=9)),
    ]
    path = "".join(draw(DETOURS) + step for step in steps) + draw(TAILS)
    escaped = draw(st.lists(st.booleans(), min_size=len(path), max_size=len(path)))
    sure = (
        f"%{ord(char):02x}" if yes and char.isascii() else char
        for char, yes in zip(path, escaped, strict=True)
    )
    query = draw(st.sampled_from(["", "?", "?variant=video", "?a=/../../x"]))
    return "".join(sure) + query


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/videos/a%2Fb", Route(Operation.NOT_OURS, "a/b")),
        ("/v1/videos/a%2fb/content?x=%2F", Route(Operation.NOT_OURS, "a/b/content")),
        ("/v1/videos/a/b?x=%2F", Route(Operation.NOT_OURS, "a")),
        (f"/v1/videos/{ID}%2Fb", Route(Operation.STATUS, f"{ID}/b", "status")),
        (f"/v1/videos/{ID}%2Fcontent", Route(Operation.CONTENT, ID, "content")),
    ],
)
def test_an_id_with_a_slash_is_named_whole(path: str, route: Route) -> None:
    assert find("GET", path) == route


@settings(max_examples=200, deadline=None)
@given(
    path=marked_paths(),
    method=st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "PATCH", "BREW"]),
)
def test_no_path_with_the_mark_ever_passes_through(path: str, method: str) -> None:
    route = find(method, path)
    assert route is not None
    assert route.operation is not Operation.NOT_OURS
    assert route.video_id.startswith(ID_PREFIX)


@settings(max_examples=150, deadline=None)
@given(
    rest=st.text(st.characters() | st.sampled_from("/.%\udcff"), max_size=30),
    method=st.sampled_from(["GET", "POST"]),
)
def test_whatever_stands_behind_the_collection_has_a_route_or_is_another_path(rest: str, method: str) -> None:
    route = find(method, "/v1/videos/" + rest)
    if route is None:
        assert ".." in rest or "%" in rest
    elif route.operation is Operation.NOT_OURS:
        assert not route.video_id.startswith(ID_PREFIX)
        assert quote(route.video_id, errors="surrogatepass")


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/models", ""),
        ("/v1/models/?a=/v1/videos", ""),
        ("/openai/v1/models", ""),
        ("/openai/models?api-version=1", ""),
        ("//v1/./models", ""),
        ("/v1/models/sora-2", "sora-2"),
        ("/v1/models/runway/gen4.5", "runway/gen4.5"),
        ("/v1/models/runway%2Fgen4.5/", "runway/gen4.5"),
    ],
)
def test_the_models_have_a_route(path: str, model: str) -> None:
    assert find_models("GET", path) == Route(Operation.MODELS, name="models", model=model)
    assert find("GET", path) is None
    for method in ("HEAD", "POST", "DELETE"):
        assert find_models(method, path) is None


@pytest.mark.parametrize("path", ["/models", "/v1/model", "/v1/modelsx", "/v1/videos?a=/v1/models", "/%76"])
def test_other_paths_ask_for_no_models(path: str) -> None:
    assert find_models("GET", path) is None
