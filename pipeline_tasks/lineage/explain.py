"""Lineage of one image, prediction, model or dataset version: its origin and results. Changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.lineage.lineage_facts import Answer
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.of_models import answer_lineage, model_lineage, version_lineage
from pipeline_tasks.lineage.reads import LineageReads
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.records.erase import EraseSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.reports.tree import Node
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.rows_about import rows_about
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.image import Image

SHOWN_CANDIDATES = 10
FEWEST_DIGITS = 4


class Decoder(Protocol):
    """Decoder of untrusted bytes, outside this process."""

    def decode(self, content: bytes) -> CanonicalImage:
        """Decode to the canonical image.

        Raises:
            RejectedFileError: the bytes are not a usable image.
        """
        ...


@dataclass(frozen=True)
class Meant:
    """One thing that a shortened id may refer to."""

    kind: str
    """`image`, `erased image`, `model`, `dataset version` or `answer`."""
    name: str


def explain(store: Store, thing: str, log_folder: Path, decoder: Decoder) -> Node:
    """Explain an image's file, an image_id, a model's digest, a dataset_id, a prediction_id, or `champion`.

    Ids may be shortened as long as only one thing matches. A file is predicted by the champion at once. `log_folder` holds
    the prediction server's log.

    Raises:
        SettingsError: nothing or more than one thing matches; the message names the candidates.
        RejectedFileError: the file is not a usable image.
        CorruptObjectError: an object in the store does not match the ledger.
    """
    reads = LineageReads(store)
    if Path(thing).is_file():
        return _explain_file(reads, Path(thing).read_bytes(), log_folder, decoder)
    meant = _champion(store) if thing == "champion" else _meant(reads, thing, log_folder)
    return _BY_KIND[meant.kind](reads, meant.name, log_folder)


def _explain_file(reads: LineageReads, content: bytes, log_folder: Path, decoder: Decoder) -> Node:
    """The champion's prediction for these bytes, and the image if it is known; only the image if there is no champion."""
    image_id = hashlib.sha256(content).hexdigest()
    champion = reads.store.state().champion
    if champion is None:
        return _explain_image(reads, image_id, log_folder)
    model = ExportedModel(read_model(reads.store.objects, champion.model_digest))
    pixels = decoder.decode(content).pixels
    objects = model.objects(model_image(pixels, model.side_px), (pixels.shape[1], pixels.shape[0]))
    answer: dict[str, Any] = {"image_id": image_id, "model_digest": champion.model_digest, "dataset_id": champion.dataset_id}
    answer |= model.kind.decoding.answer(objects, min_confidence=0.0)
    return _explain_answer(reads, answer, log_folder)


def _explain_answer(reads: LineageReads, answer: Answer, log_folder: Path) -> Node:
    model = reads.model(answer["model_digest"])
    if model is None:
        model_node = Node(
            "model", answer["model_digest"], "not of this project as it is now: it was emptied since, or is another one's"
        )
    else:
        model_node = model_lineage(model, reads.about_version(reads.version_of_model(model)))
    return answer_lineage(answer, model_node, _explain_image(reads, answer["image_id"], log_folder))


def _explain_logged(reads: LineageReads, prediction_id: str, log_folder: Path) -> Node:
    answer = next(one for one in logged_predictions(log_folder, prediction_id) if one["prediction_id"] == prediction_id)
    return _explain_answer(reads, answer, log_folder)


def _explain_image(reads: LineageReads, image_id: str, log_folder: Path) -> Node:
    answers = [answer for answer in logged_predictions(log_folder, image_id) if answer["image_id"] == image_id]
    return image_lineage(image_id, reads.about_image(image_id, answers))


def _explain_model(reads: LineageReads, model_digest: str, log_folder: Path) -> Node:
    model = reads.model(model_digest)
    assert model is not None
    return model_lineage(model, reads.about_version(reads.version_of_model(model)))


def _explain_version(reads: LineageReads, dataset_id: str, log_folder: Path) -> Node:
    version = reads.version(dataset_id)
    return version_lineage(version, reads.about_version(version))


def _explain_erased(reads: LineageReads, tombstone: str, log_folder: Path) -> Node:
    """Remaining data of an erased image."""
    store = reads.store
    cycle_id = rows_about(store, ErasedImage, [tombstone], "tombstone")["written_in"][0]
    opened, erased = store.summary(cycle_id, OpenCycleSummary), store.summary(cycle_id, EraseSummary)
    says = f"an image that was erased in cycle {cycle_id}, on {opened.started_at[:10]}; nothing else is left of it"
    return Node("erased image", tombstone, says, {"cycle_id": cycle_id, "erased_with_it": erased.images - 1})


_BY_KIND: dict[str, Callable[[LineageReads, str, Path], Node]] = {
    "image": _explain_image,
    "answer": _explain_logged,
    "model": _explain_model,
    "dataset version": _explain_version,
    "erased image": _explain_erased,
}


def _champion(store: Store) -> Meant:
    champion = store.state().champion
    if champion is None:
        raise SettingsError("explain: wanted the champion, found that no model of this project was promoted yet")
    return Meant("model", champion.model_digest)


def _meant(reads: LineageReads, thing: str, log_folder: Path) -> Meant:
    """The one thing whose id starts with this text."""
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


def _known(reads: LineageReads, thing: str, log_folder: Path) -> Iterable[Meant]:
    """All things that have an id; from the log only matching ones."""
    yield from (Meant("image", image_id) for image_id in reads.store.history(Image)["image_id"].unique())
    yield from (Meant("erased image", tombstone) for tombstone in reads.store.history(ErasedImage)["tombstone"])
    yield from (Meant("model", model.model_digest) for model in reads.models)
    yield from (Meant("dataset version", version.dataset_id) for version in reads.versions)
    for answer in logged_predictions(log_folder, thing):
        yield from (Meant("answer", answer["prediction_id"]), Meant("image", answer["image_id"]))


def _nothing(reads: LineageReads, thing: str, log_folder: Path) -> str:
    """Message on the searched things, with the newest of each kind."""
    images = reads.store.history(Image)["image_id"]
    found = [f"{images.n_unique()} images"]
    found += [_counted("models", [model.model_digest for model in reads.models])]
    found += [_counted("dataset versions", [version.dataset_id for version in reads.versions])]
    log = "its answers" if any(log_folder.glob("predictions*.jsonl")) else "no prediction log"
    return f"nothing starts with {thing!r}; searched {', '.join(found)}, and {log} in {log_folder}"


def _counted(what: str, names: list[str]) -> str:
    newest = f" (newest {names[-1][:12]})" if names else ""
    return f"{len(set(names))} {what}{newest}"
