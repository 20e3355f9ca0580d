"""mitm.conf is YAML; whatever else it is, one line says what is wrong and where, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runway_videos.config import conf_file
from runway_videos.config.conf_file import ConfFile, ConfigError

KNOWN = (
    "runway_keys",
    "runway_callers",
    "runway_aliases",
    "runway_lean",
    "mode",
    "listen_port",
    "listen_host",
)


def read(folder: Path, text: str | bytes) -> ConfFile:
    path = folder / "mitm.conf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return conf_file.read(path, KNOWN)


def refused(folder: Path, text: str | bytes) -> str:
    """What the file is refused with, behind its path."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(f"{folder}/mitm.conf")
    return message.removeprefix(f"{folder}/mitm.conf")


def plain(file: ConfFile) -> dict[str, tuple[object, int]]:
    return {name: (entry.value, entry.line) for name, entry in file.entries.items()}


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "~\n", "\ufeff"])
def test_a_file_without_entries_says_nothing(tmp_path: Path, text: str) -> None:
    assert plain(read(tmp_path, text)) == {}


def test_no_file_has_no_entries() -> None:
    assert conf_file.read(None, KNOWN) == ConfFile(None, {})


def test_values_are_plain_and_know_their_lines(tmp_path: Path) -> None:
    text = """\
# a comment

listen_port: 0x1F90
listen_host: "127.0.0.1"  # behind it

mode:
  - regular
  - reverse:https://x@127.0.0.1:1
runway_lean: true
runway_keys:
  - {name: team-a, value: env.A, weight: 0.5, models: ["*"]}
  - name: team-b
    value: env.B
    weight: 1
runway_aliases: ~
"""
    found = read(tmp_path, text)
    team_a = {"name": "team-a", "value": "env.A", "weight": 0.5, "models": ["*"]}
    assert plain(found) == {
        "listen_port": (8080, 3),
        "listen_host": ("127.0.0.1", 4),
        "mode": (["regular", "reverse:https://x@127.0.0.1:1"], 6),
        "runway_lean": (True, 9),
        "runway_keys": ([team_a, {"name": "team-b", "value": "env.B", "weight": 1}], 10),
        "runway_aliases": (None, 15),
    }
    assert found.where("mode") == f"{tmp_path}/mitm.conf line 6: mode"
    kinds = [type(found.entries[name].value) for name in ("listen_port", "listen_host", "runway_lean")]
    assert kinds == [int, str, bool]
    keys = found.entries["runway_keys"].value
    assert isinstance(keys, list)
    assert {type(each) for each in keys} == {dict}
    assert type(keys[0]["weight"]) is float


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_mark_at_the_beginning_change_nothing(tmp_path: Path, ending: str) -> None:
    text = "\ufeff" + ending.join(["mode: [regular]", "", "listen_port: 1", ""])
    assert plain(read(tmp_path, text)) == {"mode": (["regular"], 1), "listen_port": (1, 3)}
    assert refused(tmp_path, text + "foo: 3").startswith(" line 4: there is no option foo")


def test_yaml_merges_are_filled_in(tmp_path: Path) -> None:
    assert plain(read(tmp_path, "<<: {mode: regular}\nlisten_port: 5\n"))["mode"][0] == "regular"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", ": must be a mapping of options, one `name: value` a line"),
        ("just text", ": must be a mapping of options, one `name: value` a line"),
        ("5", ": must be a mapping of options, one `name: value` a line"),
        ("mode: a\n5: x\n", " line 2: 5 is no option name"),
        ("null: 1\n", " line 1: None is no option name"),
        ("? [a, b]\n: c\n", " line 1: ('a', 'b') is no option name"),
        ("mode: a\n\nmod: b\n", " line 3: there is no option mod; did you mean mode?"),
        ("runway-keys: []\n", " line 1: there is no option runway-keys; did you mean runway_keys?"),
        ("lean: true\n", " line 1: there is no option lean; did you mean runway_lean?"),
        ("zzz: []\n", " line 1: there is no option zzz; see `mitmdump --options`"),
        ('"a\\nb": 1\n', " line 1: there is no option a\\nb; see `mitmdump --options`"),
        ("'': 1\n", " line 1: there is no option ; see `mitmdump --options`"),
    ],
)
def test_what_is_no_option_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert refused(tmp_path, text) == message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("scripts", "mitmdump -s addon/runway.py"),
        ("confdir", "--set confdir=PATH"),
        ("runway_conf", "--set runway_conf=PATH"),
    ],
)
def test_what_has_no_place_here_is_told_its_place(tmp_path: Path, name: str, hint: str) -> None:
    message = refused(tmp_path, f"listen_port: 1\n{name}: x\n")
    assert message.startswith(f" line 2: {name} has no place here; ")
    assert message.endswith(hint)


@pytest.mark.parametrize(
    ("text", "beginning", "part"),
    [
        ("mode: a\n\tlisten_port: 1\n", " line 2: ", "'\\t' that cannot start any token"),
        (
            "mode: [a\nlisten_port: 1\n",
            " line 2: ",
            "while parsing a flow sequence (begun in line 1): expected",
        ),
        ("mode: a\n  listen_port: 1\n", " line 2: ", "mapping values are not allowed here"),
        ("mode: 'abc\n", " line 2: ", "while scanning a quoted scalar (begun in line 1): found un"),
        ("mode: *nope\n", " line 1: ", "anchors (&) and aliases (*) of YAML are not taken"),
        ("\nmode: &a regular\n", " line 2: ", "anchors (&) and aliases (*) of YAML are not taken"),
        ("mode: a\n---\nmode: b\n", " line 2: ", "expected a single document in the stream"),
        ("mode: \x00", ": ", "unacceptable character #x0000"),
        ("mode: !!int x\n", ": ", "invalid literal for int()"),
        ("mode: 2024-13-45\n", ": ", "month must be in 1..12"),
        ("mode: " + "[" * 400 + "]" * 400, ": ", "is nested too deeply"),
        (b"mode: \xff\n", ": ", "cannot be read: 'utf-8' codec"),
        ("mode: a".encode("utf-16"), ": ", "cannot be read: 'utf-8' codec"),
    ],
)
def test_what_is_no_yaml_is_one_line_with_the_place(
    tmp_path: Path, text: str | bytes, beginning: str, part: str
) -> None:
    message = refused(tmp_path, text)
    assert message.startswith(beginning)
    assert part in message


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("runway_keys:\n  - {name: a, value: hush-1, value: hush-2}\n", 2, "value"),
        ("runway_keys: [{value: hush-1}]\n\nrunway_keys: [{value: hush-2}]\n", 3, "runway_keys"),
        ("mode: {a: hush-1, a: hush-2}\n", 1, "a"),
    ],
)
def test_an_entry_that_stands_twice_is_named_without_its_values(
    tmp_path: Path, text: str, line: int, name: str
) -> None:
    assert refused(tmp_path, text) == f' line {line}: found duplicate key "{name}"; each may stand once'


def test_a_tag_makes_no_python_object(tmp_path: Path) -> None:
    found = read(tmp_path, "mode: !!python/object/apply:os.getcwd []\nlisten_host: !env X\n")
    assert plain(found) == {"mode": ([], 1), "listen_host": ("X", 2)}


def test_what_has_no_type_of_its_own_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, "mode: 2024-01-31\nlisten_host: yes\n")
    assert plain(found) == {"mode": ("2024-01-31", 1), "listen_host": ("yes", 2)}


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{tmp_path}: cannot be read: .*directory"):
        conf_file.read(tmp_path, KNOWN)
    with pytest.raises(ConfigError, match=r"/gone\.conf: cannot be read: .*No such file"):
        conf_file.read(tmp_path / "gone.conf", KNOWN)


def test_the_named_file_is_found_or_missed_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "other.yaml").write_text("")
    assert conf_file.find("~/other.yaml", []) == tmp_path / "other.yaml"
    for name in ("gone.conf", str(tmp_path), "~nobody-of-that-name/x", "a\0b", "a\nb"):
        with pytest.raises(ConfigError, match=r"^runway_conf: there is no file ") as caught:
            conf_file.find(name, [tmp_path])
        assert str(caught.value).isprintable()


def test_the_file_of_the_first_folder_that_has_one_is_found(tmp_path: Path) -> None:
    here, beside = tmp_path / "here", tmp_path / "beside"
    here.mkdir()
    beside.mkdir()
    folders = (here, beside)
    assert conf_file.find(None, folders) is None
    assert conf_file.find("", folders) is None
    (beside / "mitm.conf").write_text("")
    assert conf_file.find(None, folders) == beside / "mitm.conf"
    (here / "mitm.conf").mkdir()  # a folder of that name is no file
    assert conf_file.find(None, folders) == beside / "mitm.conf"
    (here / "mitm.conf").rmdir()
    (here / "mitm.conf").write_text("")
    assert conf_file.find(None, folders) == here / "mitm.conf"


@settings(max_examples=150, deadline=None)
@example(text="-_")
@given(text=st.text("modelist_prt: \n\t-[]{}'\"&*!|>%@#~,?0x5\r\0é", max_size=40))
def test_no_text_ends_otherwise_than_in_entries_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.conf"
    path.write_text(text, newline="")
    message, lines = "", [1]
    try:
        lines = [entry.line for entry in conf_file.read(path, KNOWN).entries.values()]
    except ConfigError as error:
        message = str(error)
    assert message.isprintable()
    assert all(1 <= line <= len(text) + 1 for line in lines)
