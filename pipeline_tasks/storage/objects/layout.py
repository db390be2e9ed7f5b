"""Layout of a project's root: all keys are built here."""

from __future__ import annotations

GENERATION = "generation.json"
SERVING_POINTER = "serving/current.json"
LEDGER = "ledger/"
SNAPSHOTS = "snapshots/"
VERSIONS = "versions/"
SET_ASIDE = "set_aside/"
ORIGINALS = "files/md5/"
TABLES = "tables/"
PUBLICATIONS = "published/"
TRASH = "trash/"
COMPACTED = "compacted/"
ERASURE_PLANS = "erasing/"
ERASURE_KEY = "erasures/key.json"
RESPONSES = "imported_responses/"


def original(md5: str) -> str:
    """Key of an original file, in DVC's remote layout."""
    return f"{ORIGINALS}{md5[:2]}/{md5[2:]}"


def derived(recipe_digest: str, name: str) -> str:
    """Key of a derived object that is made again when needed: a thumbnail, an exported backbone."""
    return f"derived/{recipe_digest}/{name}"


def table(name: str, cycle_id: str, sha256: str) -> str:
    """Key of a table file; it contains the digest of the content, so that two writers cannot disagree about it."""
    return f"{tables_of(name, cycle_id)}part-{sha256[:24]}.parquet"


def tables_of(name: str, cycle_id: str) -> str:
    """Prefix of the files that a cycle has written of one table."""
    return f"tables/{name}/cycle={cycle_id}/"


def compacted(what: str, sha256: str) -> str:
    """Key of a cache that combines many small objects, named by the digest of its inputs."""
    return f"{COMPACTED}{what}/{sha256[:24]}"


def shard(name: str, cycle_id: str, number: int) -> str:
    """Key of one mapped task's output; only the next stage reads it."""
    return f"parts/{name}/cycle={cycle_id}/shard-{number:05d}.parquet"


def event(sequence: int) -> str:
    """Key of a ledger event."""
    return f"{LEDGER}{sequence:012d}.json"


def snapshot(sequence: int) -> str:
    """Key of a snapshot, the cached fold of all events up to this one."""
    return f"{SNAPSHOTS}{sequence:012d}.json"


def cycle_settings(cycle_id: str, sha256: str) -> str:
    """Key of the settings that `open_cycle` froze."""
    return f"cycles/{cycle_id}/{sha256[:24]}.json"


def annotation_revision(annotation_id: str, revision: str) -> str:
    """Key of one revision of one annotation."""
    return f"annotation_log/{annotation_id}/{revision}.json"


def responses(sequence: int) -> str:
    """Key of one import of responses from a file of a labeling service."""
    return f"{RESPONSES}{sequence:012d}.json"


def version_file(dataset_id: str, name: str) -> str:
    """Key of a leaf of a dataset version's manifest."""
    return f"{VERSIONS}{dataset_id}/{name}"


def publication(dataset_id: str, recipe: str) -> str:
    """Key of the record of a published version."""
    return f"{PUBLICATIONS}{dataset_id}/{recipe}.json"


def model(model_digest: str) -> str:
    """Key of one ONNX file."""
    return f"models/{model_digest}.onnx"


def checkpoint(cycle_id: str, name: str) -> str:
    """Key of a checkpoint, from which a killed training resumes."""
    return f"checkpoints/{cycle_id}/{name}"


def set_aside(key: str, sha256: str) -> str:
    """Key of damaged bytes that were replaced by good ones."""
    return f"{SET_ASIDE}{sha256[:24]}/{key}"


def trash(key: str) -> str:
    """Key in the trash of an unneeded object, until it is deleted for good."""
    return f"{TRASH}{key}"


def erasure_plan(cycle_id: str) -> str:
    """Key of the plan of an unfinished erasure; deleted in the erasure's last step."""
    return f"{ERASURE_PLANS}{cycle_id}.json"


def report(cycle_id: str, name: str) -> str:
    """Key of a file of a cycle's report."""
    return f"reports/{cycle_id}/{name}"
