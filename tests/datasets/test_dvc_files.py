"""The small files that DVC reads, as DVC 3.67.1 writes them."""

from __future__ import annotations

import configparser

from pipeline_tasks.datasets.dvc_files import CONFIG_FILE, PublishedImage, Remote, folder_object, repository_files, tracked_folder

NUT = PublishedImage("train/nut/b.jpg", "c4ca4238a0b923820dcc509a6f75849b", 1)
BOLT = PublishedImage("train/Größe/a.jpg", "c81e728d9d4c2f636f067f89cc14862c", 1)


def test_folder_object__is_the_one_dvc_makes() -> None:
    name, content = folder_object([NUT, BOLT])

    # `dvc add` of a folder with these two files, which hold "1" and "2".
    assert content.decode() == (
        '[{"md5": "c81e728d9d4c2f636f067f89cc14862c", "relpath": "train/Gr\\u00f6\\u00dfe/a.jpg"}, '
        '{"md5": "c4ca4238a0b923820dcc509a6f75849b", "relpath": "train/nut/b.jpg"}]'
    )
    assert name == "2606bd0092f9078e16fdd2b11ec5ed1c.dir"
    assert folder_object([BOLT, NUT]) == (name, content)


def test_tracked_folder__names_the_object_and_counts() -> None:
    assert tracked_folder("0f.dir", [NUT, BOLT]).splitlines() == [
        "outs:",
        "- md5: 0f.dir",
        "  size: 2",
        "  nfiles: 2",
        "  hash: md5",
        "  path: pictures",
    ]


def test_repository_files__name_the_remote_and_no_secret() -> None:
    files = repository_files(Remote("s3://bucket/a, b", "http://127.0.0.1:1"), "ours")

    config = configparser.ConfigParser()
    config.read_string(files[CONFIG_FILE])
    assert files[CONFIG_FILE].startswith("# ours\n")
    assert dict(config["'remote \"store\"'"]) == {
        "url": '"s3://bucket/a, b"',
        "endpointurl": '"http://127.0.0.1:1"',
        "verify": "true",
    }
    assert files[".gitignore"] == "/pictures\n"
