"""Tests that leftovers of storage systems, viewers and transfers are left out by name, and similar names of data are listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.name_rules import NameRules
from pipeline_tasks.tables.left_out_file import REASONS

FOLDERS = {
    "thumbnail": (
        "@eaDir",
        ".@__thumb",
        ".thumbnails",
        "_thumbs",
        "Catalog Previews.lrdata",
        "THMBNL",
        "Me.photoslibrary/resources",
    ),
    "trash": ("$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER/S-1-5-21-1", "#recycle", "@Recycle", ".Trash-1000", ".Trashes", ".dtrash"),
    "snapshot": ("#snapshot", "@Recently-Snapshot", "~snapshot", ".snapshot", ".zfs", "@GMT-2026.11.21-20.00.00", ".stversions"),
    "unfinished": (".rsync-partial", "a.jpg.download"),
    "cache": ("CaptureOne", ".dropbox.cache", ".tmp.drivedownload", "appdata_ocabcdefgh12", ".ipynb_checkpoints"),
    "system": (
        "__MACOSX",
        ".AppleDouble",
        "System Volume Information",
        "lost+found",
        "found.000",
        ".git",
        "@tmp",
        ".Spotlight-V100",
    ),
    "hidden": (".anything",),
}
FILES = {
    "thumbnail": (
        "Thumbs.db",
        "SYNOPHOTO_THUMB_XL.jpg",
        "SYNOFILE_THUMB_M.jpg",
        "MVI_1.THM",
        "AlbumArtSmall.jpg",
        "a.mp4_thumb.jpg",
    ),
    "trash": (".trashed-1671234567-IMG_1.jpg",),
    "unfinished": (
        *("a.jpg.part", "a.crdownload", "a.TMP", "a.jpg.filepart", "a.jpg_.gstmp", "a.jpg~", "~$a.jpg", ".~lock.a.jpg#"),
        *(".a.jpg.Xy12Zq", ".pending-1671234567-IMG_1.jpg", ".syncthing.a.jpg.tmp", "a.jpg.sb-1a2b3c4d-Ab12cD", ".a.jpg.icloud"),
    ),
    "sidecar": ("a.xmp", "IMG_1.AAE", "a.jpg.pp3", "a.jpg.supplemental-metadata.json"),
    "system": (".DS_Store", "._a.jpg", "desktop.ini", "Icon\r", ".nomedia"),
    "hidden": (".a.jpg",),
}
DATA = (
    *(
        "thumbs_up",
        "thumbs",
        "thumbnails",
        "previews",
        "preview",
        "recycled",
        "recycle",
        "trash",
        "trash_can",
        "Trash",
        "cache",
        "tmp",
    ),
    *("snapshot", "snapshots", "deleted", "originals", "git", "system", "part", "lost", "found", "eaDir", "conflict", "resources"),
)
DATA_FILES = (
    *("thumb_01.jpg", "img_thumb.jpg", "thumb.jpg", "hand.thumb.jpg", "thumbs.jpg", "preview.jpg", "a.part.jpg", "tmp.jpg"),
    *(
        "1671234567-IMG_1.jpg",
        "photo (1).jpg",
        "a-conflict.jpg",
        "trashed-1.jpg",
        "icon.png",
        "#1.jpg",
        "$a.jpg",
        "@a.jpg",
        "~a.jpg",
    ),
)


def rules(*patterns: str) -> NameRules:
    return NameRules(patterns, "source inbox: ignore")


def of_file(name: str, sizes: dict[str, int] | None = None) -> str | None:
    return rules().of_file(f"cam1/{name}", {name: 1000} if sizes is None else sizes)


@pytest.mark.parametrize(("reason", "names"), FOLDERS.items())
def test_folders_of_known_systems__are_left_out_at_any_depth(reason: str, names: tuple[str, ...]) -> None:
    assert {name: rules().of_folder(name) for name in names} == dict.fromkeys(names, reason)
    assert {name: rules().of_folder(f"cam1/day/{name}") for name in names} == dict.fromkeys(names, reason)


@pytest.mark.parametrize(("reason", "names"), FILES.items())
def test_files_of_known_systems__are_left_out(reason: str, names: tuple[str, ...]) -> None:
    assert {name: of_file(name) for name in names} == dict.fromkeys(names, reason)


def test_ordinary_names_of_data__are_listed() -> None:
    assert [name for name in DATA if rules().of_folder(name) or rules().of_folder(f"a/{name}")] == []
    assert [name for name in DATA_FILES if of_file(name)] == []


def test_reasons__are_those_of_the_table() -> None:
    assert {*FOLDERS, *FILES} <= set(REASONS)


@pytest.mark.parametrize(
    "copy",
    [
        "a (Ann's conflicted copy 2026-11-21).jpg",
        "a (conflicted copy 2026-11-21 143000).jpg",
        "a (In Konflikt stehende Kopie von Ann 2026-11-21).jpg",
        "a.sync-conflict-20261121-143000-ABCDEF7.jpg",
        "a_conflict-20261121-143000.jpg",
        "a (SFConflict ann@example.com 2026-11-21-14-30-00).jpg",
        "a_NAS_Nov-21-143000-2026_Conflict.jpg",
    ],
)
def test_conflict_copy__is_left_out_where_its_original_is(copy: str) -> None:
    assert of_file(copy, {copy: 10, "a.jpg": 10}) == "conflict_copy"
    assert of_file(copy, {copy: 10, "b.jpg": 10}) is None, "else the only copy would be lost"


ANYBODYS_COPIES = ("a (1).jpg", "a-DESKTOP-4F2.jpg", "a - Copy.jpg")


@pytest.mark.parametrize("copy", ANYBODYS_COPIES)
def test_copy_with_an_ordinary_name__is_listed_unless_a_pattern_matches(copy: str) -> None:
    beside = {"a.jpg": 5, copy: 5}
    ours = NameRules(["* ([0-9]).jpg", "*-DESKTOP-*", "* - Copy.*"], "ignore")

    assert NameRules([], "ignore").of_file(copy, beside) is None
    assert ours.of_file(copy, beside) == "ignored"
    assert ours.of_file("a.jpg", beside) is None


def listed_and_left_out(inbox: Path, *names: str) -> tuple[list[str], dict[str, str]]:
    """Names that a source lists, and name → reason of those that it leaves out."""
    for name in names:
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(b"an image")
    source = FolderSource(FolderSettings(name="inbox", path="inbox"), inbox.parent)
    return [file.key for file in source.list_files()], {one.key: one.reason for one in source.left_out()}


def test_folder_of_a_synology__gives_its_images_and_no_thumbnail(tmp_path: Path) -> None:
    """The report immich-app/immich#30690: thumbnails that Synology Photo keeps in @eaDir were imported beside their images."""
    thumbnails = ("album/@eaDir/IMG_1.JPG/SYNOPHOTO_THUMB_XL.jpg", "album/@eaDir/IMG_1.JPG/SYNOPHOTO_THUMB_M.jpg")

    listed, left_out = listed_and_left_out(tmp_path / "inbox", "album/IMG_1.JPG", "album/._IMG_1.JPG", *thumbnails)

    assert listed == ["album/IMG_1.JPG"]
    assert left_out == {"album/@eaDir": "thumbnail", "album/._IMG_1.JPG": "system"}


def test_conflict_copies_of_images__are_listed_only_where_the_original_is_gone(tmp_path: Path) -> None:
    """The report dschrempf/syncthing-resolve-conflicts#10: most conflict copies of images are identical to their originals."""
    copies = ("IMG_1.sync-conflict-20251219-101112-ABCDEF7.jpg", "IMG_2.sync-conflict-20251219-101112-ABCDEF7.jpg")

    listed, left_out = listed_and_left_out(tmp_path / "inbox", "IMG_1.jpg", *copies)

    assert listed == ["IMG_1.jpg", copies[1]]
    assert left_out == {copies[0]: "conflict_copy"}


def test_thumbnails_of_photoscape__are_left_out(tmp_path: Path) -> None:
    """The report nextcloud/desktop#2092: PhotoScape writes photothumb.db into each folder of images, as Windows does Thumbs.db."""
    listed, left_out = listed_and_left_out(tmp_path / "inbox", "a.jpg", "photothumb.db", "Thumbs.db")

    assert listed == ["a.jpg"]
    assert left_out == {"photothumb.db": "thumbnail", "Thumbs.db": "thumbnail"}


def test_thumbnail_beside_its_original__is_left_out_if_it_is_small() -> None:
    assert of_file("a_thumb.jpg", {"a_thumb.jpg": 9_000, "a.jpg": 80_000}) == "thumbnail"
    assert of_file("hand_thumb.jpg", {"hand_thumb.jpg": 70_000, "hand.jpg": 80_000}) is None
    assert of_file("hand_thumb.jpg", {"hand_thumb.jpg": 9_000, "face.jpg": 80_000}) is None


def test_marked_folder__is_left_out_by_the_marker_file_in_it() -> None:
    assert rules().of_marked_folder("a/thumbs", {".immich", "x.webp"}) == "thumbnail"
    assert rules().of_marked_folder("RECYCLED", {"INFO2"}) == "trash"
    assert rules().of_marked_folder("derived", {"CACHEDIR.TAG"}) == "cache"
    assert rules().of_marked_folder("a/thumbs", {"x.webp"}) is None
    assert rules().of_marked_folder("a/upload", {".immich"}) is None


def test_patterns__leave_out_more_and_include_names_that_are_left_out_by_default() -> None:
    asked = rules("*_preview.jpg", "drafts/", "/top.jpg", "!@eaDir/", "!.hidden/", "#recycle_me/", "!keep_preview.jpg")

    assert asked.of_file("a/b_preview.jpg", {}) == "ignored"
    assert asked.of_file("a/keep_preview.jpg", {}) is None
    assert (asked.of_folder("drafts"), asked.of_folder("a/drafts"), asked.of_folder("a/#recycle_me")) == ("ignored",) * 3
    assert (asked.of_file("top.jpg", {}), asked.of_file("a/top.jpg", {})) == ("ignored", None)
    assert (asked.of_folder("a/@eaDir"), asked.of_file("a/@eaDir/SYNOPHOTO_THUMB_M.jpg", {})) == (None, None)
    assert (asked.of_folder(".hidden"), asked.of_folder(".other")) == (None, "hidden")


@pytest.mark.parametrize("pattern", ["", "  ", "!", "[", "/", "a\\"])
def test_pattern_that_matches_nothing__is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"source inbox: ignore: wanted patterns as in \.gitignore"):
        rules("*.txt", pattern)


def test_list_files__names_what_it_left_out_and_why(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for path in (
        "a.jpg",
        "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
        "cam1/b.jpg",
        "cam1/._b.jpg",
        "drafts/c.jpg",
        "old/CACHEDIR.TAG",
        "old/d.jpg",
    ):
        (inbox / path).parent.mkdir(parents=True, exist_ok=True)
        (inbox / path).write_bytes(b"x")
    (inbox / "link").symlink_to("cam1")
    os.mkfifo(inbox / "pipe")
    source = FolderSource(FolderSettings(name="inbox", path="inbox", ignore=("drafts/",)), tmp_path)

    assert [file.key for file in source.list_files()] == ["a.jpg", "cam1/b.jpg"]
    assert [(one.key, one.reason, one.is_folder) for one in source.left_out()] == [
        ("@eaDir", "thumbnail", True),
        ("cam1/._b.jpg", "system", False),
        ("drafts", "ignored", True),
        ("link", "linked_folder", True),
        ("old", "cache", True),
        ("pipe", "not_a_file", False),
    ]
