"""Entries of `training.augmentation` for a pipeline of imgaug, and all that is not the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline_tasks.augmentations.imgaug.call import Call
from pipeline_tasks.augmentations.imgaug.conversions import Found, conversion_of, nearest_to
from pipeline_tasks.augmentations.imgaug.reading import Remark, read_pipeline


@dataclass
class Converted:
    """Result of one file."""

    entries: dict[str, tuple[float | None, float]] = field(default_factory=dict)
    """Name → strength, if it has one, and probability."""
    differs: list[Remark] = field(default_factory=list)
    lost: list[Remark] = field(default_factory=list)

    @property
    def as_yaml(self) -> str:
        """Text for a project file; comments name all that differs."""
        rows = [f"    {name}: {{{_values(*entry)}}}" for name, entry in self.entries.items()]
        lines = ["training:", "  augmentation:", *rows] if rows else ["# No entry."]
        for title, remarks in (("Not converted:", self.lost), ("Not quite the same:", self.differs)):
            ordered = sorted({(one.line, one.says) for one in remarks})
            lines += [f"# {title}", *(f"#   line {line}: {says}" for line, says in ordered)] if ordered else []
        return "\n".join(lines)


def converted(text: str) -> Converted:
    """Convert the text of a file.

    Raises:
        SyntaxError: it is no Python.
    """
    pipeline = read_pipeline(text)
    found = Converted({}, pipeline.differs, pipeline.lost)
    for call in pipeline.calls:
        _add(found, call, _of_call(call))
    return found


def _of_call(call: Call) -> Found:
    conversion = conversion_of(call.name)
    if conversion is None:
        return Found(lost=[f"no entry changes images so; {nearest_to(call.name)}"])
    try:
        return conversion(call)
    except ValueError as error:
        return Found(lost=[str(error)])


def _add(found: Converted, call: Call, own: Found) -> None:
    """Join the entries of a call with those of earlier ones."""
    found.differs += [Remark(call.line, f"{call.name}: {one}") for one in own.differs]
    found.lost += [Remark(call.line, f"{call.name}: {one}") for one in own.lost]
    for name, (strength, share) in own.entries.items():
        chance = call.chance * share
        if strength is not None and strength > 1:
            found.differs.append(Remark(call.line, f"{call.name}: {name} would need strength {strength:.3g}; 1 is the greatest"))
        strength = None if strength is None else min(strength, 1.0)
        if chance <= 0 or (strength is not None and round(strength, 3) <= 0):
            found.differs.append(Remark(call.line, f"{call.name}: it changes nothing, and is left out"))
            continue
        if name in found.entries:
            before, often = found.entries[name]
            strength = None if strength is None or before is None else max(strength, before)
            chance = 1 - (1 - often) * (1 - chance)
            found.differs.append(
                Remark(call.line, f"{call.name}: joined with another {name}: the greater strength, and either chance")
            )
        found.entries[name] = (strength, chance)


def _values(strength: float | None, probability: float) -> str:
    values = [] if strength is None else [f"strength: {round(strength, 3):g}"]
    return ", ".join([*values, f"probability: {round(min(probability, 1.0), 3):g}"])
