"""Lineage of one image, prediction, model or dataset version: its origin and results. Changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.lineage.meaning import meant_by
from pipeline_tasks.lineage.of_images import image_lineage
from pipeline_tasks.lineage.of_models import model_lineage, prediction_lineage, version_lineage
from pipeline_tasks.lineage.reading import LineageReads
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.records.erase import EraseSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.reports.tree import Node
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.rows_about import rows_about
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.erased_image import ErasedImage


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
    meant = meant_by(reads, thing, log_folder)
    return _BY_KIND[meant.kind](reads, meant.name, log_folder)


def _explain_file(reads: LineageReads, content: bytes, log_folder: Path, decoder: Decoder) -> Node:
    """The champion's prediction for these bytes, and the image if it is known; only the image if there is no champion."""
    image_id = hashlib.sha256(content).hexdigest()
    champion = reads.store.state().champion
    if champion is None:
        return _explain_image(reads, image_id, log_folder)
    model = ExportedModel(read_model(reads.store.objects, champion.model_digest))
    image = decoder.decode(content, form_for_model(NEWEST, model.side_px, model.framing))
    objects = model.objects(model_image(image.pixels, model.side_px, model.framing), image.size_px)
    predicted = asdict(model.kind.decoding.predict(objects, image.size_px, min_confidence=0.0))
    return _explain_prediction(reads, LoggedPrediction(image_id, champion.model_digest, champion.dataset_id, predicted), log_folder)


def _explain_prediction(reads: LineageReads, prediction: LoggedPrediction, log_folder: Path) -> Node:
    model = reads.model(prediction.model_digest)
    if model is None:
        model_node = Node(
            "model",
            prediction.model_digest,
            "unknown to this project: it was emptied since then, or the model is of another project",
        )
    else:
        model_node = model_lineage(model, reads.about_version(reads.version_of_model(model)))
    return prediction_lineage(prediction, reads.kind, model_node, _explain_image(reads, prediction.image_id, log_folder))


def _explain_logged(reads: LineageReads, prediction_id: str, log_folder: Path) -> Node:
    logged = logged_predictions(log_folder, prediction_id)
    return _explain_prediction(reads, next(one for one in logged if one.prediction_id == prediction_id), log_folder)


def _explain_image(reads: LineageReads, image_id: str, log_folder: Path) -> Node:
    predictions = [one for one in logged_predictions(log_folder, image_id) if one.image_id == image_id]
    return image_lineage(image_id, reads.about_image(image_id, predictions))


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
    at = local_time(utc(opened.started_at), reads.time_zone)
    says = f"an image that was erased in cycle {cycle_id}, started {at}; nothing else is left of it"
    return Node("erased image", tombstone, says, {"cycle_id": cycle_id, "erased_with_it": erased.images - 1})


_BY_KIND: dict[str, Callable[[LineageReads, str, Path], Node]] = {
    "image": _explain_image,
    "prediction": _explain_logged,
    "model": _explain_model,
    "dataset version": _explain_version,
    "erased image": _explain_erased,
}
