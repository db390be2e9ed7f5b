"""The page that a worker of Mechanical Turk sees: HTML of crowd elements, with MTurk's own placeholder for each image."""

from __future__ import annotations

import json
from html import escape

from pipeline_tasks.annotations.label_form import as_paragraphs
from pipeline_tasks.labeling_services.service import CANNOT_TELL, NOTHING, Asked

RESPONSE = "annotatedResult"
"""Name of the element, under which its response stands."""
ELEMENTS = {
    "class": "crowd-image-classifier",
    "classes": "crowd-image-classifier-multi-select",
    "box": "crowd-bounding-box",
    "mask": "crowd-polygon",
}
"""Label kind → element."""
_SCRIPT = "https://assets.crowd.aws/crowd-html-elements.js"


def page(asked: Asked) -> str:
    """The whole design layout."""
    element = ELEMENTS[asked.label_kind]
    is_choice = asked.label_kind in ("class", "classes")
    names = [*asked.names, NOTHING, CANNOT_TELL] if is_choice else list(asked.names)
    choices = f"{'categories' if is_choice else 'labels'}={_attribute(json.dumps(names, ensure_ascii=False))}"
    heading = _attribute(asked.question)
    return (
        f'<script src="{_SCRIPT}"></script>\n<crowd-form>\n'
        f'<{element} name="{RESPONSE}" src="${{image_url}}" {choices} header={heading}>\n'
        f"<full-instructions header={heading}>{_plain(as_paragraphs(asked.guideline))}</full-instructions>\n"
        f"<short-instructions>{_plain(escape(asked.question))}</short-instructions>\n"
        f"</{element}>\n</crowd-form>\n"
    )


def _attribute(value: str) -> str:
    return f'"{_plain(escape(value))}"'


def _plain(html: str) -> str:
    """HTML in which MTurk sees no placeholder."""
    return html.replace("$", "&#36;")
