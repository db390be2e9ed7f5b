"""Labels that are probably wrong."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class LabelSuspect(Table):
    """A label that heads and neighbours which have not seen it believe less than another one; the most doubted first.

    The rows of the newest cycle count: each night judges all labels anew.
    """

    table_name = "label_suspects"

    image_id = dy.String(primary_key=True, regex=DIGEST)
    #: The label that stands.
    given_name = dy.String()
    #: The name that is believed most.
    suggested_name = dy.String()
    #: Belief in the label, from 0 to 1.
    belief_given = dy.Float64(min=0, max=1)
    belief_suggested = dy.Float64(min=0, max=1)
    #: Number of people whose annotations the label is from; 0: of a labelled set.
    votes = dy.Int32(min=0)
