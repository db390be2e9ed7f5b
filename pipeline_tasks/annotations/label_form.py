"""Labeling form in Label Studio, from a project's settings."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from pipeline_tasks.kinds.kind import Kind

HINT = "font-size:14px;font-weight:400;margin:0 0 8px"
IMAGE_HEIGHT = "calc(100vh - 320px)"
"""The window less the page's own bars, the question, the hint and two rows of labels: nobody has to scroll to choose."""


DIGESTED = "What does the picture show?"
"""The kind's own question in a digest: the default of 0.1, so that older projects find their Label Studio project."""


@dataclass(frozen=True)
class LabelForm:
    """A label configuration: the form, its question, and its digest."""

    xml: str
    question: str
    digest: str
    """Digest of the label kind, its content (classes in order) and the project's question, but not of the layout."""


def label_form(kind: Kind, question: str | None) -> LabelForm:
    """Ask one question about the image at `$picture`, by default the kind's own; names and question are escaped."""
    labeling = kind.labeling
    shown = labeling.question if question is None else question
    xml = (
        f'<View><Header value={quoteattr(shown)} style="margin:0"/>'
        f'<Header value={quoteattr(labeling.hint)} size="5" style="{HINT}"/>{labeling.control_xml}'
        f'<Image name="picture" value="$picture" zoom="true" zoomControl="true" maxHeight="{IMAGE_HEIGHT}"/></View>'
    )
    asked = json.dumps([kind.name, labeling.asked, DIGESTED if question is None else question])
    return LabelForm(xml, shown, hashlib.sha256(asked.encode()).hexdigest())


def as_paragraphs(text: str) -> str:
    """HTML of plain text: blank lines divide paragraphs, and markup is shown as it is written."""
    return "".join(f"<p>{'<br>'.join(escape(part).splitlines())}</p>" for part in re.split(r"\n\s*\n", text.strip()))
