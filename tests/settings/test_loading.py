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
        (("budget: 10", "budget: many"), "selection.budget: must be a valid integer.*, not 'many'"),
        (("budget: 10", "budgets: 10"), "selection.budgets: unknown key 'budgets' \\(did you mean 'budget'\\?\\)$"),
        (("gates: {margin: 0.05}", "gates: {}"), "gates.margin: a value is missing"),
        (("[bolt, nut]", "[bolt, bolt]"), "classes: .*differ"),
        (("[bolt, nut]", "[bolt]"), "classes: .*at least 2"),
        (("{name: inbox, path: inbox}", "{name: a, path: b}, {name: a, path: c}"), "different names"),
        (("project: parts", "project: other"), "project is 'other', but must be the name of the file, 'parts'"),
        (("project: parts", "project: ["), "not readable as YAML"),
    ],
)
def test_load_project__names_file_key_value_and_what_it_must_be(tmp_path: Path, change: tuple[str, str], wanted: str) -> None:
    with pytest.raises(SettingsError, match=f"(?s)parts.yaml.*{wanted}"):
        load_project(write(tmp_path, GOOD.replace(*change)))


def test_load_project__names_every_problem_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, GOOD.replace("budget: 10", "budget: x").replace("margin: 0.05", "margin: 7")))

    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("gates:", "gate:"), "gate: unknown key 'gate' (did you mean 'gates'?)"),
        (
            ("budget: 10", "budget: 10, objectives: coverge"),
            "selection.objectives: unknown strategy 'coverge' (did you mean 'coverage'?)",
        ),
        (
            ("budget: 10", "budget: 10, objectives: {margn: 1}"),
            "selection.objectives: unknown strategy 'margn' (did you mean 'margin'?)",
        ),
        (("path: inbox", "pth: inbox"), "sources.0.pth: unknown key 'pth' (did you mean 'path'?)"),
        (("margin: 0.05", "margin: 0.05, zebra: 1"), "gates.zebra: unknown key 'zebra' (known: margin, confidence,"),
        (("[bolt, nut]", "[bolt, 3]"), "classes.1: must be a valid string, not 3"),
        (("[bolt, nut]", "bolt"), "classes: must be a list, not 'bolt'"),
        (("budget: 10", "budget: 10, objectives: [1]"), "selection.objectives: must be a valid string, not [1]; or must be"),
    ],
)
def test_load_project__says_one_thing_wrong_in_one_line_with_the_fix(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, GOOD.replace(*change)))

    assert str(caught.value).startswith(f"{tmp_path}/parts.yaml: {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_load_project__refuses_a_missing_file_and_a_list(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such project file"):
        load_project(tmp_path / "parts.yaml")
    with pytest.raises(SettingsError, match="a project file must be a mapping of settings, this is a list"):
        load_project(write(tmp_path, "[1]"))


def test_load_project__refuses_a_split_group_key_that_no_source_can_give(tmp_path: Path) -> None:
    keyed = GOOD + "duplicates: {split_group_keys: [device]}\n"

    with pytest.raises(SettingsError, match=r"split_group_keys: no source gives 'device'; .*\(\?P<device>…\)"):
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
        ("{file: none.txt}", "splits.golden.file: 'none.txt' cannot be read"),
        ("{image_ids: [bolt7]}", "splits.golden.image_ids.0: must match"),
        ("{key_pattern: '('}", "splits.golden.key_pattern: '\\(' is no regular expression"),
    ],
)
def test_load_project__says_what_is_wrong_with_a_golden_set(tmp_path: Path, golden: str, wanted: str) -> None:
    with pytest.raises(SettingsError, match=wanted):
        load_project(write(tmp_path, GOOD + f"splits: {{golden: {golden}}}\n"))
