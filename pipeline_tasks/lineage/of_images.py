"""Lineage of an image: its source files, labels, dataset versions, models and predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, ObjectColumns
from pipeline_tasks.kinds.refused import object_of, problems, says_of, usable
from pipeline_tasks.label_errors.object_doubts import doubt_says
from pipeline_tasks.lineage.lineage_data import LineageData, RecordedModel, RecordedVersion
from pipeline_tasks.records.cycle import local_time, utc
from pipeline_tasks.reports.tree import Node, shortened
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.dataset_image import LABEL_NAME, DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import TURNS, DuplicatePair
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.sighting import POSITION, Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

ABOUT_IMAGES = (
    Image,
    Sighting,
    Measurement,
    QualityIssue,
    DuplicateGroup,
    DuplicatePair,
    SplitGroup,
    SelectedImage,
    SelectionScore,
    LabelingTask,
    Annotation,
    Label,
    LabelObject,
    ImportedLabel,
    LabelSuspect,
    ObjectSuspect,
    SecondLook,
    LabelVerdict,
    DatasetImage,
)
"""Tables whose rows about the image must be in `LineageData.rows`, beside `splits`, annotated objects and predictions."""


def image_lineage(image_id: str, data: LineageData) -> Node:
    """An image with everything that was ever recorded about it."""
    seen, predictions = data.of(Image, image_id).to_dicts(), tuple(_predictions(image_id, data))
    if not seen:
        says = "not in this project: no source had a file with these bytes"
        return Node("image", image_id, says, {"is_known": False}, predictions)
    children = [*_sightings(image_id, data), *_quality(image_id, data), *_groups(image_id, data)]
    children += [*_selections(image_id, data), *_labels(image_id, data), *_doubts(image_id, data)]
    children += [*_versions(image_id, data), *predictions]
    first = seen[0]
    says = f"{first['width_px']} x {first['height_px']} px {first['file_format']}, taken in by cycle {first['written_in']}"
    return Node("image", image_id, says, {"is_known": True} | _json(first), tuple(children))


def _sightings(image_id: str, data: LineageData) -> Iterable[Node]:
    for row in data.of(Sighting, image_id).to_dicts():
        tags = "".join(f", {name} {row[name]}" for name in ("device", "clip", "site", "day") if row[name] is not None)
        says = f"modified {_moment(row['modified_at'], data.time_zone)}{tags}, seen by cycle {row['written_in']}"
        shown = {name: value for name, value in row.items() if name not in POSITION}
        yield Node("sighting", f"{row['source']}:{row['key']}", says + _origin(row, data.time_zone), _json(shown))


def _origin(row: dict[str, Any], time_zone: str) -> str:
    """Circumstances of the capture, and rights, as far as they are known."""
    said = [f"captured {_moment(row['captured_at'], time_zone)} by {row['captured_from']}"] if row["captured_at"] else []
    said += [f"{name} {row[name]}" for name in ("camera", "licence", "author", "origin_url") if row[name] is not None]
    said += ["synthetic"] if row["is_synthetic"] else []
    if row["kept_because"] is not None:
        score = "" if row["device_score"] is None else f", its model's score {row['device_score']:.3f}"
        said.append(f"kept by its device as {row['kept_because'].replace('_', ' ')}{score}")
    return "".join(f"; {one}" for one in said)


def _quality(image_id: str, data: LineageData) -> Iterable[Node]:
    for row in data.of(Measurement, image_id).to_dicts()[-1:]:
        says = ", ".join(f"{name} {row[name]:.4g}" for name in ("luma_mean", "luma_contrast", "sharpness", "entropy_bits"))
        yield Node("measurements", "", says, _json(row) | {"perceptual_hash": f"{row['perceptual_hash']:016x}"})
    for row in data.of(QualityIssue, image_id).to_dicts():
        says = f"{row['value']:.4g}, limit {row['limit']:.4g}; quarantined in cycle {row['written_in']}"
        yield Node("quality issue", row["rule"], says, _json(row))


def _groups(image_id: str, data: LineageData) -> Iterable[Node]:
    rows = data.of(DuplicateGroup, image_id).to_dicts()
    evidence = tuple(_pair(row) for row in data.of(DuplicatePair, image_id).to_dicts())
    for row in [row for row in rows if row["sequence"] == rows[-1]["sequence"]]:
        members = data.group_members.get(row["duplicate_group_id"], ())
        contested = "contested: resembles groups of different splits and is used by none; " if row["is_contested"] else ""
        others = [shortened(one) for one in members if one != image_id]
        says = contested + (f"{len(members)} images, with {_some(others)}" if others else "no other image")
        yield Node("duplicate group", row["duplicate_group_id"], says, _json(row) | {"members": list(members)}, evidence)
    for row in data.of(SplitGroup, image_id).to_dicts()[-1:]:
        splits = data.of(Split, row["split_group_id"], "split_group_id").to_dicts()[:1]
        says = "no split yet: it was never selected"
        if splits:
            says = f"{splits[0]['split']}, by {splits[0]['policy']} in cycle {splits[0]['written_in']}"
        fields = _json(row) | {"split": splits[0]["split"] if splits else None, "policy": splits[0]["policy"] if splits else None}
        yield Node("split group", row["split_group_id"], says, fields)


def _pair(row: dict[str, Any]) -> Node:
    said = {"pixels": "the same pixels", "hash": f"hashes differ in {row['value']:.0f} bits"}
    says = said.get(row["method"], f"cosine {row['value']:.3f}")
    if row["turn"] is not None:
        how = "" if row["turn"] == TURNS[0] else f" {row['turn'].replace('_', ' ')},"
        says += f"; aligned with its group's first image{how} detail correlates {row['agreement']:.2f}, the largest difference is "
        says += f"{row['difference']:.2f}"
    return Node("resembles" if row["is_same"] else "told apart", row["other_image_id"], says, _json(row))


def _selections(image_id: str, data: LineageData) -> Iterable[Node]:
    for row in data.of(SelectedImage, image_id).to_dicts():
        scores = [one for one in data.of(SelectionScore, image_id).to_dicts() if one["written_in"] == row["written_in"]]
        says = f"rank {row['rank']} of the {row['arm']} arm, by {row['strategy']} (score {row['score']:.3g}): {row['reason']}"
        fields = _json(row) | {"scores": {one["objective"]: one["score"] for one in scores}}
        yield Node("selection", row["written_in"], says, fields)


def _labels(image_id: str, data: LineageData) -> Iterable[Node]:
    """All labels that the image ever had, newest last, with the annotations at that time."""
    for row in data.of(Label, image_id).to_dicts():
        things = [one for one in data.of(LabelObject, image_id).to_dicts() if one["sequence"] == row["sequence"]]
        objects = _objects(things, data)
        meaning = data.kind.labeling.says(objects) if row["state"] == "labelled" else row["state"]
        origin = _set_of_label(image_id, row, data)
        by = f"votes {row['votes']}, {_agreement(row, data)}resolved" if origin is None else f"{_from_set(origin)}, taken in"
        says = f"{row['state']}, {by} in cycle {row['written_in']}; label configuration {shortened(row['label_config_digest'])}"
        question = data.questions.get(row["label_config_digest"])
        says += f", which asked: {question}" if question and origin is None else ""
        quality = row["consensus_quality"]
        says += "" if quality is None else f"; believed with {quality:.2f} by people and a model, weighed"
        fields = (
            _json(row)
            | dict(data.kind.labeling.as_json(objects))
            | {"question": question, "origin": None if origin is None else _json(origin)}
        )
        yield Node("label", meaning, says, fields, tuple(_annotations(image_id, row, data)))


def _doubts(image_id: str, data: LineageData) -> Iterable[Node]:
    """Nights that found the label doubtful."""
    for row in data.of(LabelSuspect, image_id).to_dicts():
        says = f"labelled {row['given_name']} (belief {row['belief_given']:.2f}), in cycle {row['written_in']}"
        yield Node("looks like", f"{row['suggested_name']} (belief {row['belief_suggested']:.2f})", says, _json(row))
    for row in data.of(ObjectSuspect, image_id).with_columns(pl.col("wrong").cast(pl.String)).to_dicts():
        says = f"doubt {row['doubt']:.2f}, by model {shortened(row['model_digest'])}, which had not seen the label, "
        what = doubt_says(row["wrong"], row["given_name"], row["suggested_name"])
        yield Node("doubted object", what, f"{says}in cycle {row['written_in']}", _json(row))
    verdicts = {row["round_id"]: row for row in data.of(LabelVerdict, image_id).to_dicts()}
    for row in data.of(SecondLook, image_id).to_dicts():
        verdict = verdicts.get(row["round_id"])
        yield Node("second look", f"{row['purpose']} in round {row['round_id']}", row["reason"] + _verdict(verdict), _json(row))


def _verdict(row: dict[str, Any] | None) -> str:
    """The outcome of a second look; empty before it has an annotation."""
    if row is None:
        return ""
    found = {"stands": "the label stands", "fixed": "the label was wrong", "unclear": "that settled nothing"}[row["verdict"]]
    who = f"{row['annotator_id']}, who had annotated it before," if row["is_same_person"] else row["annotator_id"]
    return f" In cycle {row['written_in']}: {who} said {row['answered']}; {found}."


def _set_of_label(image_id: str, label: dict[str, Any], data: LineageData) -> dict[str, Any] | None:
    """The labelled set that says a label; None for one of people."""
    if label["votes"] or label["state"] not in ("labelled", "empty"):
        return None
    rows = data.of(ImportedLabel, image_id).to_dicts()
    return next((one for one in rows if one["labels_version"] == label["labels_version"]), None)


def _from_set(origin: dict[str, Any]) -> str:
    said_in = origin["annotation_file"] or "no file, as its format needs none"
    licence = origin["licence"] or "not stated"
    people = f", said by {origin['annotators']}" if origin["annotators"] else ""
    return f"by the labelled set {origin['set_name']} ({origin['format_name']}, {said_in}; licence {licence}{people})"


def _agreement(row: dict[str, Any], data: LineageData) -> str:
    """Agreement of the votes with the label, by the kind's measure; not defined for a single annotator."""
    return f"{data.kind.labeling.agreement_measure.of_votes(row['agreement_ratio'])}, " if row["votes"] > 1 else ""


def _annotations(image_id: str, label: dict[str, Any], data: LineageData) -> Iterable[Node]:
    """Annotations in their revisions at the time when a label was resolved; the label names those that count."""
    seen = data.of(Annotation, image_id).to_dicts()
    standing = {row["annotation_id"]: row for row in seen if row["sequence"] <= label["sequence"]}
    votes = label["vote_ids"]
    tasks = {row["task_key"]: row for row in data.of(LabelingTask, image_id).to_dicts()}
    for row in standing.values():
        said = data.of(AnnotationObject, row["annotation_id"], "annotation_id").to_dicts()
        things = [one for one in said if one["revision"] == row["revision"]]
        task = tasks.get(row["task_key"], {})
        objects = _objects(things, data)
        meaning = says_of(objects, data.kind.labeling) if row["state"] == "answered" else row["state"]
        took = "" if row["lead_time_s"] is None else f" in {row['lead_time_s']:.1f} s"
        says = f"{meaning}, by {row['annotator_id']}{took}, {_moment(row['updated_at'], data.time_zone)}, round {row['round_id']}"
        says += f" ({task['purpose']}, Label Studio task {task['label_studio_task_id']})" if task else ""
        is_vote = None if votes is None else row["annotation_id"] in votes
        says += "" if is_vote in (None, True) else "; no vote"
        fields = (
            _json(row) | dict(data.kind.labeling.as_json(usable(objects))) | {"purpose": task.get("purpose"), "is_vote": is_vote}
        )
        fields |= {"refused": list(problems(objects))} if problems(objects) else {}
        yield Node("annotation", row["annotation_id"], says, fields)


def _versions(image_id: str, data: LineageData) -> Iterable[Node]:
    """Versions that contain the image, and the models trained on them."""
    for row in data.of(DatasetImage, image_id).to_dicts():
        version = data.version_of_cycle(row["written_in"])
        newest = ", the newest version" if version.is_newest else ""
        name = f"{row[LABEL_NAME] or row['label_kind']}{_renamed_from(row[LABEL_NAME], version, image_id, data)}"
        says = f"as {name} in {row['split']}, built in cycle {version.cycle_id}{newest}"
        models = tuple(_model(model, row["split"]) for model in data.models_of(version.dataset_id))
        yield Node("dataset version", version.dataset_id, says, _json(row), models)


def _renamed_from(name: str | None, version: RecordedVersion, image_id: str, data: LineageData) -> str:
    """Say it if the label in force said another name when the version was built."""
    said = data.of(LabelObject, image_id).filter(pl.col("sequence") < version.sequence)
    old = said[LABEL_NAME].to_list()[-1] if said.height else None
    return f" (renamed from {old})" if old is not None and name is not None and old != name else ""


def _model(model: RecordedModel, split: str) -> Node:
    use = "tested on it, not trained on it" if split == "test" else f"used in its training ({split})"
    says = f"{use}, cycle {model.cycle_id}{', the champion' if model.is_champion else ''}"
    fields: dict[str, Json] = {"cycle_id": model.cycle_id, "is_trained_on_it": split != "test", "is_champion": model.is_champion}
    return Node("model", model.model_digest, says, fields)


def _predictions(image_id: str, data: LineageData) -> Iterable[Node]:
    """Predictions of models on it as a test image, and of the prediction server."""
    decoding = data.kind.decoding
    predicted = data.rows[data.kind.scoring.prediction_table].filter(pl.col("image_id") == image_id)
    for row in data.kind.scoring.main_predictions(predicted).iter_rows(named=True):
        says = f"{decoding.says(decoding.read_prediction(row))}, evaluated in cycle {row['written_in']}"
        yield Node("test prediction", row["model_digest"], says, _json(row))
    for one in data.predictions:
        if one.image_id == image_id:
            said = decoding.says(decoding.read_prediction(dict(one.content)))
            at = "" if one.at is None else f", {local_time(utc(one.at), data.time_zone)}"
            says = f"{said}{at}, by model {shortened(one.model_digest)}"
            yield Node("prediction", one.prediction_id or "", says, one.as_json())


def _objects(things: Sequence[dict[str, Any]], data: LineageData) -> tuple[Any, ...]:
    """Objects of a label or an annotation, as its kind reads them."""
    columns = [ObjectColumns(**{name: one[name] for name in OBJECT_COLUMNS}) for one in things]
    return tuple(object_of(one, data.kind.labeling) for one in columns)


def _some(names: Sequence[str], count: int = 5) -> str:
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more


def _moment(moment: datetime | None, time_zone: str) -> str:
    return "at an unknown time" if moment is None else local_time(moment, time_zone)


def _json(row: dict[str, Any]) -> dict[str, Json]:
    """A row as JSON-able values."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
