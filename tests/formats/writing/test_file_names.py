"""Tests of names of exported files: each once, valid on every system, never a path."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from given import image_id
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_tasks.formats.writing.file_names import FileNames, safe_stem


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("line 1/a b.jpg", "a b"),
        ("a.b.c.jpg", "a.b.c"),
        ("größe 漢字.png", "größe 漢字"),
        ("हिन्दी.png", "हिन्दी"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot"),
        ("/absolute.jpg", "absolute"),
        ("a\nb:c*d?.jpg", "a_b_c_d_"),
        ("\u202egpj.exe.jpg", "_gpj.exe"),
        ("-rf.jpg", "rf"),
        ("NUL.jpg", "_NUL"),
        ("con.a.jpg", "_con.a"),
        (".hidden", "hidden"),
        ("...", ""),
        ("", ""),
        ("x" * 300 + ".jpg", "x" * 180),
        ("é" * 200 + ".jpg", "é" * 90),
    ],
)
def test_safe_stem__keeps_letters_of_all_scripts_and_no_path(key: str, stem: str) -> None:
    assert safe_stem(key) == stem


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=12))
def test_of_key__gives_each_name_once_and_never_a_path(keys: list[str]) -> None:
    names = FileNames()

    stems = [names.of_key(key, image_id(number)) for number, key in enumerate(keys)]

    assert len({unicodedata.normalize("NFKC", stem).casefold() for stem in stems}) == len(stems)
    for stem in stems:
        name = f"{stem}.jpg"
        assert PurePosixPath(name).name == PureWindowsPath(name).name == name
        assert len(name.encode()) <= 255
        assert stem.strip(" .") == stem
        assert stem not in ("", ".", "..")


def test_of_key__tells_two_images_of_one_name_apart_by_their_ids() -> None:
    names = FileNames()

    assert [names.of_key(key, image_id(key)) for key in ("a/x.jpg", "b/X.png", "c/x.jpg")] == [
        "x",
        f"X-{image_id('b/X.png')[:8]}",
        f"x-{image_id('c/x.jpg')[:8]}",
    ]


def test_of_id__is_the_first_digits_or_all_where_two_share_them() -> None:
    names, one, other = FileNames(), "a" * 64, "a" * 20 + "b" * 44

    assert [names.of_id(one), names.of_id(other)] == ["a" * 16, other]
