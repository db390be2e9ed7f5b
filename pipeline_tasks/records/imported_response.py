"""The annotation that a person gave at another labeling service, as an import of its results leaves it for the next collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImportedResponse:
    """One revision in the annotation log, and the labeling task that it is about."""

    annotation_id: str
    """`<service>-<digest>`, so that no annotation of Label Studio has it."""
    revision: str
    task_key: str
    round_id: str
    is_taken_back: bool = False
    """The service's owner rejected it after it was imported."""


SERVICES = ("mturk", "scale", "labelbox")
"""Services whose files are read and written: `labeling.service` in a project file."""


def is_imported(annotation_id: str) -> bool:
    """Return True for an annotation that came by a file; those of Label Studio begin with a project's number there."""
    return annotation_id.partition("-")[0] in SERVICES
