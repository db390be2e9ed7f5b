from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import load_project

GOOD = """
project: parts
classes: [bolt, nut]
sources: [{name: inbox, path: inbox}]
selection: {budget: 10}
labeling: {deadline_s: 60}
gates: {margin: 0.05}
"""


def write(folder: Path, text: str, name: str = "parts") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_load_project__fills_in_honest_defaults(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, GOOD))

    assert project.quality.min_side_px == 64
    assert project.classes == ("bolt", "nut")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("budget: 10", "budget: many"), "selection.budget: wanted: .*integer.*; found 'many'"),
        (("budget: 10", "budgets: 10"), "selection.budgets: wanted no such key, found 10"),
        (("gates: {margin: 0.05}", "gates: {}"), "gates.margin: wanted a value, found none"),
        (("[bolt, nut]", "[bolt, bolt]"), "classes: .*differ"),
        (("[bolt, nut]", "[bolt]"), "classes: .*at least 2"),
        (("{name: inbox, path: inbox}", "{name: a, path: b}, {name: a, path: c}"), "different names"),
        (("project: parts", "project: other"), "wanted the file's own name 'parts', found 'other'"),
        (("project: parts", "project: ["), "not readable as YAML"),
    ],
)
def test_load_project__names_file_key_wanted_and_found(tmp_path: Path, change: tuple[str, str], wanted: str) -> None:
    with pytest.raises(SettingsError, match=f"(?s)parts.yaml.*{wanted}"):
        load_project(write(tmp_path, GOOD.replace(*change)))


def test_load_project__names_every_problem_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, GOOD.replace("budget: 10", "budget: x").replace("margin: 0.05", "margin: 7")))

    assert len(str(caught.value).splitlines()) == 2


def test_load_project__refuses_a_missing_file_and_a_list(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such project file"):
        load_project(tmp_path / "parts.yaml")
    with pytest.raises(SettingsError, match="wanted a mapping of settings, found list"):
        load_project(write(tmp_path, "[1]"))


def test_load_project__refuses_a_split_group_key_that_no_source_can_give(tmp_path: Path) -> None:
    keyed = GOOD + "duplicates: {split_group_keys: [device]}\n"

    with pytest.raises(SettingsError, match=r"split_group_keys: wanted a key .*\(\?P<device>…\), found 'device' in no source"):
        load_project(write(tmp_path, keyed))

    readable = keyed.replace("path: inbox", 'path: inbox, key_pattern: "(?P<device>cam[0-9]+)/"')
    assert load_project(write(tmp_path, readable)).duplicates.split_group_keys == ("device",)


def test_load_project__takes_the_golden_set_from_a_file_beside_it(tmp_path: Path) -> None:
    one, other = "a" * 64, "b" * 64
    (tmp_path / "golden.txt").write_text(f"# fixed in May\n{one}  # the chipped one\n\n")
    text = GOOD + f"splits: {{golden: {{file: golden.txt, image_ids: [{other}]}}}}\n"

    golden = load_project(write(tmp_path, text)).splits.golden

    assert golden is not None
    assert golden.image_ids == (other, one)


@pytest.mark.parametrize(
    ("golden", "wanted"),
    [
        ("{file: none.txt}", "splits.golden.file: wanted a readable file, found 'none.txt'"),
        ("{image_ids: [bolt7]}", "splits.golden.image_ids.0: wanted"),
        ("{key_pattern: '('}", "splits.golden.key_pattern: wanted: .*regular expression"),
    ],
)
def test_load_project__says_what_is_wrong_with_a_golden_set(tmp_path: Path, golden: str, wanted: str) -> None:
    with pytest.raises(SettingsError, match=wanted):
        load_project(write(tmp_path, GOOD + f"splits: {{golden: {golden}}}\n"))
