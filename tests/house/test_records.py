"""Tests that rooms pass records: a dictionary of anything stands only where JSON comes in or goes out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from house.untyped import untyped_signatures

ROOT = Path(__file__).parents[2]

ALLOWED = {
    # JSON of services outside, read and written at their edge.
    "pipeline_tasks/annotations/parsing": 3,  # Label Studio's annotation, kept whole in the annotation log
    "pipeline_tasks/annotations/changes": 4,  # Label Studio's tasks
    "pipeline_tasks/annotations/revisions": 4,  # Label Studio's annotation
    "pipeline_tasks/clients/experiment_log": 1,  # parameters as W&B takes them
    "pipeline_tasks/clients/label_studio": 1,
    "pipeline_tasks/clients/mlflow_api": 6,
    "pipeline_tasks/clients/model_registry": 1,  # parameters as MLflow takes them
    "pipeline_tasks/clients/prediction_server": 1,
    "pipeline_tasks/clients/training_log": 3,  # parameters as both trackers take them
    "pipeline_tasks/storage/blobs/annotation_log": 2,  # Label Studio's annotation
    # JSON that this house persists: these modules turn it into records and back.
    "pipeline_tasks/records/dataset_version": 2,
    "pipeline_tasks/records/project_state": 2,
    "pipeline_tasks/records/reading": 1,
    "pipeline_tasks/storage/ledger/events": 2,  # a summary and what it sets, until `read` and `value` type them
    "pipeline_tasks/storage/ledger/state": 1,  # until `value` types them
    "pipeline_tasks/storage/objects/seal": 4,
    "pipeline_tasks/upgrades/json_fields": 3,  # earlier forms, which have no record any more
    # A kind's own columns and JSON, which no other room reads.
    "pipeline_tasks/kinds/classes/class_kind": 2,
    "pipeline_tasks/kinds/classes/class_object": 2,
    "pipeline_tasks/kinds/classes/decode": 5,
    "pipeline_tasks/kinds/classes/labeling": 3,
    "pipeline_tasks/kinds/decoding": 5,
    "pipeline_tasks/kinds/kind": 2,
    "pipeline_tasks/kinds/labeling": 3,
    "pipeline_tasks/kinds/registry": 1,
    # The prediction server's answer, whose content is the kind's; and its log.
    "pipeline_tasks/lineage/lineage_data": 2,  # also rows of any table, inside the room
    "pipeline_tasks/models/exported": 1,  # a smoke image's expected answer
    "pipeline_tasks/serving/application": 1,
    "pipeline_tasks/serving/loaded_model": 1,
    "pipeline_tasks/serving/logged_predictions": 1,
    "pipeline_tasks/serving/prediction_log": 1,
    "pipeline_tasks/serving/prediction_threads": 1,
    # JSON for programs on standard output.
    "pipeline_tasks/commands/outcome": 1,
    "pipeline_tasks/reports/tree": 2,  # `explain --json`
    # What a library asks for.
    "pipeline_tasks/models/best_epoch": 2,  # Lightning's state of a callback
    "plugins/nightlens_airflow/cycle_of_run": 2,  # Airflow's form
    "plugins/nightlens_airflow/dag_settings": 5,  # Airflow's arguments of a DAG
    "plugins/nightlens_airflow/provider": 1,
    "plugins/nightlens_airflow/stage_task": 1,  # XCom
    "plugins/nightlens_airflow/tasks": 1,  # XCom
    "plugins/nightlens_airflow/wait_for_annotators_sensor": 3,  # XCom and a trigger's event
    "plugins/nightlens_airflow/wait_for_annotators_trigger": 3,
    "plugins/nightlens_plugin": 1,  # ASGI
    "pipeline_tasks/wiring/run": 1,  # XCom: a record's fields
    # Rows of tables, on the way into a frame or out of one. Typed rows would be better.
    "pipeline_tasks/datasets/publication": 1,
    "pipeline_tasks/images/computed_columns": 2,  # columns that the registry names
    "pipeline_tasks/selection/choosing": 1,
    "pipeline_tasks/selection/clips": 1,
    "pipeline_tasks/selection/pool": 2,
    "pipeline_tasks/selection/wanted": 1,
    "pipeline_tasks/stages/label/collect_annotations": 1,
    "pipeline_tasks/stages/tend/backfill": 1,
}
"""Module → how many of its public signatures pass a dictionary of anything. Numbers only go down."""


def test_rooms__pass_records_and_not_dictionaries_of_anything() -> None:
    public = [one for one in untyped_signatures(ROOT) if is_public(one.partition(":")[2])]
    found = Counter(one.partition(":")[0] for one in public)

    more = {module: count for module, count in found.items() if count > ALLOWED.get(module, 0)}
    assert more == {}, f"wanted a record (see records/) in: {[one for one in public if one.partition(':')[0] in more]}"


def is_public(owner: str) -> bool:
    return not owner.startswith("_") or owner.startswith("__")


@pytest.mark.parametrize(
    "source",
    [
        "def f(rows: dict[str, Any]) -> None: ...",
        "def f() -> list[dict[str, object]]: ...",
        "class C:\n    fields: Mapping[str, Any]",
        "Row = dict[str, Any]",
    ],
)
def test_untyped_signatures__sees_arguments_results_fields_and_aliases(source: str, tmp_path: Path) -> None:
    (tmp_path / "pipeline_tasks").mkdir()
    (tmp_path / "pipeline_tasks" / "room.py").write_text(source)

    assert len(list(untyped_signatures(tmp_path))) == 1
