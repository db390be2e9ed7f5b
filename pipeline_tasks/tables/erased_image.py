"""Which images were erased: nothing here leads back to one without the project's key."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class ErasedImage(Table):
    """One erased image; the cycle that wrote the row erased it."""

    table_name = "erased_images"

    #: A random name, made from the cycle's seed; stands wherever something must be said of the image.
    tombstone = dy.String(primary_key=True, regex=DIGEST)
    #: HMAC-SHA256 of the image_id under the project's own random key: knows the image again when a source offers it.
    keyed_image_id = dy.String(regex=DIGEST)
    #: The same of its md5: knows the original's copy in a backup.
    keyed_md5 = dy.String(regex=DIGEST)
