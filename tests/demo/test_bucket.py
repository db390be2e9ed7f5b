"""Tests of the demo in a bucket: the project that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.bucket import MORE_THAN_ANY, bucket_inbox
from demo.inbox import parts_inbox, trays_inbox
from pipeline_tasks.wiring.projects import read_project


@pytest.mark.parametrize("kind", ["class", "box"])
def test_bucket_inbox__writes_the_same_project_with_source_and_root_in_the_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    local = parts_inbox(tmp_path, 50) if kind == "class" else trays_inbox(tmp_path, 50, kind)

    inbox = bucket_inbox(local, tmp_path, budget=7)

    first, second = read_project(local.project), read_project(inbox.project)
    assert (inbox.project, inbox.folder, inbox.truth_file) == (f"{local.project}_s3", local.folder, local.truth_file)
    assert (second.root, second.connections.s3) == (f"s3://nightlens/roots/{inbox.project}", "nightlens_s3")
    (source,) = second.sources
    assert (source.kind, source.name, source.connection_id()) == ("s3", "inbox", "nightlens_s3")
    assert source.metadata_keys() == first.sources[0].metadata_keys()
    assert (second.new_images.min_images, second.selection.budget) == (MORE_THAN_ANY, 7), "no old image starts a night"
    others = {"project", "root", "sources", "new_images", "selection", "connections"}
    assert second.model_dump(exclude=others) == first.model_dump(exclude=others)
