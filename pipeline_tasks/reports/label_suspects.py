"""Section on labels that are probably wrong, with links to their labeling tasks, and on people's verdicts."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, element, outside_link, paragraph, table, together
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict

MOST_CARDS = 24
ABOUT = (
    "Each label was judged by small models and by the nearest images, none of which had seen it. The most doubted are shown first. "
    "A doubted label need not be wrong. It stands until people say otherwise: some go to another person each night, "
    "and the next cycle reads what is corrected in Label Studio."
)
ABOUT_OBJECTS = (
    "Each label was compared with what a model predicted in the image before it could learn the label. A doubt weighs the "
    "difference against how often the model errs so; many doubted labels are right. Labels are drawn with a full line, predictions "
    "with a dashed one; what is doubted is thick. The labels stand until people say otherwise: some go to another person each "
    "night, and the next cycle reads what is corrected in Label Studio."
)


def section(data: CycleData) -> Html | None:
    """Counts by name, and cards of the most doubted labels."""
    found, suspects = data.records.find(FindLabelErrorsSummary), data.rows(LabelSuspect)
    if found is None or suspects is None:
        return None
    if found.skipped:
        return together([paragraph(found.skipped, quiet=True), _reviews(data, found)])
    if data.kind.freezing.keeps_objects:
        return together([*_objects(data, found), _reviews(data, found)])
    said = [f"{found.suspects} of {found.labels_judged} labels are doubted."]
    said += [f"{found.agreed} more are, too, but several people agree on them."] if found.agreed else []
    said += (
        [f"Not judged, because they have too few images: {', '.join(found.names_not_judged)}."] if found.names_not_judged else []
    )
    if not found.suspects:
        return together([paragraph(" ".join(said), quiet=True), _reviews(data, found)])
    shown = [_card(data, row) for row in suspects.head(MOST_CARDS).iter_rows(named=True)]
    counts = table(("label", "doubted"), list(found.suspects_by_name.items()))
    return together(
        [
            paragraph(" ".join(said)),
            paragraph(ABOUT, quiet=True),
            counts,
            cards(shown, found.suspects, "labels"),
            _reviews(data, found),
        ]
    )


def _objects(data: CycleData, found: FindLabelErrorsSummary) -> list[Html]:
    """Doubted objects by what is wrong, drawn over their images."""
    said = f"{found.suspects} objects are doubted in the labels of {found.labels_judged} images."
    if found.agreed:
        said += f" Doubts about {found.agreed} other labels are settled by people."
    if found.not_judged:
        said += (
            f" {found.not_judged} other labels are not judged: no model predicted in these images before it could learn from them, "
        )
        said += "or they are older."
    if found.worth_a_look:
        said += f" {found.worth_a_look} labels are worth a second look, as far as labeling.review_ratio has places for them."
    if not found.suspects:
        return [paragraph(said, quiet=True)]
    counts = table(("wrong", "objects"), list(found.suspects_by_name.items()))
    shown = [
        image_card(data, one.image_id, *one.lines, title=one.title, mark="wrong", drawing=one.drawing) for one in data.suspect_cards
    ]
    return [paragraph(said), paragraph(ABOUT_OBJECTS, quiet=True), counts, cards(shown, found.suspects, "objects", is_wide=True)]


def _reviews(data: CycleData, found: FindLabelErrorsSummary) -> Html | None:
    """Verdicts so far with the share of doubts that were right, and tonight's by label."""
    if not found.precision:
        return None
    value, low, high = (f"{100 * one:.0f} %" for one in found.precision)
    fixed, stand, unclear = (found.reviews.get(one, 0) for one in ("fixed", "stands", "unclear"))
    said = [f"Of {sum(found.reviews.values())} doubted labels that people looked at again so far, {fixed} were wrong and are fixed"]
    said[0] += f" ({value}, {100 * found.confidence:.0f} % interval {low} to {high}), {stand} stand, {unclear} are not settled."
    said += ["The most doubted are looked at first, so of all doubted labels fewer are wrong."]
    said += [f"{found.same_person} looks were by somebody who had annotated the image before; they do not count."] * (
        found.same_person > 0
    )
    return together([element("h3", "Second looks"), paragraph(" ".join(said)), _tonights(data.rows(LabelVerdict))])


def _tonights(verdicts: pl.DataFrame | None) -> Html | None:
    if verdicts is None or verdicts.is_empty():
        return None
    columns = ["given_name", "suggested_name", "answered", pl.col("verdict").cast(pl.String)]
    rows = verdicts.group_by(columns).len().sort("len", "given_name", "suggested_name", descending=[True, False, False])
    return table(("label", "looked like", "now said", "verdict", "labels"), rows.head(MOST_CARDS).rows(), numbers_from=4)


def _card(data: CycleData, row: dict[str, object]) -> Html:
    image_id, url = str(row["image_id"]), data.task_links.get(str(row["image_id"]))
    given = f"labelled {row['given_name']} (belief {row['belief_given']:.2f})"
    suggested = f"looks like {row['suggested_name']} (belief {row['belief_suggested']:.2f})"
    told = "from a labelled set" if not row["votes"] else outside_link("its labeling task", url) if url else "by people"
    return image_card(data, image_id, given, suggested, told, mark="wrong")
