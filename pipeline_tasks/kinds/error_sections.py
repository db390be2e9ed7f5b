"""Report blocks on the errors of models that say where something is, by their sort, drawn over the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.matching.errors import BADLY_PLACED, EXTRA, FOUND, MISSED, SORTS, SWAPPED
from pipeline_tasks.kinds.reporting import Block, Grid, Heading, ImageCard, ImageCards, Paragraph

MOST_CARDS = 12
NOTHING = "nothing"
_ABOUT = {
    MISSED: "objects that no prediction is at",
    EXTRA: "predictions where no object is, or of an object that a surer one found",
    SWAPPED: "predictions in the right place with the wrong name",
    BADLY_PLACED: "predictions of an object with the right name, but less than half alike",
}


def error_blocks(images: Sequence[Compared], class_names: tuple[str, ...], legend: str) -> Iterable[Block]:
    """Number of each sort of error, what was taken for what, and cards."""
    if not images:
        return
    found = Counter(one.sort for image in images for one in image.outcomes)
    if not sum(found[sort] for sort in SORTS):
        yield Paragraph(f"All {found[FOUND]} objects in {len(images)} test images are found, and nothing else.", is_quiet=True)
        return
    unsure = sum(len(image.unsure) for image in images)
    notes = {MISSED: f" ({unsure} of them found by a prediction that is too unsure)" if unsure else ""}
    said = ", ".join(f"{found[sort]} {sort}{notes.get(sort, '')}" for sort in SORTS)
    yield Paragraph(f"{found[FOUND]} objects in {len(images)} test images are found; {said}.")
    yield _confusions(images, class_names)
    yield Paragraph(legend, is_quiet=True)
    for sort in SORTS:
        if found[sort]:
            yield from _cards(sort, images)


def _confusions(images: Sequence[Compared], class_names: tuple[str, ...]) -> Grid:
    """Class of the object and of its prediction; a badly placed one has the right class."""
    counts = Counter(image.names(one) for image in images for one in image.outcomes)
    pairs = {(is_a or NOTHING, taken_for or NOTHING): count for (is_a, taken_for), count in counts.items()}
    others = {name for pair in pairs for name in pair} - {*class_names, NOTHING}
    return Grid("is ↓  taken for →", (*class_names, *sorted(others), NOTHING), pairs)


def _cards(sort: str, images: Sequence[Compared]) -> Iterable[Block]:
    wrong = [(image, one) for image in images for one in image.outcomes if one.sort == sort]
    wrong.sort(key=lambda pair: -pair[0].weight(pair[1]))
    shown = tuple(ImageCard(image.image_id, *image.says(one), image.drawing(one)) for image, one in wrong[:MOST_CARDS])
    yield Heading(sort.capitalize())
    first = "surest" if sort != MISSED and any(image.has_confidence for image, _ in wrong) else "largest"
    about = "objects that no sure prediction is at" if sort == MISSED and any(one.unsure for one in images) else _ABOUT[sort]
    yield Paragraph(f"{len(wrong)} {about}; the {first} come first.", is_quiet=True)
    yield ImageCards(shown, len(wrong), "errors")


def example_blocks(images: Sequence[Compared]) -> Iterable[Block]:
    """The first images by id, which is a random order."""
    if images:
        yield Paragraph("Not chosen by error: the first test images by their id, which is a random order.", is_quiet=True)
        yield ImageCards(tuple(_example(one) for one in images[:MOST_CARDS]), len(images), "test images")


def _example(image: Compared) -> ImageCard:
    counts = Counter(one.sort for one in image.outcomes)
    said = ", ".join(f"{counts[sort]} {sort}" for sort in (FOUND, *SORTS) if counts[sort])
    return ImageCard(image.image_id, said or "nothing there, nothing predicted", (), image.drawing(), is_wrong=False)
