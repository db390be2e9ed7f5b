"""Tests of a night under another backbone: images of earlier nights are embedded by it, each once, whatever is killed or erased."""

from __future__ import annotations

from pathlib import Path

import given
import pytest
from small_ingest import InProcessDecoder, MeanBackbone, an_image, ingest, measure, put_files, sources_of

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.re_embedding.earlier_images import EarlierImages
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.embedding_rows import lacking_embedding, newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image

FIRST, SECOND = "2026-11-21", "2026-11-22"


class OtherBackbone(MeanBackbone):
    """The same numbers under another digest."""

    digest = given.image_id("other backbone")


OTHER: Backbone = OtherBackbone()  # type: ignore[assignment]


def second_night(store: Store, home: Path, new_files: int = 3) -> Cycle:
    """Five images by one backbone, and the plan of a night that has another one."""
    put_files(home, {f"{number}.png": an_image(number) for number in range(5)})
    ingest(store, given.an_open_cycle(store, FIRST), home)
    put_files(home, {f"{number}.png": an_image(number) for number in range(5, 5 + new_files)})
    cycle = given.an_open_cycle(store, SECOND)
    list_new_images(store, cycle, sources_of(cycle, home))
    return cycle


def measured(store: Store, cycle: Cycle, home: Path, shard: int = 0, decoder: InProcessDecoder | None = None) -> int:
    sources = sources_of(cycle, home)
    return measure_images(store, cycle, shard, sources, decoder or InProcessDecoder(), OTHER).embedded_again


def whole(store: Store, cycle: Cycle, home: Path) -> RecordImagesSummary:
    measured(store, cycle, home)
    return record_images(store, cycle)


def test_night__embeds_images_of_earlier_nights_as_it_embeds_new_ones(store: Store, tmp_path: Path) -> None:
    told = whole(store, second_night(store, tmp_path), tmp_path)

    ids = store.history(Image)["image_id"].to_list()
    by_other, by_first = (read_embeddings(store, ids, one) for one in (OTHER.digest, MeanBackbone.digest))
    assert (told.images_new, told.embedded_again) == (3, 5)
    assert newest_backbone_digest(store) == OTHER.digest
    assert by_other.has_embedding.all()
    assert by_first.has_embedding.sum() == 5
    assert (by_other.vectors[by_first.has_embedding] == by_first.vectors[by_first.has_embedding]).all()


def test_night__with_the_same_backbone_decodes_new_images_alone(store: Store, tmp_path: Path) -> None:
    cycle, decoder = second_night(store, tmp_path), InProcessDecoder()

    measure(store, cycle, tmp_path, decoder=decoder)

    assert decoder.decoded == 3
    assert record_images(store, cycle).embedded_again == 0


def test_night__without_new_files_leaves_everything_with_the_old_backbone(store: Store, tmp_path: Path) -> None:
    told = whole(store, second_night(store, tmp_path, new_files=0), tmp_path)

    assert (told.embedded_again, newest_backbone_digest(store)) == (0, MeanBackbone.digest)


def test_shards__share_the_images_without_overlap(store: Store, tmp_path: Path) -> None:
    cycle = second_night(store, tmp_path)

    shares = [EarlierImages(store, cycle.cycle_id, shard, 3, OTHER).image_ids for shard in range(3)]

    assert [len(one) for one in shares] == [2, 2, 1]
    assert sorted(one for share in shares for one in share) == lacking_embedding(store, OTHER.digest)


def test_measure_images__that_runs_again_embeds_nothing_again(store: Store, tmp_path: Path) -> None:
    cycle, decoder = second_night(store, tmp_path), InProcessDecoder()
    measured(store, cycle, tmp_path)

    assert measured(store, cycle, tmp_path, decoder=decoder) == 5
    assert decoder.decoded == 0


def test_measure_images__does_what_a_try_under_the_old_backbone_left_out(store: Store, tmp_path: Path) -> None:
    """A try that was killed between two of its tables leaves those of another plan."""
    cycle = second_night(store, tmp_path)
    measure(store, cycle, tmp_path)

    assert measured(store, cycle, tmp_path) == 5
    assert record_images(store, cycle).embedded_again == 5


def test_record_images__leaves_out_what_another_cycle_embedded_meanwhile(store: Store, tmp_path: Path) -> None:
    slow = second_night(store, tmp_path)
    measured(store, slow, tmp_path)
    quick = given.an_open_cycle(store, "2026-11-22T120000")
    list_new_images(store, quick, sources_of(quick, tmp_path))

    assert whole(store, quick, tmp_path).embedded_again == 5
    assert record_images(store, slow).embedded_again == 0
    assert store.history(Embedding, ["image_id", "backbone_digest"]).is_duplicated().sum() == 0


def test_measure_images__names_an_original_that_was_changed(store: Store, tmp_path: Path) -> None:
    cycle = second_night(store, tmp_path)
    key = layout.original(store.history(Image)["md5"][0])
    store.objects.replace(key, b"rotten", store.objects.read(key).etag)

    with pytest.raises(CorruptObjectError, match=key):
        measured(store, cycle, tmp_path)
