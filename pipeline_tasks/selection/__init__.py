"""Pure room: which images are worth a person's time, and why.

`choose` is its front door, for a night and for anyone with embeddings at hand; it needs numpy only. Importing the room needs not
even that, because Airflow reads the words of the strategies with every DAG file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_tasks.selection.choosing import Selection, choose

__all__ = ["Selection", "choose"]


def __getattr__(name: str) -> object:
    """Import the front door when somebody knocks."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline_tasks.selection import choosing

    return getattr(choosing, name)
