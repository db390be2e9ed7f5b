"""Results as services give them back: what people said about the images of an exported round."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

MTURK = (
    *("HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime", "MaxAssignments"),
    *("RequesterAnnotation", "AssignmentDurationInSeconds", "AutoApprovalDelayInSeconds", "Expiration", "NumberOfSimilarHITs"),
    *("LifetimeInSeconds", "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "SubmitTime", "AutoApprovalTime"),
    *("ApprovalTime", "RejectionTime", "RequesterFeedback", "WorkTimeInSeconds", "LifetimeApprovalRate"),
    *("Last30DaysApprovalRate", "Last7DaysApprovalRate", "Input.image_url", "Input.task_key", "Answer.taskAnswers"),
    *("Approve", "Reject"),
)
"""Columns of a batch's results, in MTurk's order."""
SIZE = {"height": 480, "width": 640}
"""Size of the images of `LabelingRound`."""
BOX = {"left": 64, "top": 48, "width": 128, "height": 96}


def mturk_row(task_key: str, said: object, number: int = 1, worker: str = "A1WORKER", **columns: str) -> dict[str, str]:
    """One assignment; `said` is the value of the page's element."""
    row = {
        "HITId": f"3HIT{task_key[:4]}",
        "AssignmentId": f"3ASSIGNMENT{number}",
        "WorkerId": worker,
        "AssignmentStatus": "Submitted",
        "SubmitTime": f"Sat Nov 21 14:{number:02d}:09 PST 2026",
        "WorkTimeInSeconds": "11",
        "Input.task_key": task_key,
        "Answer.taskAnswers": json.dumps([{"annotatedResult": said}]),
    }
    return row | columns


def mturk_csv(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = MTURK) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def scale_task(task_key: str, response: Mapping[str, Any], number: int = 1, **fields: Any) -> dict[str, Any]:
    """One completed task."""
    times = {"created_at": "2026-11-21T22:00:00.000Z", "completed_at": f"2026-11-21T23:{number:02d}:10.798Z"}
    about = {"task_id": f"576ba74eec471ff9b0155{number:03d}", "type": "categorization", "status": "completed"}
    return about | times | {"unique_id": task_key, "metadata": {"task_key": task_key, "person": 0}, "response": response} | fields


def labelbox_label(number: int, annotations: Mapping[str, Any], who: str = "jo@example.com", changed: str = "") -> dict[str, Any]:
    """One label of a data row."""
    made = f"2026-11-21T23:{number:02d}:00.000+00:00"
    return {
        "label_kind": "Default",
        "version": "1.0.0",
        "id": f"clabel{number}",
        "label_details": {"created_at": made, "updated_at": changed or made, "created_by": who, "reviews": []},
        "performance_details": {"seconds_to_create": 7, "seconds_to_review": 0, "skipped": False},
        "annotations": {"objects": [], "classifications": [], "relationships": []} | dict(annotations),
    }


def labelbox_row(task_key: str, *labels: Mapping[str, Any]) -> str:
    """One line of an export: a data row with its labels."""
    return json.dumps(
        {
            "data_row": {"id": "cdatarow", "global_key": task_key, "row_data": "https://images.example/1.jpg"},
            "media_attributes": SIZE | {"asset_type": "image", "mime_type": "image/jpeg"},
            "projects": {"cproject": {"name": "parts", "labels": list(labels), "project_details": {"ontology_id": "conto"}}},
        }
    )


def radio(name: str) -> dict[str, Any]:
    """A class chosen in Labelbox."""
    chosen = {"name": name, "value": name, "classifications": []}
    return {"classifications": [{"name": "What does the image show?", "value": "what", "radio_answer": chosen}]}


def labelbox_box(name: str, **box: float | None) -> dict[str, Any]:
    """A box drawn in Labelbox."""
    return {"name": name, "value": name, "annotation_kind": "ImageBoundingBox", "classifications": [], "bounding_box": BOX | box}
