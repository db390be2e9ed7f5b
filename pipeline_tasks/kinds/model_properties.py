"""Fields of a model's file that say of which kind the model is."""

from __future__ import annotations

import json
from collections.abc import Mapping

KIND = "nightlens_label_kind"
"""Name of the kind."""
CLASSES = "nightlens_classes"
"""Names of the vocabulary, as a JSON list."""
OPTIONS = "nightlens_labels"
"""Settings of the kind's own, as JSON."""


def names_of(properties: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the vocabulary."""
    return tuple(str(name) for name in json.loads(properties[CLASSES]))
