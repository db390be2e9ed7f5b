"""Tests that packages pass records: untyped dictionaries are only used where JSON from outside is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from house.untyped import is_public, untyped_signatures

ROOT = Path(__file__).parents[2]

BOUNDARY = {
    "pipeline_tasks/json_values": "defines the type",
    # Label Studio's annotations and tasks; an annotation is kept whole in the annotation log.
    "pipeline_tasks/annotations/parsing": "parses Label Studio's annotations",
    "pipeline_tasks/annotations/changes": "parses Label Studio's tasks",
    "pipeline_tasks/annotations/revisions": "picks the fields of Label Studio's annotation that are kept",
    "pipeline_tasks/annotations/annotation_names": "names Label Studio's annotations",
    "pipeline_tasks/labeling_rounds/comparing": "holds the data of Label Studio's tasks",
    "pipeline_tasks/labeling_rounds/mending": "gives annotations back to Label Studio",
    "pipeline_tasks/clients/label_studio": "receives Label Studio's tasks",
    "pipeline_tasks/clients/label_studio_tasks": "receives Label Studio's tasks",
    "pipeline_tasks/clients/label_studio_projects": "fields of a Label Studio project",
    "pipeline_tasks/kinds/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/classes/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/boxes/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/boxes/label_studio": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/masks/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/masks/label_studio": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/geometry/orientation": "reads the size from a region of Label Studio's annotation",
    "pipeline_tasks/kinds/keypoints/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/keypoints/label_studio": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/keypoints/decode": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/texts/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/texts/label_studio": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/kinds/texts/decode": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/multi_label/labeling": "parses the regions of Label Studio's annotation",
    "pipeline_tasks/formats/coco_keypoints": "parses categories and objects of a file of COCO",
    "pipeline_tasks/storage/blobs/annotation_log": "keeps Label Studio's annotation as it came",
    # Other services.
    "pipeline_tasks/clients/mlflow_api": "receives MLflow's responses",
    "pipeline_tasks/clients/prediction_server": "receives the prediction server's response",
    "pipeline_tasks/serving/documentation": "reads the OpenAPI schema",
    # Objects in a root, perhaps of an earlier release: these modules turn them into records.
    "pipeline_tasks/records/dataset_version": "reads a record",
    "pipeline_tasks/records/project_state": "reads a record",
    "pipeline_tasks/records/reading": "reads a record",
    "pipeline_tasks/storage/ledger/events": "parses an event; `read` and `value` give its records",
    "pipeline_tasks/storage/ledger/state": "parses a snapshot; `value` gives its records",
    "pipeline_tasks/storage/objects/seal": "checks the bytes of an object before it is a record",
    "pipeline_tasks/upgrades": "works on earlier forms, which have no record any more",
    # Lines of the prediction server's log.
    "pipeline_tasks/kinds/logged_prediction": "reads a line of the log",
    "pipeline_tasks/kinds/decoding": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/boxes/decode": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/masks/decode": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/classes/decode": "reads the kind's own fields of a line of the log",
    "pipeline_tasks/kinds/multi_label/decode": "reads the kind's own fields of a line of the log",
    # Airflow.
    "plugins/nightlens_airflow/cycle_of_run": "parses the form and the configuration of a DAG run",
    "plugins/nightlens_airflow/labelled_set_of_run": "parses the form and the configuration of a DAG run",
    "plugins/nightlens_airflow/stage_task": "hands a summary to XCom",
    "plugins/nightlens_airflow/tasks": "hands a summary to XCom",
    "plugins/nightlens_airflow/tasks_beside_nights": "hands a summary to XCom",
    "plugins/nightlens_airflow/tasks_of_pretraining": "hands a summary to XCom",
    "plugins/nightlens_airflow/tasks_of_search": "hands a summary to XCom",
    "plugins/nightlens_airflow/sign_off_operator": "takes a reply from Airflow, hands a summary to XCom",
    "plugins/nightlens_airflow/wait_for_annotators_sensor": "takes an event from Airflow, hands a summary to XCom",
    "plugins/nightlens_airflow/new_images_trigger": "Airflow's form of a trigger, and of what it keeps for it",
    "plugins/nightlens_airflow/wait_for_annotators_trigger": "Airflow's form of a trigger",
    "plugins/nightlens_airflow/label_studio/operators": "Airflow's form of operators, and data of Label Studio's tasks",
    "plugins/nightlens_airflow/label_studio/sensor": "takes an event from Airflow, hands counts to XCom",
    "plugins/nightlens_airflow/label_studio/trigger": "Airflow's form of a trigger",
    "plugins/nightlens_airflow/label_studio/provider": "Airflow's form of a provider",
    "plugins/nightlens_airflow/cvat/shapes": "parses CVAT's shapes",
    "plugins/nightlens_airflow/cvat/server": "receives CVAT's labels and annotations",
    "plugins/nightlens_airflow/cvat/operators": "Airflow's form of operators, and CVAT's labels",
    "plugins/nightlens_airflow/cvat/sensor": "takes an event from Airflow, hands counts to XCom",
    "plugins/nightlens_airflow/cvat/trigger": "Airflow's form of a trigger",
    "plugins/nightlens_airflow/cvat/provider": "Airflow's form of a provider",
    "plugins/nightlens_airflow/provider": "Airflow's form of a provider",
    "plugins/nightlens_airflow/numbered_index": "reads and writes an index file; each provider knows its own fields",
    # Lightning.
    "pipeline_tasks/models/best_epoch": "Lightning's form of a callback's state",
}
"""Module, or the only room of modules → why it has JSON in its public signatures. All others pass records."""


def test_packages__pass_records_and_not_untyped_dictionaries() -> None:
    inside = [one for one in untyped_signatures(ROOT) if is_public(one) and _module(one) not in BOUNDARY]

    assert inside == [], "wanted a record (see records/) in these signatures"


def test_boundary__lists_only_modules_with_untyped_signatures() -> None:
    found = {_module(one) for one in untyped_signatures(ROOT) if is_public(one)}

    assert sorted(BOUNDARY.keys() - found) == []


def _module(signature: str) -> str:
    module = signature.partition(":")[0]
    return "pipeline_tasks/upgrades" if module.startswith("pipeline_tasks/upgrades/") else module


@pytest.mark.parametrize(
    "source",
    [
        "def f(rows: dict[str, Any]) -> None: ...",
        "def f() -> list[dict[str, object]]: ...",
        "def f(*rows: Mapping[str, object]) -> None: ...",
        "def f() -> 'Mapping[str, Any] | None': ...",
        "def f(row: dict) -> None: ...",
        "def f(row: dict[Any, Any]) -> None: ...",
        "class C:\n    fields: Mapping[str, Any]",
        "class C:\n    def method(self) -> MutableMapping[str, Any]: ...",
        "Row = dict[str, Any]",
        "Row: TypeAlias = 'Mapping[str, object]'",
    ],
)
def test_untyped_signatures__sees_arguments_results_fields_and_aliases(source: str, tmp_path: Path) -> None:
    (tmp_path / "pipeline_tasks").mkdir()
    (tmp_path / "pipeline_tasks" / "room.py").write_text(source)

    assert len(list(untyped_signatures(tmp_path))) == 1


def test_untyped_signatures__follow_another_name_through_imports(tmp_path: Path) -> None:
    (tmp_path / "pipeline_tasks").mkdir()
    (tmp_path / "pipeline_tasks" / "one.py").write_text("Row = Mapping[str, object]\nRows = list[Row]\n")
    (tmp_path / "pipeline_tasks" / "two.py").write_text(
        "from pipeline_tasks.one import Rows as Table\ndef f(rows: Table) -> int: ...\nclass Row: ...\ndef g(row: Row): ...\n"
    )

    assert list(untyped_signatures(tmp_path)) == ["pipeline_tasks/one:Row", "pipeline_tasks/one:Rows", "pipeline_tasks/two:f"]


def test_is_public__leaves_out_what_stands_in_a_private_class() -> None:
    assert [is_public(f"room:{name}") for name in ("f", "C.f", "C.__call__", "_f", "_C.f", "C._f")] == [True] * 3 + [False] * 3
