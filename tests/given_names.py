"""File names that break programs: each is one that a file system of Linux can hold."""

from __future__ import annotations

import os

_LONGEST = 255 - len(".png")
STEMS = (
    *(
        "two\nlines",
        "tab\there",
        "return\rhere",
        "bell\x07",
        "escape\x1b[2J",
        "delete\x7f",
        "a b",
        " begins",
        "ends ",
        "two  spaces",
    ),
    *("-dash", "--option", "-rf", "~home", "$HOME", "`id`", "$(id)", "a;b", "a|b", "a&b", "a>b", "a<b", "a*b", "a?b", "a:b", "a!b"),
    *(
        "a'b",
        'a"b',
        "a\\b",
        "b\\..\\c",
        "a\\nb",
        "%00",
        "%2e%2e%2f",
        "%n%s",
        "{0}",
        "{{a}}",
        "&amp;",
        "<b>",
        "a=b",
        "a,b",
        "a#b",
        "a@b",
    ),
    *("[a-z]", "(copy)", "CON", "nul", "a.b.c", "a..", "0", "1e5", "NaN", "null", "None", "true", "' OR 1=1 --", "a+b", "50%"),
    *("\u202egnp.exe", "\u05d0\u05d1", "\u0627\u0644", "\u0e01\u0e33", "\u6f22\u5b57", "\U0001f600", "\U0001f468\u200d\U0001f469"),
    *(
        "\u00e9",
        "e\u0301",
        "\u00c5",
        "\u212b",
        "A\u030a",
        "\u017f",
        "\u0131",
        "\u00df",
        "\u200b",
        "a\u200bb",
        "\ufeffbom",
        "\u00ada",
        "\u00a0",
    ),
    *("x" * _LONGEST, "\u00e9" * (_LONGEST // 2), "case", "CASE"),
    *(os.fsdecode(b"\xff\xfe"), os.fsdecode(b"caf\xe9"), os.fsdecode(b"\xed\xa0\x80")),
)
FOLDERS = ("deep/" * 20, "sp ace/", "-f/", "\u05d0/", "new\nline/", os.fsdecode(b"\xe9/"))
NAMES = tuple(
    f"{folder}{stem}.png" for folder, stem in ((FOLDERS[at % 40] if at % 40 < 6 else "", one) for at, one in enumerate(STEMS))
)
"""Paths inside a source; more than 60."""
