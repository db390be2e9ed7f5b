"""Removal of erased images from cycle reports: their cards, thumbnails and names; the rest stays unchanged."""

from __future__ import annotations

import base64
import re

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

SHORT_DIGITS = 10
"""Digits of an image_id that a report shows."""
_ERASED_CARD = b'<figure class="card"><div class="no-image">erased</div></figure>'


def cut_out_of_reports(objects: ObjectStore, plan: ErasurePlan) -> None:
    """Replace every file of a report that shows or names an image. Thumbnails are deleted only after this.

    Raises:
        ChangedMeanwhileError: the report was written at the same moment; retrying is safe.
    """
    instead, cards = _instead(objects, plan), _cards(plan)
    for key in list(objects.list("reports/")):
        standing = objects.read(key)
        content = cards.sub(_ERASED_CARD, standing.content)
        for found, other in instead:
            content = other.join(content.split(found))
        if content != standing.content:
            with around("erasure.report"):
                objects.replace(key, content, standing.etag)


def _cards(plan: ErasurePlan) -> re.Pattern[bytes]:
    """Pattern of the cards of these images, which also name their files."""
    names = b"|".join(image_id.encode() for image_id in plan.tombstones)
    return re.compile(
        rb'<figure class="card[^"]*"><a href="image\?[^"]*image_id=(?:' + names + rb')"(?:(?!</figure>).)*</figure>', re.DOTALL
    )


def _instead(objects: ObjectStore, plan: ErasurePlan) -> list[tuple[bytes, bytes]]:
    """Pairs of bytes to find and their replacement; whole names before short ones."""
    found = []
    for image_id, tombstone in plan.tombstones.items():
        try:
            found.append((base64.b64encode(read_thumbnail(objects, image_id)), b""))
        except NotFoundError:
            pass  # It was never made, or an earlier try, which had edited the reports, has deleted it.
        found.append((image_id.encode(), tombstone.encode()))
        found.append((plan.md5s[image_id].encode(), tombstone.encode()))
        found.append((layout.original(plan.md5s[image_id]).encode(), layout.original(tombstone[:32]).encode()))
        found.append((image_id[:SHORT_DIGITS].encode(), b"erased"))
    return found
