"""Tests of the file of keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from edge.given_edge import KEY, some_keys

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.receiving.device_keys import DeviceKeys


def test_keys__are_read_again_when_the_file_changes(tmp_path: Path) -> None:
    path = some_keys(tmp_path, **{"gate-1": KEY})
    keys = DeviceKeys(path)
    path.write_text(f'[devices]\ngate-1 = ["{KEY}", "{"ab" * 32}"]\n')

    assert keys.of("gate-1") == (bytes.fromhex(KEY), b"\xab" * 32)
    path.write_text(f'[devices]\ngate-2 = "{KEY}"\n')
    assert (keys.of("gate-1"), keys.of("gate-2")) == ((), (bytes.fromhex(KEY),))


def test_keys__stay_as_they_were_while_the_file_is_broken(tmp_path: Path) -> None:
    path = some_keys(tmp_path, **{"gate-1": KEY})
    keys = DeviceKeys(path)
    path.write_text("[devices\n")

    assert keys.of("gate-1") == (bytes.fromhex(KEY),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[devices]\n", "wanted a section"),
        ("[devices\n", "wanted TOML"),
        ('[devices]\ngate-1 = "abc"\n', "gate-1: wanted at least 64 hexadecimal digits, found 3 letters"),
        ("[devices]\ngate-1 = 5\n", "gate-1: wanted a text"),
        (f'[devices]\n"Gate 1" = "{KEY}"\n', "small letters"),
    ],
)
def test_keys__say_what_is_wrong_without_repeating_a_key(tmp_path: Path, text: str, says: str) -> None:
    path = some_keys(tmp_path)
    path.write_text(text)

    with pytest.raises(SettingsError, match=says) as refused:
        DeviceKeys(path)

    assert KEY not in str(refused.value)


def test_keys__must_not_be_readable_by_others(tmp_path: Path) -> None:
    path = some_keys(tmp_path)
    os.chmod(path, 0o640)

    with pytest.raises(SettingsError, match=r"mode 0640\); run chmod 600"):
        DeviceKeys(path)
    with pytest.raises(SettingsError, match="wanted a file that can be read"):
        DeviceKeys(tmp_path / "none.toml")
