"""Report sections of texts: none, because no model of Nightlens reads them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.kinds.reporting import Evaluated, Section
from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class TextReporting:
    """Words of the kind `text`."""

    detail_tables: tuple[type[Table], ...] = ()
    names_word: str = "text"

    def sections(self, evaluated: Evaluated) -> list[Section]:
        """None."""
        return []
