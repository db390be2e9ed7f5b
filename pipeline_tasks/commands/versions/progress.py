"""Progress bar on standard error; silent if it is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from tqdm import tqdm


@dataclass
class Progress:
    """Receiver of a total, then of progress."""

    bar: tqdm[Any]

    def expect(self, total: int) -> None:
        """Set the number of images."""
        self.bar.reset(total)

    def count(self, more: int = 1) -> None:
        """Add this many completed images."""
        self.bar.update(more)


@contextmanager
def progress_bar(what: str, stream: TextIO) -> Iterator[Progress]:
    """Show a bar on the stream if it is a terminal."""
    bar: tqdm[Any] = tqdm(desc=what, unit="image", file=stream, disable=not stream.isatty(), leave=False)
    with bar:
        yield Progress(bar)
