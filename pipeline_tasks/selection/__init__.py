"""Pure room: selection of the images most worth labeling, with reasons.

`choose` is the entry point, for a night and for any user with embeddings; it needs only numpy. Importing the package does not
even need that, because Airflow reads the descriptions of the strategies with every DAG file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_tasks.selection.choosing import Selection, choose

__all__ = ["Selection", "choose"]


def __getattr__(name: str) -> object:
    """Import the entry point at its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline_tasks.selection import choosing

    return getattr(choosing, name)
