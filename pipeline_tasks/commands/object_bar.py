"""Progress bar over objects of a root."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def object_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Progress bar, called with the number of done objects and of all objects; silent if there is no terminal."""
    with tqdm(unit=" objects", desc=title, file=sys.stderr, disable=None) as bar:

        def show_progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield show_progress
