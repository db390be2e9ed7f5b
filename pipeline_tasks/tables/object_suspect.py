"""Objects of labels that are probably wrong."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class ObjectSuspect(Table):
    """An object of a label, or a missing one, that a model which had not seen the label doubts; the most doubted first.

    The rows of the newest cycle count: each night judges all labels anew. Those with a doubt of at least 0.5 are suspects; others,
    down to 0.25, are looked at again where there are places.
    """

    table_name = "object_suspects"

    #: Place among the cycle's suspects, from 0.
    number = dy.Int32(primary_key=True, min=0)
    image_id = dy.String(regex=DIGEST)
    #: `missing`: nothing is labelled there; `extra`: nothing is there; `swapped`: another name; `badly placed`.
    wrong = dy.Enum(["missing", "extra", "swapped", "badly placed"])
    #: Name of the object; null for a missing one.
    given_name = dy.String(nullable=True)
    #: Name that the model gives it; null for an extra one.
    suggested_name = dy.String(nullable=True)
    #: From 0 to 1, weighed against how often the model errs so; it orders suspects, and is no measured chance.
    doubt = dy.Float64(min=0, max=1)
    #: Place of the object among those of the label (of regions: among its names), and of the prediction among the model's surest.
    label_place = dy.Int32(nullable=True, min=0)
    predicted_place = dy.Int32(nullable=True, min=0)
    #: The model that predicted it before it could learn the label.
    model_digest = dy.String(regex=DIGEST)
    #: Number of people whose annotations the label is from; 0: of a labelled set.
    votes = dy.Int32(min=0)
