"""A progress bar on standard error where a person looks, and nothing where a log is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from tqdm import tqdm


@dataclass
class Progress:
    """Told how much there is, then how much more is done."""

    bar: tqdm[Any]

    def expect(self, total: int) -> None:
        """So many images there are."""
        self.bar.reset(total)

    def count(self, more: int = 1) -> None:
        """So many more are done."""
        self.bar.update(more)


@contextmanager
def progress_bar(what: str, stream: TextIO) -> Iterator[Progress]:
    """Show a bar on the stream if it is a terminal."""
    bar: tqdm[Any] = tqdm(desc=what, unit="image", file=stream, disable=not stream.isatty(), leave=False)
    with bar:
        yield Progress(bar)
