"""Tests of publishing: a version becomes a commit that refers to the originals, and publishing again writes nothing."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from given import a_project, an_open_cycle
from given_version import a_file, a_label, a_version
from PIL import Image

from pipeline_tasks.__main__ import main
from pipeline_tasks.clients.git_repository import GitRepository
from pipeline_tasks.commands.publish.publishing import publish
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import NotFoundError, SettingsError, StorageError
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.layout import original
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.wiring.projects import home_folder, read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.slow

NUMBERS = range(12)


@pytest.fixture(autouse=True)
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project().model_dump(mode="json")))
    return tmp_path


@pytest.fixture
def published_store(a_home: Path) -> Store:
    return open_store(read_project("parts"))


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file with its time of change and its bytes."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "index"]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_publish__commits_what_dvc_needs_and_a_line_an_image(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)

    summary = publish("parts", dataset_id[:6], a_home / "git")

    assert (summary.dataset_id, summary.images, summary.is_new) == (dataset_id, 12, True)
    assert git(a_home / "git", "tag").split() == [f"version-{dataset_id[:12]}"]
    assert git(a_home / "git", "status", "--porcelain") == ""
    tracked = yaml.safe_load(git(a_home / "git", "show", f"{summary.tag}:pictures.dvc"))["outs"][0]
    assert (tracked["md5"], tracked["nfiles"], tracked["path"]) == (summary.folder_md5, 12, "pictures")
    rows = list(csv.DictReader(io.StringIO((a_home / "git" / "labels.csv").read_text())))
    entries = {one["relpath"]: one["md5"] for one in json.loads(published_store.objects.read(original(tracked["md5"])).content)}
    assert [row["path"] for row in rows] == list(entries)
    for row in rows:
        assert row["path"].startswith(f"{row['split']}/{row['class_name']}/{row['image_id'][:16]}.")
        assert (row["votes"], row["annotators"], row["labels_version"]) == ("1", "person-1", "2026-11-21")
    assert sum(len(a_file(n, is_png=n == 7)) for n in NUMBERS) == tracked["size"]
    assert dataset_id in (a_home / "git" / "README.md").read_text()


def test_publish__links_originals_read_only_and_copies_none(published_store: Store, a_home: Path) -> None:
    summary = publish("parts", a_version(published_store, NUMBERS), a_home / "git")

    view = Path(summary.remote_url)
    links = sorted(path for path in view.rglob("*") if not path.is_dir())
    assert summary.links_made == len(links) == 13
    assert all(path.is_symlink() for path in links)
    assert {path.resolve().relative_to(home_folder() / "roots/parts").as_posix() for path in links} == set(
        published_store.objects.list("files/")
    )
    assert {path.stat().st_mode & 0o777 for path in [view, *view.rglob("*")] if path.is_dir()} == {0o555}


@pytest.mark.parametrize("is_canonical", [False, True])
def test_publish__twice_writes_nothing(published_store: Store, a_home: Path, is_canonical: bool) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    first = publish("parts", dataset_id, a_home / "git", is_canonical=is_canonical)
    before = everything(a_home)

    second = publish("parts", dataset_id, a_home / "git", is_canonical=is_canonical)

    assert (second.commit, second.is_new, second.links_made, second.copies_made) == (first.commit, False, 0, 0)
    assert everything(a_home) == before


def test_publish__gives_the_same_commit_in_another_folder(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)

    commits = {publish("parts", dataset_id, a_home / name).commit for name in ("git", "again")}

    assert len(commits) == 1


def test_publish__continues_after_an_interruption(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    first = publish("parts", dataset_id, a_home / "git")
    git(a_home / "git", "tag", "-d", first.tag)
    for path in [path for path in Path(first.remote_url).rglob("*") if path.is_symlink()][:3]:
        path.parent.chmod(0o755)
        path.unlink()

    second = publish("parts", dataset_id, a_home / "git")

    assert (second.commit, second.tag, second.links_made) == (first.commit, first.tag, 3)
    assert git(a_home / "git", "rev-list", "--count", "HEAD").strip() == "1"


def test_publish__of_a_later_version_adds_a_commit_and_only_its_links(published_store: Store, a_home: Path) -> None:
    first = publish("parts", a_version(published_store, NUMBERS), a_home / "git")

    second = publish("parts", a_version(published_store, range(12, 15), "2026-11-22"), a_home / "git")

    assert (second.images, second.links_made) == (15, 4)
    assert git(a_home / "git", "rev-list", "HEAD").split() == [second.commit, first.commit]
    assert len(git(a_home / "git", "show", f"{first.tag}:labels.csv").splitlines()) == 13


def test_publish__of_an_earlier_version_contains_no_later_annotation(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    publish("parts", dataset_id, a_home / "git")
    cycle = an_open_cycle(published_store, "2026-11-22")
    ids = published_store.read(DatasetImage, "2026-11-21")["image_id"].to_list()
    published_store.finish("2026-11-22", "given", cycle.arguments, a_label(ids, ["nut"] * 12, "2026-11-22"))

    second = publish("parts", dataset_id, a_home / "git")

    assert not second.is_new, "the labels file is the one that was tagged"


def test_publish__canonical_makes_oriented_copies_without_exif(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)

    summary = publish("parts", dataset_id, a_home / "git", is_canonical=True)

    assert summary.tag == f"version-{dataset_id[:12]}-canonical"
    assert summary.copies_made == 12
    rows = list(csv.DictReader(io.StringIO((a_home / "git" / "labels.csv").read_text())))
    folder = Path(summary.remote_url) / original(summary.folder_md5)
    copies = {one["relpath"]: Path(summary.remote_url) / original(one["md5"]) for one in json.loads(folder.read_bytes())}
    for row in rows:
        with Image.open(copies[row["path"]]) as image:
            assert image.size == (int(row["width_px"]), int(row["height_px"]))
            assert not dict(image.getexif())
            assert row["orientation"] == "1"
            assert image.format == ("PNG" if row["path"].endswith(".png") else "JPEG")
    png = next(row for row in rows if row["path"].endswith(".png"))
    wanted = decode(a_file(7, is_png=True), Limits()).pixels
    assert np.array_equal(np.asarray(Image.open(copies[png["path"]])), wanted)
    assert not any(path.is_symlink() for path in Path(summary.remote_url).rglob("*"))


def test_publish__canonical_copies_only_new_and_deleted_files(published_store: Store, a_home: Path) -> None:
    first = publish("parts", a_version(published_store, NUMBERS), a_home / "git", is_canonical=True)
    taken = next(
        path for path in Path(first.remote_url).rglob("*") if path.is_file() and path.suffix != ".dir" and "files" in path.parts
    )
    taken.unlink()

    second = publish("parts", a_version(published_store, range(12, 15), "2026-11-22"), a_home / "git", is_canonical=True)

    assert second.copies_made == 4
    assert taken.is_file()


def test_publish__refuses_a_version_it_does_not_know(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)

    with pytest.raises(SettingsError, match=f"wanted one of: {dataset_id[:16]} of cycle .*; found 'xyz', which fits none"):
        publish("parts", "xyz", a_home / "git")
    with pytest.raises(SettingsError, match="fits none"):
        publish("parts", "", a_home / "git")


def test_publish__refuses_a_version_whose_original_is_gone_and_commits_nothing(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    gone = next(iter(published_store.objects.list("files/")))
    published_store.objects.delete(gone)

    with pytest.raises(NotFoundError, match=f"1 originals of the version are not in the store, the first is {gone}"):
        publish("parts", dataset_id, a_home / "git")

    assert not (a_home / "git").exists()


def test_publish__refuses_a_folder_with_other_files(published_store: Store, a_home: Path) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    (a_home / "full").mkdir()
    (a_home / "full" / "letter.txt").write_text("mine")
    (a_home / "theirs").mkdir()
    (a_home / "theirs" / "README.md").write_text("mine")
    git(a_home / "theirs", "init", "-q")

    with pytest.raises(StorageError, match="found one with other files"):
        publish("parts", dataset_id, a_home / "full")
    with pytest.raises(StorageError, match=r"README\.md exists and was not made by Nightlens"):
        publish("parts", dataset_id, a_home / "theirs")

    assert (a_home / "theirs" / "README.md").read_text() == "mine"


def test_publish__does_not_change_other_files_of_the_repository(published_store: Store, a_home: Path) -> None:
    GitRepository(a_home / "git", ("mark", "no")).publish(
        {"other.txt": "mine\n"}, "start", "other", an_open_cycle(published_store).started_at
    )
    (a_home / "git" / "staged.txt").write_text("not yet")
    git(a_home / "git", "add", "staged.txt")

    summary = publish("parts", a_version(published_store, NUMBERS, "2026-11-22"), a_home / "git")

    assert git(a_home / "git", "status", "--porcelain") == "A  staged.txt\n"
    assert "other.txt" in git(a_home / "git", "ls-tree", "--name-only", summary.tag).split()


def test_publish__refuses_a_tag_that_names_other_content(
    published_store: Store, a_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_id = a_version(published_store, NUMBERS)
    publish("parts", dataset_id, a_home / "git")
    monkeypatch.setenv("NIGHTLENS_HOME", str(a_home / "moved"))
    (a_home / "home").rename(a_home / "moved")

    with pytest.raises(StorageError, match=r"names other content in \.dvc/config"):
        publish("parts", dataset_id, a_home / "git")


def test_main__publishes(published_store: Store, a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset_id = a_version(published_store, NUMBERS)

    assert main(["publish", "--project", "parts", "--version", dataset_id[:8], "--to", str(a_home / "git")]) == 0
    assert json.loads(capsys.readouterr().out)["dataset_id"] == dataset_id
    with pytest.raises(SystemExit):
        main(["publish", "--project", "parts"])
    assert "--version, --to" in capsys.readouterr().err
