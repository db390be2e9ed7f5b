"""Labelled images of a project by the names in their labels, with those of a night that is not recorded yet."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.label_quality.balance import Balance
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject


def short_names(store: Store, project: Project) -> dict[str, int]:
    """Names below the least share that the project states → labels that should show them."""
    least_share, kind = project.labeling.least_share, kind_of(project)
    return {} if least_share is None else name_balance(store, kind.changes, kind.vocabulary, least_share).wanted


def name_balance(
    store: Store,
    changes: NameChanges,
    vocabulary: Sequence[str],
    least_share: float,
    tonight: tuple[pl.DataFrame, pl.DataFrame] | None = None,
) -> Balance:
    """The balance of all labels; `tonight` are rows of `Label` and `LabelObject` that go before the recorded ones."""
    columns, states = ["image_id", LABEL_NAME], ["image_id", "state"]
    labels, objects = store.current(Label, states), store.current(LabelObject, columns)
    if tonight is not None:
        new = tonight[0].select(states)
        labels = pl.concat([labels.join(new, on="image_id", how="anti"), new])
        objects = pl.concat([objects.join(new, on="image_id", how="anti"), tonight[1].select(columns)])
    state = pl.col("state").cast(pl.String)
    shown = changes.in_rows(objects.join(labels.filter(state == "labelled"), on="image_id", how="semi")).drop_nulls().unique()
    counts = dict(shown.group_by(LABEL_NAME).len().iter_rows())
    return Balance(
        labels.filter(state.is_in(["labelled", "empty"])).height, {name: counts.get(name, 0) for name in vocabulary}, least_share
    )
