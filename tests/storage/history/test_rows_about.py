from __future__ import annotations

import polars as pl
from given import an_open_cycle, image_id

from pipeline_tasks.storage.history.rows_about import rows_about
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.split_group import SplitGroup


def test_rows_about__name_the_cycle_and_the_event_that_wrote_them(store: Store) -> None:
    for cycle_id, names in (("2026-11-21", "ab"), ("2026-11-22", "bc")):
        cycle = an_open_cycle(store, cycle_id)
        rows = pl.DataFrame({"image_id": list(map(image_id, names)), "split_group_id": list(map(image_id, names))})
        store.finish(cycle_id, "find_duplicates", cycle.arguments, [(SplitGroup, rows)])

    found = rows_about(store, SplitGroup, [image_id("b"), image_id("x")])

    assert found.select("image_id", "written_in", "sequence").rows() == [
        (image_id("b"), "2026-11-21", 2),
        (image_id("b"), "2026-11-22", 4),
    ]
    assert rows_about(store, SplitGroup, []).is_empty()
    assert rows_about(store, SplitGroup, [image_id("c")], "split_group_id").height == 1
