"""Tests of the command line's tools and their messages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from given import a_project
from given_versions import id_of, two_versions

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.check_project.checks import check_project
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.wiring import roots
from pipeline_tasks.wiring.endpoints import Endpoint
from pipeline_tasks.wiring.roots import open_store
from pipeline_tasks.wiring.run import run_stage


class Overwriting(MemoryObjects):
    """An S3 server that ignores conditions."""

    def write_new(self, key: str, content: bytes) -> str:
        self.delete(key)
        return super().write_new(key, content)


@pytest.fixture(autouse=True)
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))
    return tmp_path


def test_main__reports_an_error_without_advice_about_airflow_tasks(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])

    assert main(["find_duplicates", "--project", "parts", "--cycle", "2026-11-21"]) == 1

    assert "the table quality_issues has not been done yet; run find_quality_issues first" in capsys.readouterr().err
    assert "failed task" not in caplog.text


def test_main__runs_a_stage_and_prints_its_summary_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["open_cycle", "--project", "parts", "--cycle", "2026-11-21", "--budget", "3"]

    assert main(words) == 0
    first = capsys.readouterr().out
    assert main(words) == 0

    assert first.count("\n") == 1
    assert json.loads(first)["cycle_id"] == "2026-11-21"
    assert capsys.readouterr().out == first


def test_main__reports_an_error_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find_duplicates", "--project", "parts", "--cycle", "2026-11-21"]) == 1
    assert "never opened: run open_cycle first" in capsys.readouterr().err
    assert main(["open_cycle", "--project", "nuts", "--cycle", "2026-11-21"]) == 1
    assert "unknown project 'nuts' (known: parts)" in capsys.readouterr().err


def test_main__empties_a_project_only_with_yes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])

    assert main(["empty_project", "--project", "parts"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert main(["empty_project", "--project", "parts", "--yes"]) == 0

    assert json.loads(capsys.readouterr().out) == {"project": "parts", "generation": 2}
    assert main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"]) == 0
    assert json.loads(capsys.readouterr().out)["generation"] == 2


def test_main__explains_an_unknown_file_and_refuses_an_unknown_id(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (a_home / "a.png").write_bytes(b"1")
    words = ["explain", str(a_home / "a.png"), "--project", "parts"]

    assert main(words) == 0
    assert capsys.readouterr().out.startswith("image 6b86b273ff34: not in this project")
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fields"] == {"is_known": False}
    assert main(["explain", "abcd", "--project", "parts"]) == 1
    assert "searched 0 images, 0 models, 0 dataset versions, and no prediction log" in capsys.readouterr().err


def test_main__raises_a_settings_error_for_a_needed_service_without_address(capsys: pytest.CaptureFixture[str]) -> None:
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])

    assert main(["collect_annotations", "--project", "parts", "--cycle", "2026-11-21"]) == 1

    assert "label_studio: no address is known" in capsys.readouterr().err


def test_run_stage__refuses_an_unknown_stage() -> None:
    with pytest.raises(SettingsError, match=r"unknown stage 'paint' .*open_cycle"):
        run_stage("paint", "parts", "2026-11-21")


def test_endpoint__does_not_show_its_token() -> None:
    assert "secret" not in repr(Endpoint("http://127.0.0.1:1", "secret"))


@pytest.mark.parametrize("root", ["s3://bucket", "s3:///prefix", "gs://bucket/prefix"])
def test_open_store__refuses_a_root_it_cannot_open(root: str) -> None:
    with pytest.raises(SettingsError, match="wanted a folder or s3://bucket/prefix"):
        open_store(a_project(root=root))


@pytest.mark.slow
def test_open_store__opens_a_root_on_s3() -> None:
    store = open_store(a_project(root="s3://bucket/a/b"), S3Connection("c", "http://127.0.0.1:1", "key", "secret"))

    assert repr(store.objects) == "S3Objects('s3://bucket/a/b')"


def test_check_project__names_each_part_with_a_problem(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (a_home / "inbox").mkdir()
    (a_home / "inbox" / "a.jpg").write_bytes(b"1")

    assert main(["check_project", "--project", "parts"]) == 1

    checks = json.loads(capsys.readouterr().out)["checks"]
    assert checks["source inbox"] == "fine: 1 files"
    assert checks["root"].startswith("fine:")
    assert "no address is known" in checks["label_studio"]


def test_check_project__says_that_a_source_has_no_image_and_when_the_next_nights_are(
    a_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (a_home / "inbox").mkdir()
    (a_home / "inbox" / "Thumbs.db").write_bytes(b"1")
    settings = a_project(schedule="0 22 * * *", time_zone="Asia/Kolkata").model_dump(mode="json")
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))

    assert main(["check_project", "--project", "parts"]) == 1

    checks = json.loads(capsys.readouterr().out)["checks"]
    assert checks["source inbox"].startswith(
        f"source inbox: no image in {a_home}/inbox; put some there, or correct its settings; left"
    )
    assert checks["schedule"].startswith("fine: next runs 2")
    assert checks["schedule"].count(" 22:00 IST") == 3


def test_check_project__says_of_how_many_files_the_pattern_tells_the_device(
    a_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (a_home / "inbox").mkdir()
    (a_home / "inbox" / "cam1_a.jpg").write_bytes(b"1")
    (a_home / "inbox" / "b.jpg").write_bytes(b"1")
    settings = a_project().model_dump(mode="json")
    settings["sources"][0]["key_pattern"] = "^(?P<device>cam[0-9])_|^(?P<site>site[0-9])_"
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))

    main(["check_project", "--project", "parts"])

    said = json.loads(capsys.readouterr().out)["checks"]["source inbox"]
    assert said == "fine: 2 files (device known of 1, site known of none of them; is key_pattern right?)"


def test_check_project__points_at_class_names_that_are_almost_the_same(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = a_project(classes=["bearing", "bearings", "nut"]).model_dump(mode="json")
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))

    main(["check_project", "--project", "parts"])

    said = json.loads(capsys.readouterr().out)["checks"]["classes"]
    assert said == "fine: 0 labels in the root; 'bearing' and 'bearings' are almost the same name: is one a typing error?"


def test_check_project__says_what_another_backbone_leaves_out(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said() -> str:
        capsys.readouterr()
        main(["check_project", "--project", "parts"])
        return str(json.loads(capsys.readouterr().out)["checks"]["backbone"])

    assert said() == "fine: there are no embeddings yet"
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])
    assert said() == "fine: unchanged since cycle 2026-11-21"
    maps = a_project(backbone={"map_side_px": 96}).model_dump(mode="json")
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(maps))
    assert said() == "fine: unchanged since cycle 2026-11-21", "embeddings do not depend on the side of maps"
    settings = a_project(backbone={"side_px": 192}).model_dump(mode="json")
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))
    main(["restore_dataset_version", "--project", "parts", "--dataset-id", "newest"])
    assert (
        "changes from efficientnet_lite0 at 224 px to efficientnet_lite0 at 192 px; unlabelled images of earlier nights" in said()
    )


def test_main__backs_up_and_restores_a_project(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21", "--budget", "3"]) == 0
    place = str(a_home / "second")
    (a_home / "inbox").mkdir()

    assert main(["back_up", "--project", "parts", "--place", place]) == 0
    shutil.rmtree(a_home / "roots" / "parts")
    assert main(["restore_backup", "--project", "parts", "--place", place]) == 0

    assert json.loads(capsys.readouterr().out.splitlines()[-1])["events"] == 1
    assert main(["list_new_images", "--project", "parts", "--cycle", "2026-11-21"]) == 0


def test_main__erases_again_after_an_old_backup_was_restored(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_home / "roots" / "parts"
    two_versions(Store(DiskObjects(root)))
    old, new = str(a_home / "old"), str(a_home / "new")
    assert main(["back_up", "--project", "parts", "--place", old]) == 0
    assert main(["erase", "--project", "parts", "--image", id_of("a1"), "--do"]) == 0
    assert main(["back_up", "--project", "parts", "--place", new]) == 0
    shutil.rmtree(root)

    assert main(["restore_backup", "--project", "parts", "--place", old, "--erasures-from", new]) == 0

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["erased_again"], told["left_outside"], told["is_fine"]) == (1, [], True)
    assert told["erased_in"]
    assert id_of("a1") not in Store(DiskObjects(root)).history(Image)["image_id"].to_list()
    assert main(["verify_store", "--project", "parts"]) == 0


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["find_duplicates"], "--project"),
        (["back_up", "--project", "parts"], "--place"),
        (["check_project"], "--project"),
    ],
)
def test_main__says_which_argument_is_missing(words: list[str], missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)

    assert f"the following arguments are required: {missing}" in capsys.readouterr().err


def test_main__verifies_a_store_and_mends_it_from_a_second_copy(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["open_cycle", "--project", "parts", "--cycle", "2026-11-21"])
    root = a_home / "roots" / "parts"
    shutil.copytree(root, a_home / "copy")
    settings = next((root / "cycles").rglob("*.json"))
    settings.write_bytes(settings.read_bytes()[:-1])
    capsys.readouterr()

    assert main(["verify_store", "--project", "parts"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["key"] for one in found["damaged"]] == [settings.relative_to(root).as_posix()]
    assert main(["verify_store", "--project", "parts", "--mend-from", str(a_home / "copy")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["damaged"], found["mended"]) == ([], [settings.relative_to(root).as_posix()])
    assert main(["verify_store", "--project", "parts"]) == 0


@pytest.mark.parametrize(
    ("root", "said"),
    [
        (MemoryObjects(), "fine: s3://bucket/parts can be written, and refuses to overwrite"),
        (Overwriting(), "root: wanted a server that refuses to overwrite (`If-None-Match: *`)"),
    ],
)
def test_check_project__tries_whether_a_bucket_refuses_to_overwrite(
    a_home: Path, monkeypatch: pytest.MonkeyPatch, root: MemoryObjects, said: str
) -> None:
    settings = a_project(root="s3://bucket/parts").model_dump(mode="json")
    (a_home / "projects" / "parts.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setattr(roots, "open_objects", lambda where, s3: root)

    assert check_project("parts").checks["root"].startswith(said)
    assert list(root.list("")) == []
