"""Lineages of a prediction, of a model and of a dataset version, down to annotators and sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import polars as pl

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.figure_names import named_figures
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.lineage.lineage_data import LineageData, RecordedModel, RecordedVersion
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.gate_rule import GateRule
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.reports.figure_words import figure_words
from pipeline_tasks.reports.tree import Node, shortened
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table

ABOUT_VERSIONS = (Label, Annotation, SelectedImage, Sighting)
"""Tables whose rows about all images of a version must be in `LineageData.rows`."""


def prediction_lineage(prediction: LoggedPrediction, kind: Kind, model: Node, image: Node) -> Node:
    """A prediction with its model and its image."""
    says = kind.decoding.says(kind.decoding.read_prediction(dict(prediction.content)))
    says += ", predicted just now" if prediction.at is None else f", predicted {prediction.at} as {prediction.route}"
    says += ", marked unsure" if prediction.content.get("is_unsure") else ""
    return Node("prediction", prediction.prediction_id or "", says, prediction.as_json(), (model, image))


def model_lineage(model: RecordedModel, data: LineageData) -> Node:
    """A model with its decision, its figures and its dataset version."""
    trained = model.records.get(TrainModelSummary)
    rolled_back = "" if model.is_champion or not model.replaced_in else f"rolled back in cycle {list(model.replaced_in)[-1]}, "
    says = "the champion, " if model.is_champion else rolled_back
    says += f"trained in cycle {model.cycle_id} on {trained.train_images} images, code {model.code_version}"
    version = version_lineage(data.version_of_cycle(trained.dataset_cycle_id), data, besides=model.model_digest)
    fields: dict[str, Json] = {"cycle_id": model.cycle_id, "is_champion": model.is_champion, "code_version": model.code_version}
    fields |= {"backbone_digest": trained.backbone_digest, "mlflow_run_id": trained.mlflow_run_id}
    fields |= {"mlflow_url": trained.mlflow_url, "epochs": trained.epochs}
    return Node("model", model.model_digest, says, fields, (*_decisions(model), *_figures(model), version))


def version_lineage(version: RecordedVersion, data: LineageData, besides: str | None = None) -> Node:
    """A version with the origin of its labels and images, and the models trained on it."""
    summary = version.summary
    splits = ", ".join(f"{count} {split}" for split, count in summary.images_by_split.items())
    newest = ", the newest version" if version.is_newest else ""
    says = f"{summary.images} images ({splits}), built in cycle {version.cycle_id}{newest}"
    behind = [*_labels(version, data), *_people(version, data), *_selections(version, data), *_sources(version, data)]
    others = [model for model in data.models_of(version.dataset_id) if model.model_digest != besides]
    fields: dict[str, Json] = {"cycle_id": version.cycle_id, "is_newest": version.is_newest}
    fields |= asdict(summary)
    return Node("dataset version", version.dataset_id, says, fields, (*behind, *map(_trained_on, others)))


def _decisions(model: RecordedModel) -> Iterable[Node]:
    promoted, compared = model.records.find(PromoteModelSummary), model.records.find(CompareWithChampionSummary)
    decided = promoted or compared
    if decided is None:
        yield Node("decision", "none", "not decided yet")
    else:
        word = "promoted" if promoted is not None and promoted.is_promoted else "not promoted"
        yield Node("decision", word, decided.why or decided.skipped or "", asdict(decided), _rules(compared))
    for cycle_id in model.put_back_in:
        yield Node("decision", "put back", f"by a person in cycle {cycle_id}", {"cycle_id": cycle_id})
    for cycle_id, instead in model.replaced_in.items():
        says = f"by a person in cycle {cycle_id}; {shortened(instead)} became the champion again"
        yield Node("decision", "rolled back", says, {"cycle_id": cycle_id, "restored_model_digest": instead})


def _rules(compared: CompareWithChampionSummary | None) -> tuple[Node, ...]:
    """Every rule of the gate: figure, limit and verdict; its sentence is in the decision's own."""
    rules = () if compared is None else compared.rules
    return tuple(Node("rule", one.rule, _rule_says(one), asdict(one)) for one in rules)


def _rule_says(rule: GateRule) -> str:
    figure, limit = figure_words(rule.figure, rule.unit, is_difference=rule.is_difference), figure_words(rule.limit, rule.unit)
    return f"{rule.level}, {rule.verdict.replace('_', ' ')}: {figure}, limit {limit}"


def _figures(model: RecordedModel) -> Iterable[Node]:
    evaluated, names = model.records.find(EvaluateModelSummary), model.score_names
    if evaluated is None or evaluated.score is None or names is None:
        return
    low, high = evaluated.score_low, evaluated.score_high
    says = f"{names.words} {evaluated.score:.3f}"
    says += "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"
    says += f" on {evaluated.test_images} test images"
    if model.figures_by_name:
        worst = sorted(model.figures_by_name.items(), key=lambda one: (one[1], one[0]))[:3]
        says += f"; lowest {names.name_metric}: " + ", ".join(f"{name} {value:.2f}" for name, value in worst)
    by_name = {f"{names.name_metric}s": dict(model.figures_by_name)}
    yield Node("figures", "", says, asdict(evaluated) | named_figures(evaluated, names) | by_name)


def _labels(version: RecordedVersion, data: LineageData) -> Iterable[Node]:
    """Labels at the time when the version was built, by the cycle that resolved them and by question."""
    standing, measure = _before(data, Label, version, "image_id"), data.kind.labeling.agreement_measure
    grouped = standing.group_by("written_in", "label_config_digest", maintain_order=True)
    shared = pl.col("agreement_ratio").filter(pl.col("votes") > 1)
    for row in grouped.agg(pl.len(), shared.mean(), pl.col("votes").sum()).iter_rows(named=True):
        question = data.questions.get(row["label_config_digest"])
        says = f"{row['len']}, of {row['votes']} votes"
        shared_ratio = row["agreement_ratio"]
        says += "" if shared_ratio is None else f", of those by several people {measure.of_votes(shared_ratio)}"
        says += f"; label configuration {shortened(row['label_config_digest'])}" + (
            f", which asked: {question}" if question else ""
        )
        yield Node("labels of cycle", row["written_in"], says, row | {"question": question})


def _people(version: RecordedVersion, data: LineageData) -> Iterable[Node]:
    annotated = _before(data, Annotation, version, "annotation_id").filter(pl.col("state") == "answered")
    grouped = annotated.group_by("annotator_id").agg(
        pl.len(), pl.col("updated_at").min().alias("first"), pl.col("updated_at").max()
    )
    for row in grouped.sort("len", "annotator_id", descending=[True, False]).iter_rows(named=True):
        first, last = (local_time(row[name], data.time_zone) for name in ("first", "updated_at"))
        says = f"{row['len']} annotations, {first} to {last}"
        yield Node("annotator", row["annotator_id"], says, {"annotator_id": row["annotator_id"], "answers": row["len"]})


def _selections(version: RecordedVersion, data: LineageData) -> Iterable[Node]:
    chosen = _before(data, SelectedImage, version, "image_id")
    counted = chosen.with_columns(pl.col("arm").cast(pl.String)).group_by("written_in", "arm", maintain_order=True).len()
    arms: dict[str, dict[str, int]] = {}
    for cycle_id, arm, count in counted.iter_rows():
        arms.setdefault(cycle_id, {})[arm] = count
    for cycle_id, of_arm in arms.items():
        says = ", ".join(f"{count} in the {arm} arm" for arm, count in sorted(of_arm.items()))
        yield Node("selection of cycle", cycle_id, says, {"arms": of_arm})


def _sources(version: RecordedVersion, data: LineageData) -> Iterable[Node]:
    seen = _before(data, Sighting, version, "image_id", keep_all=True)
    grouped = seen.group_by("source").agg(
        pl.len(), pl.col("image_id").n_unique(), pl.col("modified_at").min().alias("first"), pl.col("modified_at").max()
    )
    for row in grouped.sort("source").iter_rows(named=True):
        says = f"{row['image_id']} images in {row['len']} files"
        if row["first"] is not None:
            says += ", modified " + " to ".join(local_time(row[name], data.time_zone) for name in ("first", "modified_at"))
        yield Node("source", row["source"], says, {"images": row["image_id"], "files": row["len"]})


def _trained_on(model: RecordedModel) -> Node:
    says = f"trained on it in cycle {model.cycle_id}{', the champion' if model.is_champion else ''}"
    return Node("model", model.model_digest, says, {"cycle_id": model.cycle_id, "is_champion": model.is_champion})


def _before(data: LineageData, table: type[Table], version: RecordedVersion, key: str, *, keep_all: bool = False) -> pl.DataFrame:
    """Rows of a table about the version's images at the time when it was built; the newest row of each key."""
    rows = data.rows[table].filter(pl.col("image_id").is_in(_images(data, version)), pl.col("sequence") < version.sequence)
    return rows if keep_all else rows.unique(key, keep="last", maintain_order=True)


def _images(data: LineageData, version: RecordedVersion) -> list[Any]:
    return data.images_of.get(version.dataset_id, pl.Series([], dtype=pl.String)).to_list()
