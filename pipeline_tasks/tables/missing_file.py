"""Files of known images that are gone from their source, or back."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class MissingFile(Table):
    """One file that a listing missed for the first time, or found again; its image stays in the project either way."""

    table_name = "missing_files"
    superseded_by_key = ("source", "key")

    source = dy.String(primary_key=True)
    #: Path inside the source, as in `sightings`.
    key = dy.String(primary_key=True)
    #: The image that was last seen there.
    image_id = dy.String(regex=DIGEST)
    #: False: a listing has found the file again.
    is_missing = dy.Bool()
