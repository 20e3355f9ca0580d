"""The operator's token."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_videos.config.conf_file import ConfigError
from unit.config.option_values import settings_from

TOKEN = "operator-0123456789"


def test_the_operators_token_is_in_a_variable_or_a_file(tmp_path: Path) -> None:
    assert settings_from().admin == ""
    found = settings_from({"ADMIN": TOKEN}, admin="env.ADMIN")
    assert (found.admin, found.warnings) == (TOKEN, ())
    assert TOKEN not in repr(found)
    (tmp_path / "admin").write_text(TOKEN + "\n")
    found = settings_from(admin=f"file.{tmp_path / 'admin'}")
    assert (found.admin, found.files) == (TOKEN, (str(tmp_path / "admin"),))


@pytest.mark.parametrize(
    ("admin", "problem"),
    [
        (TOKEN, "must be env.NAME or file.PATH"),
        ("env.NONE", "the environment variable NONE is not set"),
        ("env.SPACED", "must be visible ASCII"),
        ("env.APP", "is the token of a caller"),
    ],
)
def test_another_one_is_refused_unseen(admin: str, problem: str) -> None:
    environ = {"SPACED": "a b", "APP": TOKEN}
    with pytest.raises(ConfigError, match=f"^runway_admin: .*{problem}") as caught:
        settings_from(environ, admin=admin, callers=[{"name": "app", "value": "env.APP"}])
    assert TOKEN not in str(caught.value)


def test_a_short_one_is_warned_of() -> None:
    (warning,) = settings_from({"ADMIN": "short"}, admin="env.ADMIN").warnings
    assert warning.startswith("runway_admin ") or warning.startswith("runway_admin: ")
