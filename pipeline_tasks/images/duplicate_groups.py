"""Groups of pictures that show the same thing, grown picture by picture, safe from chains and from leaks between splits.

Every picture of a group resembles the group's anchor itself (its first picture that takes part in the search), so a chain
A~B~C of small steps does not join A and C: transitive closure over a lenient cosine would end in one group of everything.
Groups of different splits never merge. A picture that resembles groups of different splits is contested: linked to all of
them, used by none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_tasks.images.split_groups import Key, SplitGroups


@dataclass(frozen=True)
class Link:
    """A piece of evidence that a new picture shows the same as an earlier one; pictures are numbers in history order."""

    other: int
    method: str
    """`pixels`, `hash` or `embedding`."""
    value: float
    """Bits that differ for hash, 0 for pixels, cosine for embedding."""
    group: int
    """First picture of the other picture's group."""
    closeness: float
    """Cosine to the group's anchor; 2 for equal pixels."""


@dataclass
class DuplicateGroups:
    """The groups as of now. Held open while pictures are added in history order."""

    split_groups: SplitGroups
    group_of: dict[int, int]
    """Picture → first picture of its group."""
    contested: dict[int, tuple[int, ...]]
    """Picture → first pictures of the groups it resembles."""
    is_searchable: Sequence[bool]
    resembles: Callable[[int, int], bool]
    """Whether a picture is near enough to an anchor to stay in its group when two groups merge."""
    members: dict[int, list[int]] = field(default_factory=dict)
    merged_into: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Turn picture → group around."""
        for picture, group in sorted(self.group_of.items()):
            self.members.setdefault(group, []).append(picture)

    def anchor(self, group: int) -> int | None:
        """The first picture of a group that takes part in the search by likeness, None if all are quarantined."""
        return next((picture for picture in self.members[group] if self.is_searchable[picture]), None)

    def add(self, picture: int, links: Sequence[Link], keys: Sequence[Key] = ()) -> None:
        """Put a new picture into the closest group it resembles, into one of its own, or between groups of different splits."""
        groups = sorted({link.group for link in links})
        owners = self.split_groups.owners(keys)
        if len(self.split_groups.splits_of([*groups, *owners]) | self.split_groups.wish_of(picture)) > 1:
            self.contest(picture, groups or [picture])
            return
        group = min(links, key=lambda link: (-link.closeness, link.group)).group if links else picture
        self.group_of[picture] = group
        self.members.setdefault(group, []).append(picture)
        self.split_groups.add(picture, [*([group] if links else []), *owners], keys)
        for other in sorted({link.group for link in links if link.method == "hash"} - {group}):
            group = self._merge(group, other)

    def contest(self, picture: int, groups: Sequence[int]) -> None:
        """Link a picture to groups without putting it into one."""
        self.contested[picture] = tuple(groups)

    def current(self, group: int) -> int:
        """The group that a group has become through merges."""
        while group in self.merged_into:
            group = self.merged_into[group]
        return group

    def _merge(self, one: int, other: int) -> int:
        """Make two groups one if all pictures of the younger resemble the older's anchor; return where `one` is now."""
        survivor, loser = sorted((one, other))
        anchor = self.anchor(survivor)
        if anchor is None or not all(self.resembles(picture, anchor) for picture in self.members[loser]):
            return one
        moved = self.members.pop(loser)
        self.members[survivor] = sorted(self.members[survivor] + moved)
        self.group_of |= dict.fromkeys(moved, survivor)
        self.merged_into[loser] = survivor
        self.split_groups.add(loser, [survivor])
        return survivor


def standing_groups(rows: Sequence[tuple[int, int, bool]]) -> tuple[dict[int, int], dict[int, tuple[int, ...]]]:
    """Tell members from contested pictures in what earlier cycles recorded as (picture, group, is_contested)."""
    contested: dict[int, tuple[int, ...]] = {}
    for picture, group, is_contested in rows:
        if is_contested:
            contested[picture] = (*contested.get(picture, ()), group)
    return {picture: group for picture, group, is_contested in rows if not is_contested}, contested


def changed(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    """What is new or different in `after`, in the order of pictures."""
    return {picture: group for picture, group in sorted(after.items()) if before.get(picture) != group}
