"""Test that no trace of an erased image is left in the root, beside it, or in an updated backup."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from given_night import Night, a_night

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.publish.publishing import publish
from pipeline_tasks.commands.versions.describing import describe
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.care.backup import back_up
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.tables.table_files import read_table
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.wiring.outside_copies import OutsideCopies

pytestmark = pytest.mark.slow

ERASURE = "2026-11-22T120000"


class Traces:
    """Everything by which an image could be found."""

    def __init__(self, night: Night, image_id: str) -> None:
        store = night.store
        row = store.history(Image).filter(pl.col("image_id") == image_id).row(0, named=True)
        vector = store.history(Embedding).filter(pl.col("image_id") == image_id)["embedding"].explode().to_numpy()
        self.image_id, self.md5 = image_id, row["md5"]
        original = next(path for path in (night.folder / "inbox").iterdir() if sha256(path) == image_id).read_bytes()
        thumbnail = read_thumbnail(store.objects, image_id)
        self.needles = [
            image_id.encode(),
            image_id[:16].encode(),
            self.md5.encode(),
            f"{self.md5[:2]}/{self.md5[2:]}".encode(),
            original,
            thumbnail,
            base64.b64encode(thumbnail),
            vector.astype(np.float32).tobytes(),
            vector.astype(np.float16).tobytes(),
            bytes.fromhex(image_id),
        ]
        self.vector = vector

    def found_in(self, where: Iterator[tuple[str, bytes]]) -> list[str]:
        """Names of what still shows a trace, in its name or its bytes; tables are also looked through row by row."""
        found = []
        for name, content in where:
            in_bytes = any(needle in content or needle in name.encode() for needle in self.needles)
            # Compacted rows are Parquet behind a digest.
            table = content if name.endswith(".parquet") else content[32:] if is_compacted(name) else None
            if in_bytes or (table is not None and self._in_table(table)):
                found.append(name)
        return found

    def _in_table(self, content: bytes) -> bool:
        rows = pl.read_parquet(io.BytesIO(content))
        text = rows.write_json()
        in_vectors = "embedding" in rows.columns and any(np.array_equal(np.array(one), self.vector) for one in rows["embedding"])
        return in_vectors or self.image_id[:16] in text or self.md5 in text


def is_compacted(name: str) -> bool:
    """Return True for rows of a table; events are compacted as text."""
    return layout.COMPACTED in name and f"{layout.COMPACTED}events/" not in name


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def every_file(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files and links below a folder, but what a person keeps in the inbox and in a clone."""
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            yield name, b""
        elif path.is_file() and name.split("/")[0] not in ("inbox", "clone"):
            yield name, path.read_bytes()


def every_object(objects: ObjectStore) -> Iterator[tuple[str, bytes]]:
    return ((key, objects.read(key).content) for key in objects.list(""))


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A project on disk, where the wiring looks for it."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "none"))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night = a_night(tmp_path)
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "parts.yaml").write_text(yaml.safe_dump(night.project.model_dump(mode="json")))
    night.store = Store(DiskObjects(tmp_path / "roots" / "parts"))
    return night


def erase(night: Night, *image_ids: str, cycle_id: str = ERASURE) -> dict[str, Any]:
    outside = OutsideCopies(night.project, night.folder, lambda where: DiskObjects(Path(where)))
    return night.run(
        "erase", cycle_id, image_ids=list(image_ids), label_studio_if_there=night.server.client(), outside_copies=outside
    )


def a_training_image(night: Night) -> str:
    rows = night.store.read(DatasetImage, "2026-11-21").filter(pl.col("split") == "train")
    return str(rows["image_id"][0])


def test_erase__leaves_no_trace_of_the_image_and_all_versions_intact(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")
    image_id = a_training_image(night)
    first = dataset_versions(night.store)[0].dataset_id
    publish("parts", first, night.folder / "clone")
    publish("parts", first, night.folder / "clone" / "canonical", is_canonical=True)
    log = PredictionLog(night.folder / "serving" / "parts")
    for one in ("a" * 64, image_id, "b" * 64):
        log.append(LoggedPrediction(one, "", "", {}, prediction_id=one[:8] * 4))
    log.close()
    traces = Traces(night, image_id)
    assert len(traces.found_in(every_file(night.folder))) > 15, "the search finds what is there"

    copy = MemoryObjects()
    back_up(night.store.objects, copy)
    assert main(["erase", "--project", "parts", "--image", image_id[:12]]) == 0
    dry = json.loads(capsys.readouterr().out)

    summary = erase(night, image_id[:12])
    back_up(night.store.objects, copy)

    assert traces.found_in(every_file(night.folder)) == []
    assert traces.found_in(every_object(copy)) == []
    assert (dry["is_done"], dry["rows_by_table"], dry["models"]) == (False, summary["rows_by_table"], summary["models"])
    assert summary["images"] == 1
    assert summary["models"] == [night.store.state().values["champion"]["model_digest"]]
    assert summary["labeling_tasks"] >= 1
    assert image_id not in {task["data"]["image_id"] for task in night.server.tasks.values()}
    assert len((night.folder / "serving" / "parts" / "predictions.jsonl").read_text().split()) == 2
    assert verify_objects(night.store.objects)[0].damaged == []
    assert erase(night, image_id) == summary, "twice is once"

    for version in dataset_versions(night.store):
        with progress_bar("verify", io.StringIO()) as progress:
            verified = verify_version(night.store, version, progress, reads_bytes=True)
        assert verified.is_fine, verified
        assert verified.erased == describe(night.store, version).erased == 1
    again = publish("parts", first, night.folder / "clone" / "again")
    assert again.images == describe(night.store, dataset_versions(night.store)[0]).images

    night.bring(range(30, 34))
    told = night.cycle("2026-11-22")
    assert told["build_dataset_version"]["is_changed"]
    refused = night.store.read(RejectedSighting, "2026-11-22").filter(pl.col("reason").cast(pl.String) == "erased")
    assert refused.height >= 1
    assert traces.found_in(every_file(night.folder)) == []
    for table in (Image, RejectedSighting):
        assert all(read_table(night.store.objects, table, file) is not None for file in night.store.files(table))
