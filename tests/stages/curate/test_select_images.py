import math
from dataclasses import replace

import given_images
import numpy as np
import polars as pl
import pytest
from given import an_open_cycle, image_id
from given_images import BACKBONE, SEEN_AT, AnImage, record
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.classes.graph import HEAD_BIAS, HEAD_WEIGHT
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.records.ask_for_slice import AskForSliceSummary
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.records.project_state import Champion, SliceRequest, SliceRequests
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.settings import SelectionSettings
from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.stages.curate.select_images import select_images
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow

FIRST, SECOND = "2026-11-21", "2026-11-22"


def at(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def night(
    store: Store, cycle_id: str, *images: AnImage, budget: int = 4, labeling: object = None, **selection: object
) -> SelectImagesSummary:
    asked = {} if labeling is None else {"labeling": labeling}
    cycle = an_open_cycle(store, cycle_id, selection={"budget": budget} | selection, **asked)
    record(store, cycle_id, images)
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    return select_images(store, cycle)


def selected(store: Store, cycle_id: str) -> set[str]:
    names = {image_id(name): name for name in "abcdefghijklmnopqrstuvwxyz"}
    return {names[one] for one in store.read(SelectedImage, cycle_id)["image_id"]}


def twelve(first: int = 0) -> list[AnImage]:
    return [AnImage(name, at(30 * number + 2 * first)) for number, name in enumerate("abcdefghijkl")]


def test_select_images__draws_the_first_rounds_control_arm_and_the_splits(store: Store) -> None:
    summary = night(store, FIRST, *twelve(), budget=10)
    assert (summary.images_selected, summary.control, summary.is_first_round) == (10, 4, True)
    assert summary.strategies["random"] == 4
    assert set(summary.strategies) <= {"balanced_coverage", "diversity", "random"}
    assert summary.splits == {"test": 4, "train": 5, "val": 1}
    arms = store.read(SelectedImage, FIRST)
    assert arms["rank"].to_list() == list(range(10))
    test = set(store.history(Split).filter(split="test")["split_group_id"])
    assert test == set(arms.filter(arm="control")["image_id"])
    scores = store.history(SelectionScore)
    assert set(scores["objective"]) == {"balanced_coverage", "diversity"}
    assert scores.height == 2 * 6


def test_select_images__asks_about_one_of_each_group_and_no_quarantined_or_contested_image(store: Store) -> None:
    night(
        store,
        FIRST,
        AnImage("a", at(0)),
        AnImage("b", at(5)),
        AnImage("c", at(90), sharpness=1),
        AnImage("d", at(180)),
        budget=9,
    )
    assert selected(store, FIRST) == {"a", "d"}


def test_select_images__never_asks_about_an_image_or_its_group_again(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0)), AnImage("b", at(90)), budget=1)
    asked = selected(store, FIRST)
    summary = night(store, SECOND, AnImage("c", at(3)), AnImage("d", at(93)), AnImage("e", at(200)), budget=9)
    assert selected(store, SECOND) == {"a", "b", "e"} - asked
    assert summary.left_out["asked_about_before"] == 2


def test_select_images__asks_again_the_next_night_if_annotations_matched_no_class(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0)), AnImage("b", at(90)), budget=1)
    (asked,) = selected(store, FIRST)
    sent_and_annotated(store, FIRST, asked, state="unmatched")
    summary = night(store, SECOND, budget=9)

    assert selected(store, SECOND) == {"a", "b"}
    assert (summary.asked_again, summary.left_out) == (1, {})
    assert store.history(Split).height == 2


@pytest.mark.parametrize(("is_open", "again"), [(True, set()), (False, {"a"})])
def test_select_images__does_not_ask_again_while_a_task_is_open(store: Store, is_open: bool, again: set[str]) -> None:
    night(store, FIRST, AnImage("a", at(0)))
    sent_and_annotated(store, FIRST, "a", state="unmatched", copies=2, open_copies=int(is_open))
    night(store, SECOND)

    assert selected(store, SECOND) == again


def test_select_images__asks_again_about_images_whose_tasks_were_deleted_unanswered(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0)))
    sent_and_annotated(store, FIRST, "a", state=None, open_copies=1)
    lost = pl.DataFrame([{"task_key": image_id(f"{FIRST} task a 0"), "round_id": FIRST, "image_id": image_id("a")}])
    store.finish(FIRST, "collect_annotations", CollectAnnotationsSummary(0, 0, 0, 0, 0, 0, 0), [(LostTask, lost)])

    assert night(store, SECOND).asked_again == 1


def test_select_images__asks_again_about_an_unsure_image_after_some_nights_but_not_for_ever(store: Store) -> None:
    nights = [f"2026-12-{day:02}" for day in range(1, 10)]
    rule = {"deadline_s": 3600, "ask_again_after_cycles": 2, "ask_at_most_times": 3}
    asked = []
    for cycle_id in nights:
        images = [AnImage("a", at(0))] if cycle_id == nights[0] else []
        night(store, cycle_id, *images, labeling=rule)
        if selected(store, cycle_id):
            asked.append(cycle_id)
            sent_and_annotated(store, cycle_id, "a", state="unsure")

    assert asked == [nights[0], nights[2], nights[4]]


def test_select_images__never_asks_again_about_an_unsure_image_where_the_settings_say_so(store: Store) -> None:
    rule = {"deadline_s": 3600, "ask_again_after_cycles": None}
    night(store, FIRST, AnImage("a", at(0)), labeling=rule)
    sent_and_annotated(store, FIRST, "a", state="unsure")

    assert [night(store, f"2026-12-0{day}", labeling=rule).images_selected for day in range(1, 6)] == [0] * 5


def test_select_images__picks_images_of_earlier_nights(store: Store) -> None:
    night(store, FIRST, *twelve(), budget=3)
    summary = night(store, SECOND, budget=3)
    assert (summary.images_selected, summary.is_first_round) == (3, False)
    assert not selected(store, FIRST) & selected(store, SECOND)


def test_select_images__says_why_nothing_is_picked(store: Store) -> None:
    assert night(store, FIRST).why == "Nothing was selected: no image is eligible."
    assert night(store, SECOND, *twelve(), budget=0).why == "Nothing was selected: the budget is 0."


def test_select_images__keeps_the_minimum_distance_between_what_the_strategy_picks(store: Store) -> None:
    near = [AnImage(name, at(40 * number)) for number, name in enumerate("abcd")]
    night(store, FIRST, *near, budget=4, first_round_control_ratio=0, min_distance=1.0)
    assert len(selected(store, FIRST)) == 2


def test_select_images__asks_first_about_golden_images(store: Store) -> None:
    cycle = an_open_cycle(store, FIRST, selection={"budget": 6}, splits={"golden": {"key_pattern": ":[gh]"}})
    record(store, FIRST, [*twelve(), AnImage("z", at(211))])
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    summary = select_images(store, cycle)
    picks = store.read(SelectedImage, FIRST)
    assert picks["image_id"].to_list()[:2] == [image_id("g"), image_id("h")]
    assert picks["rank"].to_list() == list(range(6))
    assert (summary.strategies["golden"], summary.control, summary.is_first_round) == (2, 2, True)
    assert "z" not in selected(store, FIRST)
    assert "2 images of the golden set come first." in summary.why
    splits = dict(store.history(Split).select("split_group_id", "split").iter_rows())
    assert splits[image_id("g")] == splits[image_id("h")] == "test"


def test_select_images__spends_the_whole_budget_on_golden_images_if_they_are_that_many(store: Store) -> None:
    cycle = an_open_cycle(store, FIRST, selection={"budget": 3}, splits={"golden": {"key_pattern": ":[a-f]"}})
    record(store, FIRST, twelve())
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    assert "which is the whole budget" in select_images(store, cycle).why
    assert selected(store, FIRST) == set("abc")


def test_select_images__curates_the_splits_of_the_strategys_picks_if_the_settings_say_so(store: Store) -> None:
    cycle = an_open_cycle(
        store, FIRST, selection={"budget": 12, "val_ratio": 0.3}, splits={"policy": "curated", "curated_test_ratio": 0.3}
    )
    crowd = [AnImage(name, (1.0, *(0.5 * (place == number) for place in range(12)))) for number, name in enumerate("abcdefghij")]
    record(store, FIRST, [*crowd, AnImage("x", (-1.0, *[0.0] * 12)), AnImage("y", (0.0, *[0.0] * 11, 1.0))])
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    select_images(store, cycle)
    why = {group: (split, policy) for group, split, policy in store.history(Split).rows()}
    control = set(store.read(SelectedImage, FIRST).filter(arm="control")["image_id"])
    assert {why[one] for one in control} == {("test", "control_arm")}
    for name in "xy":
        assert image_id(name) in control or why[image_id(name)][1].startswith("rare: outlier score 0.")
    assert {split for split, policy in why.values() if policy.startswith("typical: ")} == {"val"}


def test_select_images__twice_gives_the_same_summary_and_tables(store: Store) -> None:
    first = night(store, FIRST, *twelve())
    files = store.files(SelectedImage)
    assert select_images(store, an_open_cycle(store, FIRST, selection={"budget": 4})) == first
    assert store.files(SelectedImage) == files


def test_select_images__of_the_same_night_is_the_same_in_another_root() -> None:
    from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

    picks = []
    for _ in range(2):
        store = Store(MemoryObjects())
        night(store, FIRST, *twelve())
        picks.append(store.read(SelectedImage, FIRST).rows())
    assert picks[0] == picks[1]


@pytest.mark.parametrize(("backbone", "is_used"), [(BACKBONE, True), ("c" * 64, False)])
def test_select_images__uses_a_champion_of_the_same_backbone(store: Store, backbone: str, is_used: bool) -> None:
    night(store, FIRST, AnImage("z", at(15)), budget=1, control_ratio=0, first_round_control_ratio=0)
    label(store, FIRST, z="bolt")
    digest = put_model(store.objects, a_model(backbone))
    store.finish(FIRST, "promote_model", FindQualityIssuesSummary(0, 0, {}), sets=[Champion(digest, "d" * 64, FIRST, None)])
    images = [AnImage(name, at(45 + 30 * number)) for number, name in enumerate("abcd")]
    summary = night(store, SECOND, *images, budget=1, control_ratio=0, objectives="margin" if is_used else "auto")
    assert summary.champion_digest == (digest if is_used else None)
    if is_used:
        assert selected(store, SECOND) == {"a"}
        assert "is undecided between" in store.read(SelectedImage, SECOND)["reason"][0]


def test_select_images__takes_what_probably_shows_a_name_below_the_least_share_first(store: Store) -> None:
    night(store, FIRST, AnImage("z", at(15)), budget=1, control_ratio=0, first_round_control_ratio=0)
    label(store, FIRST, z="bolt")
    digest = put_model(store.objects, a_model(BACKBONE))
    store.finish(FIRST, "promote_model", FindQualityIssuesSummary(0, 0, {}), sets=[Champion(digest, "d" * 64, FIRST, None)])
    images = [AnImage(name, at(45 + 30 * number)) for number, name in enumerate("abcd")]
    shares = {"deadline_s": 60, "least_share": 0.4, "least_share_quota_ratio": 0.5}
    summary = night(store, SECOND, *images, budget=2, control_ratio=0, objectives="margin", labeling=shares)

    assert summary.strategies == {"margin": 1, "requirements": 1}
    taken = store.read(SelectedImage, SECOND).filter(pl.col("strategy") == "requirements")
    assert taken["reason"].to_list() == ["probably nut, which has fewer labels than required"]


def test_select_images__takes_images_of_a_slice_that_somebody_asked_for_first(store: Store) -> None:
    images = [AnImage(name, at(30 * number), metadata={"device": f"cam-{name}"}) for number, name in enumerate("abcdef")]
    asked = SliceRequests([SliceRequest("device cam-d", "device", "cam-d", "2026-11-20", 1, 5)])
    an_open_cycle(store, "2026-11-20")
    store.finish("2026-11-20", "ask_for_slice", AskForSliceSummary("device cam-d", 0, 5, ""), sets=[asked])

    summary = night(store, FIRST, *images, budget=2, control_ratio=0, first_round_control_ratio=0, objectives="coverage")

    assert summary.strategies == {"coverage": 1, "requirements": 1}
    taken = store.read(SelectedImage, FIRST).filter(pl.col("strategy") == "requirements")
    assert taken["image_id"].to_list() == [image_id("d")]
    assert taken["reason"].to_list() == ["slice device cam-d, which has fewer labels than required"]


def test_select_images__requires_the_duplicates(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, twelve())
    find_quality_issues(store, cycle)
    with pytest.raises(MissingStageError):
        select_images(store, cycle)


def sent_and_annotated(store: Store, cycle_id: str, name: str, *, state: str | None, copies: int = 1, open_copies: int = 0) -> None:
    """One round about one image, and what became of it; without a state nobody answered."""
    keys = [image_id(f"{cycle_id} task {name} {copy}") for copy in range(copies)]
    about: dict[str, object] = {"round_id": cycle_id, "image_id": image_id(name)}
    of_task = {"purpose": "first", "label_config_digest": "d" * 64, "label_studio_project_id": 1, "label_studio_task_id": 1}
    of_task |= {"assigned_to": None}
    tasks = [about | of_task | {"task_key": key, "copy_number": copy} for copy, key in enumerate(keys)]
    said = {"annotator_id": "ada", "state": "answered", "lead_time_s": 1.0, "updated_at": SEEN_AT, "is_starred": False}
    answers = [about | said | {"annotation_id": key[:9], "task_key": key, "revision": key} for key in keys[: copies - open_copies]]
    label = {"labels_version": cycle_id, "state": state, "votes": 0, "agreement_ratio": 0.0, "label_config_digest": "d" * 64}
    label |= dict.fromkeys(("consensus_quality", "vote_ids"))
    writes: list[Write] = [(LabelingTask, pl.DataFrame(tasks))]
    writes += [(Annotation, pl.DataFrame(answers))] if answers else []
    writes += [(Label, pl.DataFrame([label | {"image_id": image_id(name)}]))] if state else []
    store.finish(cycle_id, "resolve_labels", FindQualityIssuesSummary(0, 0, {}), writes)


def test_select_images__sends_a_doubted_label_to_another_person_beside_the_budget_and_in_no_arm(store: Store) -> None:
    night(store, FIRST, *twelve(), budget=10)
    asked = sorted(selected(store, FIRST))
    doubt(store, FIRST, {asked[0]: ("bolt", "nut"), asked[1]: ("bolt", "nut"), asked[2]: ("bolt", "nut")})
    open_task(store, FIRST, asked[1])

    summary = night(store, SECOND, budget=10, labeling={"deadline_s": 3600, "review_ratio": 0.2})

    looks = store.read(SecondLook, SECOND)
    assert looks.select("image_id", pl.col("purpose").cast(pl.String), "rank", "given_name", "suggested_name").rows() == [
        (image_id(asked[0]), "review", 0, "bolt", "nut"),
        (image_id(asked[2]), "review", 1, "bolt", "nut"),
    ]
    assert summary.second_looks == {"review": 2}
    assert summary.why.endswith(" Beside them, one more person each is asked about 2 doubted labels.")
    assert (summary.images_selected, summary.asked_again) == (2, 0)
    assert not set(looks["image_id"]) & set(store.read(SelectedImage, SECOND)["image_id"])


def test_select_images__does_not_review_where_no_share_is_set_or_nobody_else_annotates(store: Store) -> None:
    night(store, FIRST, *twelve(), budget=10)
    doubt(store, FIRST, {sorted(selected(store, FIRST))[0]: ("bolt", "nut")}, people=("ada",))

    assert night(store, SECOND, budget=10, labeling={"deadline_s": 3600, "review_ratio": 0.0}).second_looks == {}
    assert night(store, "2026-11-23", budget=10, labeling={"deadline_s": 3600, "review_ratio": 1.0}).second_looks == {}


def doubt(store: Store, cycle_id: str, doubts: dict[str, tuple[str, str]], people: tuple[str, ...] = ("ada", "ben")) -> None:
    """Labels of these images, each doubted, with annotations of these people in turn."""
    label(store, cycle_id, **{name: given for name, (given, _) in doubts.items()})
    rows = [
        {"image_id": image_id(name), "given_name": given, "suggested_name": other, "belief_given": 0.1, "belief_suggested": 0.8}
        for name, (given, other) in doubts.items()
    ]
    said = {"round_id": cycle_id, "state": "answered", "lead_time_s": 1.0, "updated_at": SEEN_AT, "is_starred": False}
    given = [
        said
        | {"annotation_id": f"{person} 1", "annotator_id": person, "image_id": image_id(name)}
        | {"task_key": image_id(f"task of {person}"), "revision": image_id(person)}
        for person, name in zip(people, [*doubts] * len(people), strict=False)
    ]
    doubted = FindLabelErrorsSummary(len(doubts), len(doubts), {}, [])
    suspects = pl.DataFrame(rows).with_columns(votes=pl.lit(1))
    store.finish(cycle_id, "find_label_errors", doubted, [(LabelSuspect, suspects), (Annotation, pl.DataFrame(given))])


def open_task(store: Store, cycle_id: str, name: str) -> None:
    """A labeling task that nobody has answered."""
    task = {"task_key": image_id(f"open {name}"), "round_id": cycle_id, "image_id": image_id(name), "purpose": "overlap"}
    ids = {"copy_number": 1, "label_config_digest": "d" * 64, "label_studio_project_id": 1, "label_studio_task_id": 7}
    ids |= {"assigned_to": None}
    sent = SendToLabelingSummary(cycle_id, "d" * 64, 1, 1, deadline_at=SEEN_AT.isoformat())
    store.finish(cycle_id, "send_to_labeling", sent, [(LabelingTask, pl.DataFrame([task | ids]))])


def label(store: Store, cycle_id: str, **classes: str) -> None:
    labels = [
        {"image_id": image_id(name), "labels_version": cycle_id, "state": "labelled", "votes": 1, "agreement_ratio": 1.0}
        | {"label_config_digest": "d" * 64}
        | dict.fromkeys(("consensus_quality", "vote_ids"))
        for name in classes
    ]
    objects = pl.DataFrame(
        [
            dict.fromkeys(LabelObject.column_names())
            | {"image_id": image_id(name), "object_index": 0, "label_kind": "class", "class_name": class_name}
            for name, class_name in classes.items()
        ]
    )
    store.finish(
        cycle_id, "resolve_labels", FindQualityIssuesSummary(0, 0, {}), [(Label, pl.DataFrame(labels)), (LabelObject, objects)]
    )


def a_model(backbone: str) -> bytes:
    """Wavers between bolt and nut at 45 degrees."""
    marks = ModelMarks(ClassKind(("bolt", "nut")), backbone, "r" * 64, 32, "d" * 64)
    weight, bias = np.array([[4, 0], [0, 4]], np.float32), np.zeros(2, np.float32)
    node = helper.make_node("Identity", ["pictures"], ["probabilities"])
    value = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [None, 2])
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])
    constants = [numpy_helper.from_array(weight, HEAD_WEIGHT), numpy_helper.from_array(bias, HEAD_BIAS)]
    model = helper.make_model(helper.make_graph([node], "head", [value], [out], constants))
    helper.set_model_props(model, marks.as_properties())
    content: bytes = model.SerializeToString()
    return content


def test_select_images__asks_about_the_largest_copy_of_a_group(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0), side_px=160), AnImage("b", at(5), side_px=320), AnImage("d", at(180)), budget=9)
    assert selected(store, FIRST) == {"b", "d"}


def test_select_images__takes_a_later_larger_copy_of_an_image_not_asked_about(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0), side_px=160), budget=0)
    night(store, SECOND, AnImage("b", at(5), side_px=320), budget=9)
    assert selected(store, SECOND) == {"b"}


def test_select_images__keeps_the_label_on_its_copy_when_a_larger_one_arrives(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0), side_px=160), budget=9)
    summary = night(store, SECOND, AnImage("b", at(5), side_px=320), budget=9)
    assert selected(store, SECOND) == set()
    assert summary.left_out["asked_about_before"] == 2


def test_select_images__asks_about_an_image_that_a_looser_limit_released(store: Store) -> None:
    night(store, FIRST, AnImage("a", at(0)), AnImage("b", at(90), sharpness=3))
    cycle = an_open_cycle(store, SECOND, selection={"budget": 4}, quality={"min_sharpness": 2})
    record(store, SECOND, [])
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)

    select_images(store, cycle)

    assert (selected(store, FIRST), selected(store, SECOND)) == ({"a"}, {"b"})


def test_select_images__says_which_images_another_backbone_leaves_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = night(store, FIRST, *twelve(), budget=2)
    monkeypatch.setattr(given_images, "BACKBONE", "c" * 64)

    second = night(store, SECOND, AnImage("m", at(15)))

    assert "other_backbone" not in first.left_out
    assert second.left_out["other_backbone"] == 12
    assert "12 images of earlier nights are not in the pool: another backbone or side_px embedded them." in second.why


def test_select_images__puts_synthetic_images_into_train_alone_and_draws_none_at_random(store: Store) -> None:
    images = [replace(one, is_synthetic=number % 2 == 0) for number, one in enumerate(twelve())]

    night(store, FIRST, *images, budget=12, first_round_control_ratio=1.0, control_test_ratio=1.0, val_ratio=1.0)

    synthetic = {image_id(one.name) for one in images if one.is_synthetic}
    picks = store.read(SelectedImage, FIRST).select("image_id", pl.col("arm").cast(pl.String))
    groups = store.current(SplitGroup).join(store.read(Split, FIRST), on="split_group_id")
    found = picks.join(groups, on="image_id").with_columns(pl.col("split").cast(pl.String))
    assert set(found.filter(pl.col("image_id").is_in(list(synthetic))).select("arm", "split", "policy").rows()) == {
        ("strategy", "train", "synthetic")
    }
    assert set(found.filter(pl.col("arm") == "control")["split"]) == {"test"}
    assert found.filter(pl.col("arm") == "control").height == 6


def of_clip(name: str, degrees: float, clip: str, **fields: object) -> AnImage:
    return AnImage(name, at(degrees), metadata={"clip": clip}, **fields)  # type: ignore[arg-type]


def test_select_images__takes_whole_clips_with_the_images_that_look_alike(store: Store) -> None:
    """Clip x has three images, of which two are one duplicate group; y has four, which is more than the budget."""
    same = {"pixels": "the same"}
    x = [of_clip("a", 0, "x", **same), of_clip("b", 1, "x", **same), of_clip("c", 20, "x")]
    y = [of_clip(name, 90 + 10 * number, "y") for number, name in enumerate("defg")]

    summary = night(store, FIRST, *x, *y, AnImage("h", at(200), sharpness=1), budget=3, clips="whole")

    assert selected(store, FIRST) == {"a", "b", "c"}
    assert summary.left_out == {"quarantined": 1, "of_a_clip_larger_than_the_budget": 4}
    assert "1 clip is larger than the budget of 3 and cannot be selected whole: inbox:y (4 images). " in summary.why
    assert "Set selection.budget to 4 or more" in summary.why


def test_select_images__leaves_a_copy_of_a_labelled_clip_out_and_completes_a_clip_that_was_begun(store: Store) -> None:
    night(store, FIRST, of_clip("a", 0, "x", pixels="one"), budget=1)

    copy = of_clip("b", 0, "copy", pixels="one")
    night(store, SECOND, copy, of_clip("c", 90, "x"), of_clip("d", 91, "x", pixels="one"), budget=9, clips="whole")

    assert selected(store, SECOND) == {"c", "d"}


def test_settings__of_whole_clips_refuse_limits_that_take_part_of_one() -> None:
    with pytest.raises(ValidationError, match="clips: whole takes all images of a clip: leave out max_per_clip, min_distance"):
        SelectionSettings(budget=1, clips="whole", max_per_clip=2, min_distance=0.1)
