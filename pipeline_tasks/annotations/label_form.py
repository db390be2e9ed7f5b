"""The form that people answer in Label Studio, made from a project's settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline_tasks.annotations.label_kinds import KINDS

_HINT = "Nothing of this there? Submit without a choice. Cannot tell? Skip."


@dataclass(frozen=True)
class LabelForm:
    """A label configuration: what is asked, and the digest that names it."""

    xml: str
    digest: str
    """Digests label kind, classes in their order, and question: what an answer's meaning hangs on, not the layout."""


def label_form(label_kind: str, class_names: Sequence[str], question: str) -> LabelForm:
    """Ask one question about the image at `$picture`; names and question are escaped."""
    control = KINDS[label_kind].control_xml(class_names)
    xml = (
        f"<View><Header value={quoteattr(question)}/>"
        '<Image name="picture" value="$picture" zoom="true" zoomControl="true"/>'
        f'{control}<Header value={quoteattr(_HINT)} size="6"/></View>'
    )
    asked = json.dumps([label_kind, list(class_names), question])
    return LabelForm(xml, hashlib.sha256(asked.encode()).hexdigest())
