"""All JSON forms that Nightlens persists, each with its versions. Tables list their changes in their own class.

To change a form: write the step as a small pure function, add a `Change` with the release that will ship it, and keep a tiny
root of the old form in `tests/old_roots` (see there).
"""

from __future__ import annotations

from pipeline_tasks.upgrades import export_model, scores
from pipeline_tasks.upgrades.form import Change, Form
from pipeline_tasks.upgrades.json_fields import Fields

EVENT: Form[Fields] = Form("ledger event")
"""The envelope with `sets`; each stage's summary in it has its own versions."""
SNAPSHOT: Form[Fields] = Form("snapshot")
FROZEN_SETTINGS: Form[Fields] = Form("frozen settings")
SERVING_POINTER: Form[Fields] = Form("serving pointer", (Change("0.2.0"),))
VERSION_INDEX: Form[Fields] = Form("dataset version's index")
ERASURE_PLAN: Form[Fields] = Form("erasure plan")
ERASURE_KEY: Form[Fields] = Form("erasure key")
GENERATION: Form[Fields] = Form("generation")
RESPONSE_FILE: Form[Fields] = Form("imported responses")
PUBLICATION: Form[Fields] = Form("publication")
MODEL_PROPERTIES: Form[dict[str, str]] = Form("model's properties")
"""Properties in an ONNX file and in a candidate."""
PREDICTION: Form[Fields] = Form("logged prediction")
SUMMARIES: dict[str, Form[Fields]] = {
    "export_model": Form("summary of export_model", (Change("0.2.0", export_model.parity_images),)),
    "train_model": Form("summary of train_model", (Change("0.2.0", scores.trained_score),)),
    "evaluate_model": Form("summary of evaluate_model", (Change("0.2.0", scores.evaluated_scores),)),
    "compare_with_champion": Form("summary of compare_with_champion", (Change("0.2.0", scores.compared_scores),)),
}
"""Stage → form of its summary, for changes other than new fields with a default."""


def summary_form(stage: str) -> Form[Fields]:
    """The form of a stage's summary."""
    return SUMMARIES.get(stage, Form(f"summary of {stage}"))
