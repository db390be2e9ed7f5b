"""Check of the newest model: names of the project's vocabulary that it was never shown."""

from __future__ import annotations

from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.history.store import Store


def check_newest_model(store: Store) -> str:
    """A sentence about the newest trained model; nothing here is an error, because labels may still come."""
    trained = [one for one in store.summaries(TrainModelSummary).values() if not one.skipped]
    if not trained:
        return "fine: no model was trained yet"
    missing = ", ".join(trained[-1].never_shown)
    if not missing:
        return f"fine: trained on {trained[-1].train_images} images, which show every name of its vocabulary"
    return f"fine, but no training image shows {missing}: the model never predicts it; label some, or take the name out"
