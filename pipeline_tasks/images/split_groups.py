"""Which images must not straddle splits: duplicate groups joined with the project's keys, never across a recorded split."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

Key = tuple[str, ...]
"""A piece of metadata that images may share, such as ("clip", "inbox", "17")."""


class SplitGroups:
    """Sets of images, each named by its first image (a number), each with at most one split.

    Held open while images are added one by one; `find` names an image's group as of now.
    """

    def __init__(self, standing: Mapping[int, int], splits: Mapping[int, str], golden: Collection[int] = ()) -> None:
        """Start from what earlier cycles recorded: image → the group's first image, and that → its split.

        The group of a golden image is claimed for test, unless it has a split already.
        """
        self._parents: dict[int, int] = {name: name for name in standing.values()} | dict(standing)
        self._splits: dict[int, str] = dict(splits)
        self._key_owners: dict[Key, list[int]] = {}
        self.inherited: dict[int, str] = {}
        """Groups that got their split by a merge: the surviving group had none, the other had."""
        self._golden = frozenset(golden)
        self._claimed: list[int] = []
        for image in sorted(self._golden & standing.keys()):
            self._claim(image)

    def find(self, image: int) -> int:
        """The first image of the group that this image is in."""
        root = image
        while self._parents[root] != root:
            root = self._parents[root]
        while self._parents[image] != root:
            self._parents[image], image = root, self._parents[image]
        return root

    def splits_of(self, images: Iterable[int]) -> set[str]:
        """The different splits of the groups that these images are in."""
        return {self._splits[root] for root in map(self.find, images) if root in self._splits}

    def wish_of(self, image: int) -> set[str]:
        """The split that a new image must have: test, if it is golden."""
        return {"test"} if image in self._golden else set()

    def claimed(self) -> list[int]:
        """Groups that are test from now on because they hold a golden image."""
        return sorted(group for group in self._claimed if self.find(group) == group)

    def owners(self, keys: Iterable[Key]) -> list[int]:
        """Images that carry one of these keys already, one for each group that does."""
        return [owner for key in keys for owner in self._key_owners.get(key, ())]

    def own(self, image: int, keys: Iterable[Key]) -> None:
        """Remember which keys an image carries; one image of each group speaks for a key."""
        for key in keys:
            owners = {self.find(owner): owner for owner in reversed(self._key_owners.get(key, []))}
            owners.setdefault(self.find(image), image)
            self._key_owners[key] = sorted(owners.values())

    def join_by_keys(self, image: int, keys: Iterable[Key]) -> None:
        """Join an earlier image's group with those that share its keys, and remember its keys.

        Keys may be named, and sightings come, after splits were recorded: groups that lie in different splits stay apart.
        """
        carried = list(keys)
        owners = self.owners(carried)
        if len(self.splits_of([image, *owners])) <= 1:
            self.add(image, owners)
        self.own(image, carried)

    def keys_in_two_splits(self) -> list[Key]:
        """The keys that straddle splits, since those were recorded before the key or the sighting was known."""
        return sorted(key for key, owners in self._key_owners.items() if len(self.splits_of(owners)) > 1)

    def add(self, image: int, others: Iterable[int], keys: Iterable[Key] = ()) -> None:
        """Add an image to the groups of `others`, which become one; the caller has seen that their splits agree."""
        self._parents.setdefault(image, image)
        for other in others:
            self._join(image, other)
        self.own(image, keys)
        if image in self._golden:
            self._claim(image)

    def _claim(self, image: int) -> None:
        """Make the image's group test, unless it has a split."""
        root = self.find(image)
        if root not in self._splits:
            self._splits[root] = "test"
            self._claimed.append(root)

    def _join(self, one: int, other: int) -> None:
        """Make two groups one; the older first image names it, a split that either has is kept."""
        survivor, loser = sorted((self.find(one), self.find(other)))
        if survivor == loser:
            return
        self._parents[loser] = survivor
        if loser in self._splits and survivor not in self._splits:
            self._splits[survivor] = self.inherited[survivor] = self._splits[loser]
