"""Section on labels that are probably wrong, with links to their labeling tasks."""

from __future__ import annotations

from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, cards, outside_link, paragraph, table, together
from pipeline_tasks.reports.image_cards import image_card

MOST_CARDS = 24
ABOUT = (
    "Each label was judged by small models and by the nearest images, none of which had seen it. The most doubted are shown first. "
    "A doubted label need not be wrong. It stands until a person corrects it in Label Studio; the next cycle reads the correction."
)


def section(data: CycleData) -> Html | None:
    """Counts by name, and cards of the most doubted labels."""
    found = data.records.find(FindLabelErrorsSummary)
    if found is None or data.label_suspects is None:
        return None
    if found.skipped:
        return paragraph(found.skipped, quiet=True)
    said = [f"{found.suspects} of {found.labels_judged} labels are doubted."]
    said += [f"{found.agreed} more are, too, but several people agree on them."] if found.agreed else []
    said += (
        [f"Not judged, because they have too few images: {', '.join(found.names_not_judged)}."] if found.names_not_judged else []
    )
    if not found.suspects:
        return paragraph(" ".join(said), quiet=True)
    shown = [_card(data, row) for row in data.label_suspects.head(MOST_CARDS).iter_rows(named=True)]
    counts = table(("label", "doubted"), list(found.suspects_by_name.items()))
    return together([paragraph(" ".join(said)), paragraph(ABOUT, quiet=True), counts, cards(shown, found.suspects, "labels")])


def _card(data: CycleData, row: dict[str, object]) -> Html:
    image_id, url = str(row["image_id"]), data.task_links.get(str(row["image_id"]))
    given = f"labelled {row['given_name']} (belief {row['belief_given']:.2f})"
    suggested = f"looks like {row['suggested_name']} (belief {row['belief_suggested']:.2f})"
    told = "from a labelled set" if not row["votes"] else outside_link("its labeling task", url) if url else "by people"
    return image_card(data, image_id, given, suggested, told, mark="wrong")
