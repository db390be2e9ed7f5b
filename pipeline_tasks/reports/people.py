"""Section on annotations: counts by annotator (pseudonyms), and agreement between them."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.label_quality.beyond_chance import BeyondChance
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary, refused_image
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports import assignment, disagreements, scorecards
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, paragraph, ratio, table, together
from pipeline_tasks.reports.image_cards import image_card

MOST_PAIRS = 20


def section(data: CycleData) -> Html | None:
    """Annotations by annotator, agreement on images with several annotations, and states of the labels."""
    if data.annotations is None:
        return None
    if data.annotations.is_empty():
        return together([assignment.section(data), paragraph("No image of this round has been annotated.", quiet=True)])
    measure = data.kind.labeling.agreement_measure
    return together(
        [
            _form(data),
            assignment.section(data),
            _by_annotator(data.annotations),
            _overlap(data),
            _said(data.agreement, measure),
            _pairwise(data, measure),
            scorecards.section(data),
            _labels(data),
            _balance(data),
            _audit(data),
            _quality(data),
            _strange(data),
            disagreements.section(data),
        ]
    )


def _form(data: CycleData) -> Html | None:
    """Changes of the form in Label Studio, and choices that are not classes."""
    sent, collected = data.records.find(SendToLabelingSummary), data.records.find(CollectAnnotationsSummary)
    differences = dict.fromkeys((sent.form_differences if sent else []) + (collected.form_differences if collected else []))
    unknown = collected.unknown_choices if collected else {}
    if not differences and not unknown:
        return None
    rows = [(f"“{name}”", count) for name, count in unknown.items()]
    said = "Some annotations chose names that are not classes. They are kept but give no label; their images can be selected again:"
    return element(
        "div",
        element("ul", *(element("li", one) for one in differences)) if differences else None,
        together([paragraph(said), table(("choice", "annotations"), rows)]) if rows else None,
        class_="decision warn",
    )


def _overlap(data: CycleData) -> Html | None:
    """More people an image than are set, while most of them are new."""
    sent = data.records.find(SendToLabelingSummary)
    return paragraph(sent.why_overlap) if sent is not None and sent.why_overlap else None


def _strange(data: CycleData) -> Html | None:
    """Tasks and annotations that were not used, and why."""
    found = data.records.find(CollectAnnotationsSummary)
    if found is None:
        return None
    lines = {
        "annotations of tasks that people imported themselves were not used": found.annotations_by_hand,
        "annotations of tasks whose image people replaced were not used": found.annotations_of_replaced_images,
    }
    said = [f"{count} {what}" for what, count in lines.items() if count]
    return together([paragraph("; ".join(said) + ".") if said else None, _refused(data, found)])


def _refused(data: CycleData, found: CollectAnnotationsSummary) -> Html | None:
    """Annotations with an object that is not valid, each with its image."""
    if not found.annotations_refused:
        return None
    said = "Not used, because an object in them is not valid. Correct them in Label Studio; the next cycle reads them:"
    shown = [image_card(data, *refused_image(line), mark="wrong") for line in found.refusals]
    return element("div", paragraph(said), cards(shown, found.annotations_refused, "annotations"), class_="decision warn")


def _by_annotator(annotations: pl.DataFrame) -> Html:
    state = pl.col("state").cast(pl.String)
    rows = (
        annotations.group_by("annotator_id")
        .agg(
            answered=(state == "answered").sum(),
            skipped=(state == "skipped").sum(),
            seconds=pl.col("lead_time_s").median(),
        )
        .sort("annotator_id")
    )
    cells = [(one, answered, skipped, "–" if s is None else f"{s:.1f}") for one, answered, skipped, s in rows.iter_rows()]
    return table(("annotator", "answers", "skipped", "median seconds"), cells)


def _said(found: Agreement | None, measure: AgreementMeasure) -> Html:
    if found is None or not found.pairs:
        return paragraph("No image was annotated by several people, so agreement cannot be measured.", quiet=True)
    images = "1 image was" if found.images == 1 else f"{found.images} images were"
    return paragraph(f"{images} annotated by several people: {measure.of_pairs(found)}.")


def _pairwise(data: CycleData, measure: AgreementMeasure) -> Html | None:
    """Agreement by pair of people and, beyond chance, of each person with all others."""
    found, kappas = data.agreement, data.beyond_chance
    if found is None or len(found.pairwise) < 2:
        return None
    rows = [
        (f"{one} and {other}", pairs, measure.figure(total / pairs))
        + (() if kappas is None else (scorecards.kappa_figure(kappas.by_pair.get((one, other))),))
        for (one, other), (pairs, total) in found.pairwise.items()
    ]
    heads = ("annotators", "images", measure.heading, *(() if kappas is None else ("Cohen's kappa",)))
    return together([element("h3", "By pair of annotators"), table(heads, rows[:MOST_PAIRS]), _by_person(kappas)])


def _by_person(found: BeyondChance | None) -> Html | None:
    if found is None or not found.by_person:
        return None
    rows = [(who, one.pairs, scorecards.kappa_figure(one.cohen)) for who, one in found.by_person.items()]
    return table(("annotator and all others", "pairs", "Cohen's kappa"), rows)


def _labels(data: CycleData) -> Html | None:
    labels = data.records.find(ResolveLabelsSummary)
    if labels is None:
        return None
    said = f"{labels.labelled} images got a label, {labels.unsure} are unsure, {labels.empty} are empty"
    said += f", {labels.unmatched} match no class" if labels.unmatched else ""
    said += f"; on {labels.starred} a reviewer's starred annotation decided" if labels.starred else ""
    return paragraph(f"{said}; {labels.changed_labels} labels changed.")


def _balance(data: CycleData) -> Html | None:
    """Labels by name, of this cycle and of all, where the project states a least share."""
    found = data.records.find(ResolveLabelsSummary)
    if found is None or not found.labelled_by_name:
        return None
    rows = [(name, found.images_by_class.get(name, 0), count) for name, count in found.labelled_by_name.items()]
    more = "The next selection takes images that probably show them first (labeling.least_share_quota_ratio)."
    said = element("div", f"{found.why_unbalanced} {more}", class_="decision warn") if found.why_unbalanced else None
    return together([table((data.kind.reporting.names_word, "labels of this cycle", "all labelled images"), rows), said])


def _audit(data: CycleData) -> Html | None:
    """Share of wrong labels in a random sample."""
    found = data.records.find(ResolveLabelsSummary)
    if found is None or not found.audited:
        return None
    said = f"Spot audit: another person annotated {found.audited} labels drawn at random, and "
    said += _otherwise(found.audited, found.audited_right)
    if found.audited_so_far > found.audited:
        so_far = _otherwise(found.audited_so_far, found.audited_right_so_far)
        said += f" Of the {found.audited_so_far} audited over all nights, {so_far}"
    return paragraph(f"{said} At most so many labels are wrong, as this person errs, too; disputed ones come up again.")


def _otherwise(audited: int, right: int) -> str:
    """Labels that another person gave another name, with the share and its interval."""
    wrong = audited - right
    low, high = wilson(wrong / audited, audited, 0.95)
    return f"{wrong} otherwise: {ratio(wrong / audited)} ({ratio(low)} to {ratio(high)})."


def _quality(data: CycleData) -> Html | None:
    """Agreement over all labels so far; the gate's verdict stands in the header, too."""
    built = data.records.find(BuildDatasetVersionSummary)
    return paragraph(built.label_quality) if built is not None and built.label_quality else None
