"""A progress bar over objects of a root."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def object_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that is told how many objects of how many are done; silent where nobody looks."""
    with tqdm(unit=" objects", desc=title, file=sys.stderr, disable=None) as bar:

        def tell(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield tell
