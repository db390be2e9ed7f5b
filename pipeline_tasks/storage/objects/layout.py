"""Where things lie in a project's root: every key is made here."""

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


def original(md5: str) -> str:
    """An original file, in DVC's remote layout."""
    return f"{ORIGINALS}{md5[:2]}/{md5[2:]}"


def derived(recipe_digest: str, name: str) -> str:
    """Something made again at need: a thumbnail, an exported backbone."""
    return f"derived/{recipe_digest}/{name}"


def table(name: str, cycle_id: str, sha256: str) -> str:
    """A table's file; its name digests its content, so that two writers cannot disagree about it."""
    return f"{tables_of(name, cycle_id)}part-{sha256[:24]}.parquet"


def tables_of(name: str, cycle_id: str) -> str:
    """Where the files lie that a cycle has written of one table."""
    return f"tables/{name}/cycle={cycle_id}/"


def compacted(what: str, sha256: str) -> str:
    """What many small objects say, in one: a cache, named by the digest of what it is made of."""
    return f"{COMPACTED}{what}/{sha256[:24]}"


def part(name: str, cycle_id: str, shard: int) -> str:
    """What one mapped task learnt; only the stage behind it reads this."""
    return f"parts/{name}/cycle={cycle_id}/shard-{shard:05d}.parquet"


def event(sequence: int) -> str:
    """A ledger event."""
    return f"{LEDGER}{sequence:012d}.json"


def snapshot(sequence: int) -> str:
    """The fold of all events up to this one: a cache."""
    return f"{SNAPSHOTS}{sequence:012d}.json"


def cycle_settings(cycle_id: str, sha256: str) -> str:
    """What `open_cycle` froze."""
    return f"cycles/{cycle_id}/{sha256[:24]}.json"


def annotation_revision(annotation_id: str, revision: str) -> str:
    """One revision of one answer."""
    return f"annotation_log/{annotation_id}/{revision}.json"


def version_file(dataset_id: str, name: str) -> str:
    """A leaf of a dataset version's manifest."""
    return f"{VERSIONS}{dataset_id}/{name}"


def publication(dataset_id: str, recipe: str) -> str:
    """The record of a version as it was published."""
    return f"{PUBLICATIONS}{dataset_id}/{recipe}.json"


def model(model_digest: str) -> str:
    """One ONNX file."""
    return f"models/{model_digest}.onnx"


def checkpoint(cycle_id: str, name: str) -> str:
    """What a killed training resumes from."""
    return f"checkpoints/{cycle_id}/{name}"


def set_aside(key: str, sha256: str) -> str:
    """Damaged bytes that were replaced by good ones."""
    return f"{SET_ASIDE}{sha256[:24]}/{key}"


def trash(key: str) -> str:
    """What nobody named, until it is deleted for good."""
    return f"{TRASH}{key}"


def erasure_plan(cycle_id: str) -> str:
    """What an erasure that is not done yet is about; goes as its last step."""
    return f"{ERASURE_PLANS}{cycle_id}.json"


def report(cycle_id: str, name: str) -> str:
    """A file of a cycle's report."""
    return f"reports/{cycle_id}/{name}"
