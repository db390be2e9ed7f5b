"""Key with which a source is asked, found by the id of its connection."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_tasks.errors import SettingsError

KeyOf = Callable[[str], str]
"""Id of a connection → its key.

Raises:
    SettingsError: there is no such connection, or it has no key.
"""


def no_key(connection_id: str) -> str:
    """Refuse every connection, where none can be known."""
    raise SettingsError(f"connection {connection_id}: no key is known here")
