"""A project's root against plain dictionaries: any order of writes, races, kills, rot, backups and collections.

Every rule is done as stages do it, so that it can be done again: perhaps it is killed at a fail point first, its store dropped
and opened anew; then it is done, and done once more from a fresh store, which must give the same summary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import polars as pl
from drills.kill_matrix import broken_names, digest_at, doubled, names
from given import STARTED_AT, a_project, image_id
from given_garbage import a_tended_project
from hypothesis import strategies as any_of
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline_tasks.records.collect_garbage import CollectGarbageSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.records.project_state import Champion, Dataset, RestoredDataset, StateValue, changes_as_json
from pipeline_tasks.stages.tend.collect_garbage import collect_garbage
from pipeline_tasks.stages.tend.plan_collection import plan_collection
from pipeline_tasks.storage.blobs.annotation_log import append_revision, read_revision
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.originals import put_original, read_original
from pipeline_tasks.storage.blobs.serving_pointer import pointer_to, read_pointer, replace_pointer
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.care.backup import back_up, restore_backup
from pipeline_tasks.storage.care.mending import verify_and_mend
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import events_after
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects import fail_points, layout, spans
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions.dataset_versions import read_version, write_version
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.quality_issue import QualityIssue

T = TypeVar("T")
IMAGES = any_of.integers(0, 11)
CYCLES = any_of.integers(0, 5)
KILLS = any_of.one_of(any_of.just(0), any_of.integers(1, 40))
"""At which fail point a rule is killed, counted from its beginning; 0: it is not."""
GROUPS = any_of.dictionaries(IMAGES, IMAGES, max_size=4)
USUAL_FANOUT = spans.FANOUT
PROJECT, TENDED_PROJECT = a_project(), a_tended_project()


class KilledError(BaseException):
    """A process that ends here; no `except` of the store's may catch it."""


@dataclass(frozen=True)
class Done:
    """Record of the machine's stages."""

    number: int
    index_key: str | None = None
    model_digest: str | None = None


@dataclass
class Model:
    """Expected content of the root."""

    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """cycle_id → stage → summary."""
    issues: list[tuple[str, float]] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    images: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """image_id → md5 and bytes, of recorded images."""
    loose: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Put, but not recorded: a collection may take them."""
    versions: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    revisions: dict[str, dict[str, int]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    served: str | None = None
    promised: dict[str, str] = field(default_factory=dict)
    """Key → sha256 of what was named, and must stay."""


def collect(store: Store, now: timedelta) -> CollectGarbageSummary:
    """Collect so long after the start, in a cycle of its own."""
    moment = STARTED_AT + now
    cycle_id = f"{moment:%Y-%m-%d}"
    plan_collection(store, CycleOpening(TENDED_PROJECT, cycle_id, "by hand", moment, "test"))
    return collect_garbage(store, read_cycle(store, cycle_id))


class StoreMachine(RuleBasedStateMachine):
    """Any sequence of what people and stages do to a root."""

    def __init__(self) -> None:
        super().__init__()
        spans.FANOUT = 2
        self.open = self.opener()
        self.store = Store(self.open())
        self.model = Model()
        self.backup = MemoryObjects()
        self.days = 0

    def opener(self) -> Callable[[], ObjectStore]:
        """Opens the same root again and again."""
        objects = MemoryObjects()
        return lambda: objects

    @rule(image=IMAGES, kill_at=KILLS)
    def put_an_original(self, image: int, kill_at: int) -> None:
        """A stage puts an image that no event names yet."""
        content = bytes_of(image)
        found, md5 = self.do(lambda store: put_original(store.objects, content), kill_at)
        if found not in self.model.images:
            self.model.loose[found] = (md5, content)

    @rule(cycle=CYCLES, numbers=any_of.sets(IMAGES, min_size=1, max_size=3), kill_at=KILLS)
    def record_images(self, cycle: int, numbers: set[int], kill_at: int) -> None:
        """A stage puts images and records them."""

        def act(store: Store) -> Done:
            rows = [image_row(store, image) for image in sorted(numbers)]
            images = pl.DataFrame(rows, schema_overrides={"width_px": pl.Int32, "height_px": pl.Int32, "frames": pl.Int32})
            images = images.with_columns(orientation=pl.lit(1).cast(pl.Int8))
            return store.finish(f"night-{cycle}", "record_images", Done(len(numbers)), [(Image, images)])

        is_first = self.note(f"night-{cycle}", "record_images", self.do(act, kill_at))
        for content in map(bytes_of, numbers if is_first else ()):
            self.model.images[hashlib.sha256(content).hexdigest()] = (md5_of(content), content)

    @rule(cycle=CYCLES, images=any_of.sets(IMAGES, max_size=4), groups=GROUPS, rival=any_of.none() | GROUPS, kill_at=KILLS)
    def finish_a_stage(self, cycle: int, images: set[int], groups: dict[int, int], rival: Any, kill_at: int) -> None:
        """A stage writes two tables and ends; perhaps another try of it comes in between, at the worst moment."""
        ours = [(image_id(one), float(cycle)) for one in sorted(images)]

        def act(store: Store) -> Done:
            return store.finish(
                f"night-{cycle}", "look", Done(1), [(QualityIssue, issues(ours)), (DuplicateGroup, groups_of(groups))]
            )

        def interrupt() -> None:
            Store(self.open()).finish(f"night-{cycle}", "look", Done(2), [(DuplicateGroup, groups_of(rival))])

        done = self.do(act, kill_at, None if rival is None else ("ledger.append.before", interrupt))
        if self.note(f"night-{cycle}", "look", done):
            won = groups if done.number == 1 else rival
            self.model.issues += ours if done.number == 1 else []
            self.model.groups |= {image_id(one): image_id(group) for one, group in won.items()}

    @rule(labels=any_of.dictionaries(any_of.integers(0, 30), any_of.sampled_from(["bolt", "nut"]), min_size=1), kill_at=KILLS)
    def freeze_a_version(self, labels: dict[int, str], kill_at: int) -> None:
        """A version of any rows is written behind the one before it, and named."""
        rows = sorted(
            ({"image_id": image_id(one), "label": label} for one, label in labels.items()), key=lambda row: row["image_id"]
        )
        dataset_id = hashlib.sha256(repr(rows).encode()).hexdigest()
        cycle_id, earlier = f"version-{len(self.model.stages)}", self.model.values.get("dataset", {}).get("dataset_id")
        dataset = Dataset(dataset_id, cycle_id)

        def act(store: Store) -> Done:
            write_version(
                store.objects, dataset_id, pl.DataFrame(rows), about=VersionAbout("class", ["bolt", "nut"]), earlier=earlier
            )
            done = Done(len(rows), index_key=index_key(dataset_id))
            return store.finish(cycle_id, "freeze", done, sets=[dataset])

        self.note(cycle_id, "freeze", self.do(act, kill_at), dataset)
        self.model.versions[dataset_id] = rows

    @precondition(lambda self: self.model.versions)
    @rule(number=any_of.integers(0, 99), kill_at=KILLS)
    def restore_a_version(self, number: int, kill_at: int) -> None:
        """Any version can be restored unchanged, and is then used in training."""
        dataset_id = list(self.model.versions)[number % len(self.model.versions)]
        cycle_id = f"restore-{len(self.model.stages)}"
        restored = RestoredDataset(dataset_id, "version", cycle_id)

        def act(store: Store) -> Done:
            assert read_version(store.objects, dataset_id).to_dicts() == self.model.versions[dataset_id]
            return store.finish(cycle_id, "restore", Done(0), sets=[restored])

        self.note(cycle_id, "restore", self.do(act, kill_at), restored)

    @rule(model=any_of.integers(0, 4), rival=any_of.none() | any_of.integers(0, 4), kill_at=KILLS)
    def serve_a_model(self, model: int, rival: int | None, kill_at: int) -> None:
        """A model is promoted and pointed to; perhaps somebody else points elsewhere in between."""
        cycle_id = f"promote-{len(self.model.stages)}"

        def act(store: Store) -> Done:
            digest = put_model(store.objects, b"model %d" % model)
            done = store.finish(
                cycle_id, "promote", Done(model, model_digest=digest), sets=[Champion(digest, "d" * 64, cycle_id, None)]
            )
            replace_pointer(store.objects, lambda: pointer_of(digest))
            return done

        def interrupt() -> None:
            digest = put_model(self.open(), b"model %d" % (rival or 0))
            replace_pointer(self.open(), lambda: pointer_of(digest))

        done = self.do(act, kill_at, None if rival is None else ("pointer.replace.before", interrupt))
        self.note(cycle_id, "promote", done, Champion(done.model_digest or "", "d" * 64, cycle_id, None))
        self.model.served = done.model_digest

    @rule(answer=any_of.integers(0, 3), said=any_of.integers(0, 3), kill_at=KILLS)
    def log_a_revision(self, answer: int, said: int, kill_at: int) -> None:
        """A person's answer is kept."""
        content = {"said": said}
        revision = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        self.do(lambda store: append_revision(store.objects, f"{answer}", revision, content), kill_at)
        self.model.revisions[f"{answer} {revision}"] = content

    @rule(share=any_of.integers(1, 3), caches=any_of.sampled_from([layout.SNAPSHOTS, layout.COMPACTED]))
    def lose_caches(self, share: int, caches: str) -> None:
        """Caches may go at any time."""
        for key in list(self.store.objects.list(caches))[::share]:
            self.store.objects.delete(key)

    @rule(kill_at=KILLS)
    def back_up_and_restore(self, kill_at: int) -> None:
        """A backup is brought up to date, and an empty root made of it is this one."""
        assert self.do(lambda store: back_up(store.objects, self.backup).rotten, kill_at) == ()
        restored = MemoryObjects()
        restore_backup(self.backup, restored) if self.model.stages else None
        if self.model.stages:
            self.check_reads(Store(restored))
            assert broken_names(restored) == []

    @precondition(lambda self: len(self.model.stages) > 1)
    @rule(number=any_of.integers(0, 999), how=any_of.sampled_from(["flipped", "torn", "gone"]), kill_at=KILLS)
    def rot_and_mend(self, number: int, how: str, kill_at: int) -> None:
        """One object rots; verifying names exactly it, and a second copy mends it."""
        objects, named = self.open(), names(self.open())
        keys = sorted(key for key in {*named, *objects.list(layout.LEDGER)} if how != "gone" or not key.startswith(layout.LEDGER))
        key, copy = keys[number % len(keys)], MemoryObjects()
        for one in objects.list(""):
            copy.write_new(one, objects.read(one).content)
        damage(objects, key, how)
        assert [one.key for one in verify_objects(objects)[0].damaged] == [key]
        mending = self.do(lambda store: verify_and_mend(store.objects, copy).verification.damaged, kill_at, is_whole=False)
        assert mending == []
        assert objects.read(key).content == copy.read(key).content

    @rule(days=any_of.integers(1, 20), kill_at=KILLS)
    def collect_garbage(self, days: int, kill_at: int) -> None:
        """Collection removes unneeded objects and keeps all others."""
        self.days += days
        cycle_id = f"{STARTED_AT + timedelta(days=self.days):%Y-%m-%d}"
        self.model.loose = {}
        self.do(lambda store: collect(store, timedelta(days=self.days)), kill_at)
        self.model.stages[cycle_id] = dict.fromkeys(("open_cycle", "plan_collection", "collect_garbage"))
        self.model.values["collection"] = cycle_id

    @rule(kill_at=KILLS)
    def read_everything(self, kill_at: int) -> None:
        """History, newest rows, versions, answers and originals are the model's."""
        self.do(self.check_reads, kill_at)

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        """Named objects keep their bytes; stored objects exist until a collection."""
        objects = self.open()
        lost = [key for key, sha256 in self.model.promised.items() if digest_at(objects, key) != sha256]
        assert lost == []
        assert broken_names(objects) + doubled(objects) == []
        loose = [found for found, (md5, _) in self.model.loose.items() if digest_at(objects, layout.original(md5)) != found]
        assert loose == []

    @invariant()
    def state_is_the_models(self) -> None:
        """With a held store, a fresh one, and without snapshots."""
        objects, folded = self.open(), State()
        for event in events_after(objects, 0):
            folded.add(event)
        assert self.store.state() == Store(objects).state() == folded
        assert {cycle: set(stages) for cycle, stages in folded.stages.items()} == {
            cycle: set(stages) for cycle, stages in self.model.stages.items()
        }
        assert folded.values == self.model.values
        pointer = read_pointer(objects)
        assert (pointer and pointer.champion_digest) == self.model.served

    def teardown(self) -> None:
        """At the end all can be read, and nothing is damaged."""
        fail_points.listen(None)
        self.check_reads(Store(self.open()))
        spans.FANOUT = USUAL_FANOUT
        assert verify_objects(self.open())[0].damaged == []

    def do(
        self,
        act: Callable[[Store], T],
        kill_at: int,
        interruption: tuple[str, Callable[[], None]] | None = None,
        *,
        is_whole: bool = True,
    ) -> T:
        """Perhaps begin and be killed; do; do again from a fresh store, which says the same."""
        if kill_at:
            fail_points.listen(killer(kill_at))
            try:
                act(self.store)
            except KilledError:
                pass
            finally:
                fail_points.listen(None)
            self.store = Store(self.open())
            if is_whole:
                self.nothing_acknowledged_is_lost()
        if interruption:
            fail_points.listen(interrupter(*interruption))
        try:
            done = act(self.store)
        finally:
            fail_points.listen(None)
        self.model.promised |= names(self.open())
        assert act(Store(self.open())) == done
        return done

    def note(self, cycle_id: str, stage: str, done: Done, change: StateValue | None = None) -> bool:
        """A stage's summary; the first one stands, and whether this is it."""
        stages = self.model.stages.setdefault(cycle_id, {})
        is_first = stage not in stages
        assert stages.setdefault(stage, done) == done
        self.model.values |= changes_as_json([change]) if change else {}
        return is_first

    def check_reads(self, store: Store) -> None:
        """Everything read by the real code is the model's."""
        model, objects = self.model, store.objects
        assert list(store.history(QualityIssue).select("image_id", "value").iter_rows()) == model.issues
        groups = store.current(DuplicateGroup).select("image_id", "duplicate_group_id").iter_rows()
        assert dict(groups) == model.groups
        assert set(store.history(Image, ["image_id"])["image_id"]) == set(model.images)
        some = [image_id(one) for one in range(0, 12, 2)]
        assert store.known(QualityIssue, some) == {one for one, _ in model.issues}.intersection(some)
        grouped = store.rows_of(DuplicateGroup, some, columns=["image_id", "duplicate_group_id"]).iter_rows()
        assert dict(grouped) == {one: group for one, group in model.groups.items() if one in some}
        assert store.count(QualityIssue) == len(model.issues)
        for found, (md5, content) in model.images.items():
            assert read_original(objects, found, md5) == content
        for dataset_id, rows in model.versions.items():
            assert read_version(objects, dataset_id).to_dicts() == rows
        for name, revision in model.revisions.items():
            assert read_revision(objects, *name.split(" ")) == revision
        for cycle_id, stages in model.stages.items():
            for stage, done in stages.items():
                assert done is None or store.finished(cycle_id, stage, Done) == done


def killer(kill_at: int) -> Callable[[str], None]:
    """Ends the process at this fail point; what it still tries then is not done."""
    reached = 0

    def on_reach(_: str) -> None:
        nonlocal reached
        reached += 1
        if reached >= kill_at:
            raise KilledError

    return on_reach


def interrupter(point: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Lets somebody else act the first time that the point is reached."""

    def on_reach(name: str) -> None:
        if name == point:
            fail_points.listen(None)
            act()

    return on_reach


def damage(objects: ObjectStore, key: str, how: str) -> None:
    """Let an object rot."""
    standing = objects.read(key)
    if how == "gone":
        objects.delete(key)
        return
    middle = len(standing.content) // 2
    flipped = bytes([standing.content[middle] ^ 1])
    rotten = standing.content[:middle] + (flipped + standing.content[middle + 1 :] if how == "flipped" else b"")
    objects.replace(key, rotten, standing.etag)


def bytes_of(image: int) -> bytes:
    """A small image's bytes."""
    return b"image %d" % image


def md5_of(content: bytes) -> str:
    """As DVC names it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def image_row(store: Store, image: int) -> dict[str, Any]:
    """A row of `images`, its original put."""
    found, md5 = put_original(store.objects, bytes_of(image))
    return {
        "image_id": found,
        "md5": md5,
        "size_bytes": 9,
        "file_format": "PNG",
        "width_px": 1,
        "height_px": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
    }


def issues(rows: list[tuple[str, float]]) -> pl.DataFrame:
    """Rows of `quality_issues`."""
    schema = {"image_id": pl.String(), "value": pl.Float64()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(rule=pl.lit("flat"), limit=6.0)


def groups_of(groups: dict[int, int]) -> pl.DataFrame:
    """Rows of `duplicate_groups`."""
    rows = [(image_id(one), image_id(group)) for one, group in groups.items()]
    schema = {"image_id": pl.String(), "duplicate_group_id": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(is_contested=False)


def pointer_of(digest: str) -> Any:
    """A pointer that serves this model alone."""
    return pointer_to(Champion(digest, "d" * 64, "promote", None), ["bolt", "nut"], PROJECT)
