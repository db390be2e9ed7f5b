"""Pure room: which images are worth a person's time, and why.

`choose` is its front door, for a night and for anyone with embeddings at hand; it needs numpy only.
"""

from pipeline_tasks.selection.choose import Selection, choose

__all__ = ["Selection", "choose"]
