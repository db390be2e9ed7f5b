from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings import load_project, parse_project

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


def test_load_project__fills_in_defaults(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, GOOD))

    assert project.quality.min_side_px == 64
    assert project.classes == ("bolt", "nut")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("budget: 10", "budget: many"), "selection.budget: must be a whole number, not 'many'$"),
        (("budget: 10", "budgets: 10"), "selection.budgets: unknown key 'budgets' \\(did you mean 'budget'\\?\\)$"),
        (("gates: {margin: 0.05}", "gates: {}"), "gates.margin: a value is missing; it has no default$"),
        (("[bolt, nut]", "[bolt, bolt]"), "classes: .*differ"),
        (("[bolt, nut]", "[bolt]"), "classes: .*at least 2"),
        (("{name: inbox, path: inbox}", "{name: a, path: b}, {name: a, path: c}"), "different names"),
        (("project: parts", "project: other"), "project is 'other', but must be the name of the file, 'parts'"),
        (("project: parts", "project: ["), "line 2: not readable as YAML: a bracket that is opened here is not closed"),
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
        (("[bolt, nut]", "[bolt, 3]"), "classes.1: must be text, not 3; put it in quotes"),
        (("[bolt, nut]", "bolt"), "classes: must be a list, not 'bolt'"),
        (("budget: 10", "budget: 10, objectives: [1]"), "selection.objectives: must be text, not [1]; or must be a section"),
        (("gates: {margin: 0.05}", ""), "gates.margin: a value is missing; it has no default"),
        (("gates: {margin: 0.05}", "gates:"), "gates.margin: a value is missing; it has no default"),
        (("sources: [{name: inbox, path: inbox}]", "sources: []"), "sources: must have at least 1 entry, not []"),
        (("budget: 10", "budget:"), "selection.budget: must be a whole number, and is empty"),
        (("budget: 10", "budget: -1"), "selection.budget: must be at least 0, not -1"),
        (
            ("margin: 0.05", "margin: 0.05, rules: {size: must}"),
            "gates: gates.rules.size is must, but it has no limit: set gates.max_size_mb, or leave the rule out",
        ),
        (("margin: 0.05", "margin: 0.05, rules: {size: never}"), "gates.rules.size: "),
        (("margin: 0.05", "margin: 7"), "gates.margin: must be at most 1, not 7"),
        (("[bolt, nut]", "[bolt, no]"), "classes.1: must be text, not false; put it in quotes, for YAML reads yes, no, on and off"),
        (("gates:", "on: 1\ngates:"), "1: a key must be text, not true; put it in quotes, for YAML reads yes, no, on"),
        (("budget: 10", "budget: 10, class_targets: {no: 2}"), "selection.class_targets.0: must be text, not false; put it"),
        (("[bolt, nut]", "[bolt, 2026-11-21]"), "classes.1: must be text, not 2026-11-21; put it in quotes"),
        (("gates:", "splits: {policy: curatd}\ngates:"), "splits.policy: unknown value 'curatd' (did you mean 'curated'?)"),
        (("gates:", "budget: 10\ngates:"), "budget: unknown key 'budget' here; it belongs to the section 'selection'"),
        (("margin: 0.05", "margin: 0.05, seed: 1"), "gates.seed: unknown key 'seed' here; it belongs to the top of the file"),
    ],
)
def test_load_project__reports_one_problem_in_one_line_with_the_fix(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, GOOD.replace(*change)))

    assert str(caught.value).startswith(f"{tmp_path}/parts.yaml: {said}")
    assert len(str(caught.value).splitlines()) == 1


TEXTS = GOOD.replace("classes: [bolt, nut]", "label_kind: kinds.a_text_kind:TextKind\nlabels: {longest: 20}")


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        (GOOD, ("gates:", "labels: {longest: 3}\ngates:"), "labels.longest: unknown key 'longest': the label kind 'class' has no"),
        (GOOD, ("gates:", "labels: {budget: 3}\ngates:"), "labels.budget: unknown key 'budget': the label kind 'class' has no"),
        (GOOD, ("gates:", "labels: all\ngates:"), "labels: must be a section of `key: value` lines, not 'all'"),
        (TEXTS, ("longest: 20", "longst: 20"), "labels.longst: unknown key 'longst' (did you mean 'longest'?)"),
        (TEXTS, ("longest: 20", "longest: many"), "labels.longest: must be a whole number, not 'many'"),
        (TEXTS, ("longest: 20", "longest: 0"), "labels.longest: must be at least 1, not 0"),
        (TEXTS, ("longest: 20", "longest: 20, zebra: 1"), "labels.zebra: unknown key 'zebra' (known: longest, is_one_line)"),
        (TEXTS, ("labels: {longest: 20}", ""), "labels.longest: a value is missing; it has no default"),
        (TEXTS, ("labels: {longest: 20}", "labels:"), "labels.longest: a value is missing; it has no default"),
        (TEXTS, ("gates:", "longest: 2\ngates:"), "longest: unknown key 'longest' here; it belongs to the section 'labels'"),
        (TEXTS, ("a_text_kind", "a_kind_of_nobody"), "label_kind: label kind 'kinds.a_kind_of_nobody:TextKind' cannot be imported"),
    ],
)
def test_load_project__checks_the_section_of_the_label_kind(tmp_path: Path, text: str, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, text.replace(*change)))

    assert str(caught.value).startswith(f"{tmp_path}/parts.yaml: {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_load_project__opens_the_kind_with_its_section_and_keeps_it_in_frozen_settings(tmp_path: Path) -> None:
    project = load_project(write(tmp_path, TEXTS))
    again = parse_project(project.model_dump(mode="json"), "frozen")

    assert kind_of(project).options == {"longest": 20, "is_one_line": True}
    assert again == project
    assert load_project(write(tmp_path, GOOD)).model_dump(mode="json")["labels"] == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("gates:", "selection: {budget: 20}\ngates:"), "line 7: the key 'selection' stands twice, first in line 5"),
        (("budget: 10", "budget: 10, budget: 20"), "line 5: the key 'budget' stands twice, first in line 5"),
        (("gates:", "description: Parts: all of them\ngates:"), "line 7: not readable as YAML: a second `: ` in one line"),
        (("gates:", "description: 'open\ngates:"), "line 7: not readable as YAML: a quote that is opened here is not closed"),
        (("[bolt, nut]", "[bolt, nut"), "line 3: not readable as YAML: a bracket that is opened here is not closed"),
        (("gates: {margin: 0.05}", "gates:\n\tmargin: 0.05"), "line 8: not readable as YAML: a tab; indent with spaces"),
        (("gates:", "labelling\ngates:"), "line 7: not readable as YAML: a key without `: ` after it: labelling"),
        (("gates:", "schedule: * 22 * * *\ngates:"), "line 7: not readable as YAML: a text that begins with * needs quotes"),
        (("[bolt, nut]", "[bolt, 2026-13-45]"), "line 3: '2026-13-45': month must be in 1..12; put a text in quotes"),
        (("gates:", "description: {{ name }}\ngates:"), "line 7: not readable as YAML: a text that begins with { needs quotes"),
        ((GOOD, ""), "the file is empty; copy dags/projects/parts.yaml"),
    ],
)
def test_load_project__points_at_the_line_with_the_mistake(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, GOOD.replace(*change)))

    assert str(caught.value).startswith(f"{tmp_path}/parts.yaml: {said}")


@pytest.mark.parametrize("rate", ["1e-3", "0.001", "1.0e-3"])
def test_load_project__takes_a_number_that_yaml_takes_for_text(tmp_path: Path, rate: str) -> None:
    project = load_project(write(tmp_path, f"{GOOD}training: {{learning_rate: {rate}}}\n"))

    assert project.training.learning_rate == 0.001


def test_load_project__takes_a_merge_key_that_sets_a_value_anew(tmp_path: Path) -> None:
    text = GOOD.replace("{budget: 10}", "{<<: {budget: 10}, budget: 20}")

    assert load_project(write(tmp_path, text)).selection.budget == 20


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("22:00", 'must be text, not 1320; for 22:00 every day write "0 22 * * *"'),
        ("'22:00'", "'22:00' is no cron expression; for 22:00 every day write \"0 22 * * *\""),
        ("every day", "'every day' is no cron expression: wanted 5 fields (minute, hour, day, month, day of the week), found 2"),
        ("0 24 * * *", "'0 24 * * *' is no cron expression: a field is unknown or out of range (minute 0-59, hour 0-23"),
        ("0 0 30 2 *", "'0 0 30 2 *' is no cron expression: no date matches it"),
        ("'@nightly'", "unknown name of a schedule '@nightly' (known: @hourly, @daily,"),
        ("0 0 22 * * *", "'0 0 22 * * *' is no cron expression: wanted 5 fields"),
    ],
)
@pytest.mark.parametrize("key", ["schedule", "housekeeping.schedule"])
def test_load_project__refuses_a_schedule_that_airflow_could_not_keep(tmp_path: Path, key: str, schedule: str, said: str) -> None:
    line = f"schedule: {schedule}" if key == "schedule" else f"housekeeping:\n  schedule: {schedule}"

    with pytest.raises(SettingsError) as caught:
        load_project(write(tmp_path, f"{GOOD}{line}\n"))

    assert str(caught.value).startswith(f"{tmp_path}/parts.yaml: {key}: {said}")


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


def test_load_project__refuses_whole_clips_that_may_straddle_splits(tmp_path: Path) -> None:
    keyed = GOOD.replace("path: inbox", 'path: inbox, key_pattern: "(?P<clip>[^/]+)/"').replace(
        "budget: ", "clips: whole, budget: "
    )

    with pytest.raises(SettingsError, match=r"selection.clips is whole, and a clip must not straddle splits; add 'clip'"):
        load_project(write(tmp_path, keyed))

    together = keyed + "duplicates: {split_group_keys: [clip]}\n"
    assert load_project(write(tmp_path, together)).selection.clips == "whole"


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
