"""Tests of the labelled set that the form of an import names."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from nightlens_airflow.labelled_set_of_run import IMPORT_FORM, labelled_set_of_run

from pipeline_tasks.commands.labelled_set_options import add_set_options, labelled_set_of
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import JsonObject


def the_form(**filled: object) -> JsonObject:
    return {name: param.value for name, param in IMPORT_FORM.items()} | filled


def test_labelled_set_of_run__is_the_folder_below_sets_with_the_forms_classes() -> None:
    found = labelled_set_of_run(the_form(folder="a/Their Parts", classes={"Mutter": "nut"}, dropped=["scrap"]), None, Path("/home"))

    assert (found.name, found.place) == ("their_parts", "/home/sets/a/Their Parts")
    assert (found.classes, found.dropped, found.splitting) == ({"Mutter": "nut"}, ("scrap",), "keep")


@pytest.mark.parametrize("folder", ["", "/etc", "../other", "a/../../b"])
def test_labelled_set_of_run__refuses_folders_elsewhere(folder: str) -> None:
    with pytest.raises(SettingsError, match="folder: wanted a folder below /home/sets"):
        labelled_set_of_run(the_form(folder=folder), None, Path("/home"))


def test_labelled_set_of_run__refuses_an_argument_that_the_form_does_not_have() -> None:
    with pytest.raises(SettingsError, match=r"wanted only folder, name.*; found class"):
        labelled_set_of_run(the_form(folder="a"), {"folder": "a", "class": {}}, Path("/home"))


@pytest.mark.parametrize(
    ("folder", "name"), [("Tiles v1.2", "tiles_v1_2"), ("coco/instances_val.json", "coco"), ("2026", "set_2026")]
)
def test_labelled_set_of_run__has_the_name_that_the_command_line_gives_the_same_place(
    tmp_path: Path, folder: str, name: str
) -> None:
    place = tmp_path / "sets" / folder
    place.parent.mkdir(parents=True)
    if place.suffix == ".json":
        place.write_text("{}")
    else:
        place.mkdir()
    parser = argparse.ArgumentParser()
    add_set_options(parser)

    by_form = labelled_set_of_run(the_form(folder=folder), None, tmp_path)
    by_words = labelled_set_of(parser.parse_args(["--set", str(place)]))
    assert (by_form.name, by_words.name) == (name, name)
