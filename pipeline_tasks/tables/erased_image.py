"""Erased images; without the project's key, no row identifies an image."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class ErasedImage(Table):
    """One erased image; the cycle that wrote the row erased it."""

    table_name = "erased_images"

    #: Random name from the cycle's seed; replaces the image_id wherever the image must still be mentioned.
    tombstone = dy.String(primary_key=True, regex=DIGEST)
    #: HMAC-SHA256 of the image_id under the project's random key; recognizes the image if a source offers it again.
    keyed_image_id = dy.String(regex=DIGEST)
    #: The same of its md5; recognizes the original's copy in a backup.
    keyed_md5 = dy.String(regex=DIGEST)
