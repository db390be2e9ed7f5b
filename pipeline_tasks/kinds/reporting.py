"""The part of a label kind that explains itself in the cycle's report: sections of plain blocks, which the report draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import polars as pl

from pipeline_tasks.tables.table import Table


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a quiet one is less prominent."""

    text: str
    is_quiet: bool = False


@dataclass(frozen=True)
class Bar:
    """A share from 0 to 1 with its interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """Shares below each other."""

    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Grid:
    """Counts by two names, each cell the darker the larger its share of the row."""

    corner: str
    names: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
    """Name of the row, name of the column → count."""


@dataclass(frozen=True)
class Shape:
    """An object over an image."""

    outlines_px: tuple[tuple[float, ...], ...]
    """Closed lines of canonical pixels, x and y by turns; a hole is a line of its own."""
    origin: Literal["label", "prediction", "champion"]
    """A prediction is the candidate's, where the champion's are drawn, too."""
    says: str
    """Its name, shown where the mouse is."""
    is_marked: bool = False
    is_filled: bool = False


@dataclass(frozen=True)
class Drawing:
    """Objects over an image of that size."""

    width_px: float
    height_px: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class ImageCard:
    """A thumbnail with a title and lines below it."""

    image_id: str
    title: str
    lines: tuple[str, ...]
    drawing: Drawing | None = None
    """Objects that are drawn over it."""
    is_wrong: bool = True


@dataclass(frozen=True)
class ImageCards:
    """Thumbnails of what went wrong, side by side."""

    cards: tuple[ImageCard, ...]
    total: int
    """Total number, including those not shown."""
    what: str


Block = Heading | Paragraph | Bars | Grid | ImageCards


@dataclass(frozen=True)
class Section:
    """A section of the report; without blocks there is nothing to show."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Evaluated:
    """Everything that an evaluation left behind about the candidate; None where a table was not written."""

    model_digest: str | None
    images: pl.DataFrame | None
    """Rows of the dataset version."""
    metrics: pl.DataFrame | None
    predictions: pl.DataFrame | None
    details: Mapping[type[Table], pl.DataFrame]


class Reporting(Protocol):
    """Words and sections of one kind."""

    @property
    def detail_tables(self) -> tuple[type[Table], ...]:
        """Tables of an evaluation that only this kind writes."""
        ...

    @property
    def names_word(self) -> str:
        """Word for one name of the vocabulary, such as `class`."""
        ...

    def sections(self, evaluated: Evaluated) -> Sequence[Section]:
        """Section on the candidate's correct and wrong predictions."""
        ...


@dataclass(frozen=True)
class ReadPrediction:
    """One model's prediction of a test image beside the truth, as people read them."""

    truth: str
    says: str
    confidence: float
    """The confidence of what it is surest of, to show the surest errors first."""
    drawing: Drawing | None = None
    """Both over the image, for kinds that say where something is."""


@runtime_checkable
class PredictionReader(Protocol):
    """Reporting of a kind whose predictions can be read image by image; the report then shows two models side by side."""

    def read_predictions(self, evaluated: Evaluated) -> Mapping[str, ReadPrediction]:
        """Test image → the prediction of the model that `evaluated` names; empty if there are none."""
        ...
