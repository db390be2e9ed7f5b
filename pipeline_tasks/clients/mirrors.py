"""Rule for mirrors such as MLflow and W&B: their errors never end a night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline_tasks.errors import ServiceError, ServiceUnavailableError


@contextmanager
def mirroring(notes: list[str], *, is_last_try: bool) -> Iterator[None]:
    """Turn a mirror's error inside the block into a note.

    Raises:
        ServiceUnavailableError: the mirror does not respond and the stage will be tried again.
    """
    try:
        yield
    except ServiceUnavailableError as error:
        if not is_last_try:
            raise
        notes.append(f"{error}. The night continued without it; later nights add at most the champion.")
    except ServiceError as error:
        notes.append(f"{error}. The night continued without it.")
