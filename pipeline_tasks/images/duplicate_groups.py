"""Groups of images that show the same thing, built image by image, without chains and without leaks between splits.

Every image of a group resembles the group's anchor (its first searchable image), so a chain A~B~C of small steps does not
join A and C: transitive closure over a lenient cosine would put everything into one group. Groups of different splits never
merge. An image that resembles groups of different splits is contested: linked to all of them, used by none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline_tasks.images.comparing import Comparison
from pipeline_tasks.images.split_groups import Key, SplitGroups


@dataclass(frozen=True)
class Link:
    """Evidence that a new image shows the same as an earlier one; images are numbers in history order."""

    other: int
    method: str
    """`pixels`, `hash` or `embedding`."""
    value: float
    """Bits that differ for hash, 0 for pixels, cosine for embedding."""
    group: int
    """First image of the other image's group."""
    closeness: float
    """Cosine to the group's anchor, 1 + the agreement where both were laid on each other, 2 for equal pixels."""
    is_same: bool = True
    """False if a comparison denied what hash or embedding suggested."""
    comparison: Comparison | None = None
    """With the group's anchor; None for equal pixels, and where a view is missing."""

    @property
    def is_mirrored(self) -> bool:
        """True if one is a mirror image of the other."""
        return self.comparison is not None and self.comparison.is_mirrored


@dataclass
class DuplicateGroups:
    """Current groups, while images are added in history order."""

    split_groups: SplitGroups
    group_of: dict[int, int]
    """Image → first image of its group."""
    contested: dict[int, tuple[int, ...]]
    """Contested image → first images of the groups it resembles."""
    is_searchable: Sequence[bool]
    resembles: Callable[[int, int], bool]
    """Predicate: an image is near enough to an anchor to stay in its group when two groups merge."""
    mirrored_is_same: bool = True
    """False if a mirror image is another thing: it gets a group of its own, in the split of what it mirrors."""
    members: dict[int, list[int]] = field(default_factory=dict)
    merged_into: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the images of each group."""
        for image, group in sorted(self.group_of.items()):
            self.members.setdefault(group, []).append(image)

    def anchor(self, group: int) -> int | None:
        """The first searchable image of a group; None if all are quarantined."""
        return next((image for image in self.members[group] if self.is_searchable[image]), None)

    def add(self, image: int, links: Sequence[Link], keys: Sequence[Key] = ()) -> None:
        """Add a new image to the closest group it resembles, else to a new group; contest it if groups of two splits match."""
        groups = sorted({link.group for link in links})
        owners = self.split_groups.owners(keys) + self.split_groups.standing(image)
        if len(self.split_groups.splits_of([*groups, *owners]) | self.split_groups.wish_of(image)) > 1:
            self.contest(image, groups or [image])
            return
        same = [link for link in links if self.mirrored_is_same or not link.is_mirrored]
        group = min(same, key=lambda link: (-link.closeness, link.group)).group if same else image
        self.group_of[image] = group
        self.members.setdefault(group, []).append(image)
        beside = [link.group for link in links if link not in same]
        self.split_groups.add(image, [*([group] if same else []), *beside, *owners], keys)
        for other in sorted({link.group for link in same if link.method == "hash"} - {group}):
            group = self._merge(group, other)

    def contest(self, image: int, groups: Sequence[int]) -> None:
        """Link an image to groups without adding it to one."""
        self.contested[image] = tuple(groups)

    def current(self, group: int) -> int:
        """The group that now contains a group, after merges."""
        while group in self.merged_into:
            group = self.merged_into[group]
        return group

    def _merge(self, one: int, other: int) -> int:
        """Merge two groups if all images of the younger resemble the older's anchor; return the group that now contains `one`."""
        survivor, loser = sorted((one, other))
        anchor = self.anchor(survivor)
        if anchor is None or not all(self.resembles(image, anchor) for image in self.members[loser]):
            return one
        moved = self.members.pop(loser)
        self.members[survivor] = sorted(self.members[survivor] + moved)
        self.group_of |= dict.fromkeys(moved, survivor)
        self.merged_into[loser] = survivor
        self.split_groups.add(loser, [survivor])
        return survivor


def standing_groups(rows: Sequence[tuple[int, int, bool]]) -> tuple[dict[int, int], dict[int, tuple[int, ...]]]:
    """Separate members from contested images in earlier cycles' rows (image, group, is_contested)."""
    contested: dict[int, tuple[int, ...]] = {}
    for image, group, is_contested in rows:
        if is_contested:
            contested[image] = (*contested.get(image, ()), group)
    return {image: group for image, group, is_contested in rows if not is_contested}, contested


def changed(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    """Entries that are new or different in `after`, in the order of images."""
    return {image: group for image, group in sorted(after.items()) if before.get(image) != group}
