"""Which pictures must not straddle splits: duplicate groups joined with the project's keys, never across a recorded split."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

Key = tuple[str, ...]
"""A piece of metadata that pictures may share, such as ("clip", "inbox", "17")."""


class SplitGroups:
    """Sets of pictures, each named by its first picture (a number), each with at most one split.

    Held open while pictures are added one by one; `find` names a picture's group as of now.
    """

    def __init__(self, standing: Mapping[int, int], splits: Mapping[int, str], golden: Collection[int] = ()) -> None:
        """Start from what earlier cycles recorded: picture → the group's first picture, and that → its split.

        The group of a golden picture is claimed for test, unless it has a split already.
        """
        self._parents: dict[int, int] = {name: name for name in standing.values()} | dict(standing)
        self._splits: dict[int, str] = dict(splits)
        self._key_owners: dict[Key, list[int]] = {}
        self.inherited: dict[int, str] = {}
        """Groups that got their split by a merge: the surviving group had none, the other had."""
        self._golden = frozenset(golden)
        self._claimed: list[int] = []
        for picture in sorted(self._golden & standing.keys()):
            self._claim(picture)

    def find(self, picture: int) -> int:
        """The first picture of the group that this picture is in."""
        root = picture
        while self._parents[root] != root:
            root = self._parents[root]
        while self._parents[picture] != root:
            self._parents[picture], picture = root, self._parents[picture]
        return root

    def splits_of(self, pictures: Iterable[int]) -> set[str]:
        """The different splits of the groups that these pictures are in."""
        return {self._splits[root] for root in map(self.find, pictures) if root in self._splits}

    def wish_of(self, picture: int) -> set[str]:
        """The split that a new picture must have: test, if it is golden."""
        return {"test"} if picture in self._golden else set()

    def claimed(self) -> list[int]:
        """Groups that are test from now on because they hold a golden picture."""
        return sorted(group for group in self._claimed if self.find(group) == group)

    def owners(self, keys: Iterable[Key]) -> list[int]:
        """Pictures that carry one of these keys already, one for each group that does."""
        return [owner for key in keys for owner in self._key_owners.get(key, ())]

    def own(self, picture: int, keys: Iterable[Key]) -> None:
        """Remember which keys a picture carries; one picture of each group speaks for a key."""
        for key in keys:
            owners = {self.find(owner): owner for owner in reversed(self._key_owners.get(key, []))}
            owners.setdefault(self.find(picture), picture)
            self._key_owners[key] = sorted(owners.values())

    def join_by_keys(self, picture: int, keys: Iterable[Key]) -> None:
        """Join an earlier picture's group with those that share its keys, and remember its keys.

        Keys may be named, and sightings come, after splits were recorded: groups that lie in different splits stay apart.
        """
        carried = list(keys)
        owners = self.owners(carried)
        if len(self.splits_of([picture, *owners])) <= 1:
            self.add(picture, owners)
        self.own(picture, carried)

    def keys_in_two_splits(self) -> list[Key]:
        """The keys that straddle splits, since those were recorded before the key or the sighting was known."""
        return sorted(key for key, owners in self._key_owners.items() if len(self.splits_of(owners)) > 1)

    def add(self, picture: int, others: Iterable[int], keys: Iterable[Key] = ()) -> None:
        """Add a picture to the groups of `others`, which become one; the caller has seen that their splits agree."""
        self._parents.setdefault(picture, picture)
        for other in others:
            self._join(picture, other)
        self.own(picture, keys)
        if picture in self._golden:
            self._claim(picture)

    def _claim(self, picture: int) -> None:
        """Make the picture's group test, unless it has a split."""
        root = self.find(picture)
        if root not in self._splits:
            self._splits[root] = "test"
            self._claimed.append(root)

    def _join(self, one: int, other: int) -> None:
        """Make two groups one; the older first picture names it, a split that either has is kept."""
        survivor, loser = sorted((self.find(one), self.find(other)))
        if survivor == loser:
            return
        self._parents[loser] = survivor
        if loser in self._splits and survivor not in self._splits:
            self._splits[survivor] = self.inherited[survivor] = self._splits[loser]
