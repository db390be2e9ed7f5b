from given import image_id

from pipeline_tasks.datasets.splitting import propose_splits

GROUPS = [image_id(number) for number in range(10)]


def splits(picks: list[tuple[str, bool]], standing: dict[str, str] | None = None, **ratios: float) -> dict[str, str]:
    ratios = {"control_test_ratio": 1.0, "val_ratio": 0.0} | ratios
    return {group: split for group, split, _ in propose_splits(picks, standing or {}, seed=1, **ratios).rows()}  # type: ignore[arg-type]


def test_propose_splits__takes_the_test_split_from_the_control_arm() -> None:
    assert splits([(GROUPS[0], True), (GROUPS[1], False)]) == {GROUPS[0]: "test", GROUPS[1]: "train"}


def test_propose_splits__keeps_existing_splits() -> None:
    assert splits([(GROUPS[0], True), (GROUPS[1], True)], {GROUPS[0]: "train"}) == {GROUPS[1]: "test"}


def test_propose_splits__gives_a_group_one_split_however_many_picks_it_has() -> None:
    assert splits([(GROUPS[0], True), (GROUPS[0], True), (GROUPS[1], False), (GROUPS[1], False)]) == {
        GROUPS[0]: "test",
        GROUPS[1]: "train",
    }


def test_propose_splits__leaves_a_group_that_holds_more_than_its_splits_share_in_train() -> None:
    clip = [(GROUPS[0], number == 0) for number in range(6)]
    singles = [(group, True) for group in GROUPS[1:4]]
    assert splits(clip + singles) == {GROUPS[0]: "train"} | dict.fromkeys(GROUPS[1:4], "test")
    assert splits([(GROUPS[0], False)] * 8 + [(GROUPS[1], False)] * 2, val_ratio=0.2) == {GROUPS[0]: "train", GROUPS[1]: "val"}


def test_propose_splits__keeps_the_shares_where_every_group_has_control_images() -> None:
    three_cameras = [(GROUPS[number % 3], number % 5 < 2) for number in range(240)]
    found = splits(three_cameras)
    assert sorted(found.values()) == ["test", "train", "train"]


def test_propose_splits__draws_a_share_for_validation_and_of_the_control_arm_for_test() -> None:
    found = splits([(group, number < 4) for number, group in enumerate(GROUPS)], control_test_ratio=0.5, val_ratio=0.25)
    assert sorted(found.values()) == ["test"] * 2 + ["train"] * 6 + ["val"] * 2
    assert {group for group, split in found.items() if split == "test"} <= set(GROUPS[:4])


def test_propose_splits__depends_on_names_and_seed_and_not_on_the_order_of_picks() -> None:
    picks = [(group, False) for group in GROUPS]
    assert splits(picks, val_ratio=0.3) == splits(picks[::-1], val_ratio=0.3)
    assert splits([]) == {}
