"""Images that must not straddle splits: duplicate groups joined with the project's keys, never across a recorded split."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

Key = tuple[str, ...]
"""A piece of metadata that images may share, such as ("clip", "inbox", "17")."""


class SplitGroups:
    """Sets of images, each named by its first image (a number), each with at most one split.

    Images are added one by one; `find` returns an image's current group.
    """

    def __init__(self, standing: Mapping[int, int], splits: Mapping[int, str], golden: Collection[int] = ()) -> None:
        """Start from earlier cycles' records: image → the group's first image, and that → its split.

        The group of a golden image is claimed for test, unless it has a split already.
        """
        self._parents: dict[int, int] = {name: name for name in standing.values()} | dict(standing)
        self._splits: dict[int, str] = dict(splits)
        self._key_owners: dict[Key, list[int]] = {}
        self.inherited: dict[int, str] = {}
        """Groups that got their split by a merge: the surviving group had none, the other had one."""
        self._golden = frozenset(golden)
        self._claimed: list[int] = []
        for image in sorted(self._golden & standing.keys()):
            self._claim(image)

    def find(self, image: int) -> int:
        """The first image of this image's group."""
        root = image
        while self._parents[root] != root:
            root = self._parents[root]
        while self._parents[image] != root:
            self._parents[image], image = root, self._parents[image]
        return root

    def standing(self, image: int) -> list[int]:
        """The group that a released image has from earlier cycles; none for a new one."""
        return [self.find(image)] if image in self._parents else []

    def splits_of(self, images: Iterable[int]) -> set[str]:
        """The different splits of the groups that these images are in."""
        return {self._splits[root] for root in map(self.find, images) if root in self._splits}

    def wish_of(self, image: int) -> set[str]:
        """The split that a new image must have: test if it is golden, else none."""
        return {"test"} if image in self._golden else set()

    def claimed(self) -> list[int]:
        """Groups that were put into test because they hold a golden image."""
        return sorted(group for group in self._claimed if self.find(group) == group)

    def owners(self, keys: Iterable[Key]) -> list[int]:
        """Images that already carry one of these keys, one for each group."""
        return [owner for key in keys for owner in self._key_owners.get(key, ())]

    def own(self, image: int, keys: Iterable[Key]) -> None:
        """Remember the keys of an image; one image of each group represents a key."""
        for key in keys:
            owners = {self.find(owner): owner for owner in reversed(self._key_owners.get(key, []))}
            owners.setdefault(self.find(image), image)
            self._key_owners[key] = sorted(owners.values())

    def join_by_keys(self, image: int, keys: Iterable[Key]) -> None:
        """Join an earlier image's group with the groups that share its keys, and remember its keys.

        Keys may be configured, and sightings may arrive, after splits were recorded: groups in different splits stay apart.
        """
        carried = list(keys)
        owners = self.owners(carried)
        if len(self.splits_of([image, *owners])) <= 1:
            self.add(image, owners)
        self.own(image, carried)

    def keys_in_two_splits(self) -> list[Key]:
        """Keys that straddle splits, because the splits were recorded before the key or the sighting was known."""
        return sorted(key for key, owners in self._key_owners.items() if len(self.splits_of(owners)) > 1)

    def add(self, image: int, others: Iterable[int], keys: Iterable[Key] = ()) -> None:
        """Add an image to the groups of `others`, which become one; the caller has checked that their splits agree."""
        self._parents.setdefault(image, image)
        for other in others:
            self._join(image, other)
        self.own(image, keys)
        if image in self._golden:
            self._claim(image)

    def _claim(self, image: int) -> None:
        """Put the image's group into test, unless it has a split."""
        root = self.find(image)
        if root not in self._splits:
            self._splits[root] = "test"
            self._claimed.append(root)

    def _join(self, one: int, other: int) -> None:
        """Merge two groups; the older first image names the result, and a split that either has is kept."""
        survivor, loser = sorted((self.find(one), self.find(other)))
        if survivor == loser:
            return
        self._parents[loser] = survivor
        if loser in self._splits and survivor not in self._splits:
            self._splits[survivor] = self.inherited[survivor] = self._splits[loser]
