"""Report sections of keypoints: none, because no model of Nightlens places them yet."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.kinds.reporting import Evaluated, Section
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class KeypointReporting:
    """Words of the kind `keypoints`."""

    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "class"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """None."""
        return []
