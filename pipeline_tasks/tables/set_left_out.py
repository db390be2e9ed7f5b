"""Images and labels of a labelled set that its import left out."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table


class SetLeftOut(Table):
    """One place at which something was left out; the first 1,000 of each reason, of which the summaries count all."""

    table_name = "set_left_outs"

    #: Name of the set.
    source = dy.String(primary_key=True)
    reason = dy.String(primary_key=True)
    #: Number among the places of this reason, from 0.
    number = dy.Int32(primary_key=True, min=0)
    #: File, line or field in the set.
    place = dy.String()
