"""The release of Nightlens that this code is."""

from __future__ import annotations

import re

RELEASE = "0.2.0"
"""As in pyproject.toml; a constant, because the prediction server runs where Nightlens is not installed as a package."""


def is_newer(release: str, than: str) -> bool:
    """Compare two releases like 0.4.0; a text that names no release, such as a commit, is newer than none."""
    numbers = [_numbers(one) for one in (release, than)]
    return None not in numbers and numbers[0] > numbers[1]  # type: ignore[operator]


def _numbers(release: str) -> tuple[int, ...] | None:
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", release)
    return None if found is None else tuple(int(one or 0) for one in found.groups())
