"""The thing that a person means by a shortened id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.image import Image

SHOWN_CANDIDATES = 10
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class Meant:
    """One thing that a shortened id may refer to."""

    kind: str
    """`image`, `erased image`, `model`, `dataset version` or `prediction`."""
    name: str


def meant_by(reads: LineageReads, thing: str, log_folder: Path) -> Meant:
    """The champion, or the one thing whose id starts with this text. `log_folder` holds the prediction server's log.

    Raises:
        SettingsError: nothing, or more than one thing, is meant; the message names the candidates.
    """
    if thing == "champion":
        return _champion(reads.store)
    if not re.fullmatch(f"[0-9a-f]{{{FEWEST_DIGITS},64}}", thing):
        raise SettingsError(
            f"explain: wanted an image's file that exists, `champion`, or at least {FEWEST_DIGITS} of the hexadecimal digits of "
            f"an image_id, a model's digest, a dataset_id or a prediction_id; found {thing!r}"
        )
    known = set(_known(reads, thing, log_folder))
    fitting = sorted((one for one in known if one.name.startswith(thing)), key=lambda one: (one.kind, one.name))
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise SettingsError(f"explain: {_nothing(reads, thing, log_folder)}")
    shown = "".join(f"\n  {one.kind} {one.name}" for one in fitting[:SHOWN_CANDIDATES])
    more = f"\n  and {len(fitting) - SHOWN_CANDIDATES} more" if len(fitting) > SHOWN_CANDIDATES else ""
    raise SettingsError(f"explain: {thing!r} may mean {len(fitting)} things; give more digits of one of them:{shown}{more}")


def _champion(store: Store) -> Meant:
    champion = store.state().champion
    if champion is None:
        raise SettingsError("explain: there is no champion; no model of this project was promoted yet")
    return Meant("model", champion.model_digest)


def _known(reads: LineageReads, thing: str, log_folder: Path) -> Iterable[Meant]:
    """All things that have an id; from the log only matching ones."""
    yield from (Meant("image", image_id) for image_id in reads.store.history(Image)["image_id"].unique())
    yield from (Meant("erased image", tombstone) for tombstone in reads.store.history(ErasedImage)["tombstone"])
    yield from (Meant("model", model.model_digest) for model in reads.models)
    yield from (Meant("dataset version", version.dataset_id) for version in reads.versions)
    for one in logged_predictions(log_folder, thing):
        yield from (Meant("prediction", one.prediction_id or ""), Meant("image", one.image_id))


def _nothing(reads: LineageReads, thing: str, log_folder: Path) -> str:
    """Message on the searched things, with the newest of each kind."""
    images = reads.store.history(Image)["image_id"]
    found = [f"{images.n_unique()} images"]
    found += [_counted("models", [model.model_digest for model in reads.models])]
    found += [_counted("dataset versions", [version.dataset_id for version in reads.versions])]
    log = "its predictions" if any(log_folder.glob("predictions*.jsonl")) else "no prediction log"
    return f"nothing starts with {thing!r}; searched {', '.join(found)}, and {log} in {log_folder}"


def _counted(what: str, names: list[str]) -> str:
    newest = f" (newest {names[-1][:12]})" if names else ""
    return f"{len(set(names))} {what}{newest}"
