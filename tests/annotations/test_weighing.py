"""Tests of votes as arrays, and of labels from people who are weighed."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.annotations.gold_annotations import GoldAnnotation
from pipeline_tasks.annotations.votes import Votes
from pipeline_tasks.annotations.weighing import GoldVotes, for_training_only, judged_by_model, named_votes, weigh
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.classes.class_object import ClassObject

NAMES = ("bolt", "nut", "washer")
LABELING = ClassKind(NAMES).labeling


def votes(*rows: tuple[str, str, str]) -> Votes:
    """Votes from image, annotator and names joined by +, in the order of time."""
    by_image: dict[str, dict[str, tuple[ClassObject, ...]]] = {}
    ids: dict[str, dict[str, str]] = {}
    for image_id, who, said in rows:
        by_image.setdefault(image_id, {})[who] = tuple(ClassObject(name) for name in said.split("+") if name)
        ids.setdefault(image_id, {})[who] = f"{image_id}-{who}"
    order = {f"{image_id}-{who}": place for place, (image_id, who, _) in enumerate(rows)}
    return Votes(by_image, frozenset(), frozenset(), ids, order)


def test_named_votes__count_names_and_nothing_but_no_mixtures() -> None:
    found = named_votes(votes(("a", "ada", "bolt"), ("a", "bob", ""), ("b", "ada", "bolt+nut"), ("c", "bob", "nut")), LABELING)

    assert (found.image_ids, found.annotator_ids, found.names) == (("a", "c"), ("ada", "bob"), ("", "bolt", "nut"))
    assert found.arrays.counts.tolist() == [[1, 1, 0], [0, 0, 1]]
    assert found.objects == {"": (), "bolt": (ClassObject("bolt"),), "nut": (ClassObject("nut"),)}
    assert found.shared_images == 1


def test_named_votes__of_nobody_are_none() -> None:
    found = named_votes(votes(), LABELING)
    assert (found.image_ids, found.shared_images) == ((), 0)
    assert weigh(found, votes(), None).labels == {}


def a_night_with_a_guesser() -> Votes:
    """Ada and Bob are right on 90 images, Eve guesses; on the last one Ada and Eve differ."""
    generator = np.random.default_rng(5)
    rows = []
    for number in range(90):
        truth = NAMES[number % 3]
        rows += [
            (f"i{number:02}", "ada", truth),
            (f"i{number:02}", "bob", truth),
            (f"i{number:02}", "eve", str(generator.choice(NAMES))),
        ]
    return votes(*rows, ("z", "ada", "nut"), ("z", "eve", "bolt"))


def test_weigh__believes_whom_others_confirm_and_pauses_who_guesses() -> None:
    given = a_night_with_a_guesser()
    named = named_votes(given, LABELING)
    found = weigh(named, given, None)

    objects, belief = found.labels["z"]
    assert objects == (ClassObject("nut"),)
    assert 0.8 < belief < found.labels["i00"][1]
    assert found.paused == {"eve"}
    accuracy = dict(zip(named.annotator_ids, found.accuracies.mean.tolist(), strict=True))
    assert accuracy["ada"] > 0.9
    assert accuracy["eve"] == pytest.approx(1 / 3, abs=0.15)


def test_weigh__pauses_whom_gold_finds_out_before_others_do() -> None:
    agreed = [(f"i{number:02}", who, NAMES[number % 3]) for number in range(60) for who in ("ada", "bob")]
    given = votes(*agreed, ("z", "eve", "nut"))
    named = named_votes(given, LABELING)
    answers = [GoldAnnotation(f"gold-{number}", "eve", (ClassObject(NAMES[number % 2]),), is_right=False) for number in range(12)]
    later = {one.annotation_id: 1000 + place for place, one in enumerate(answers)}
    without = weigh(named, given, None)
    found = weigh(named, given, None, GoldVotes(answers, {**given.order, **later}))

    assert (without.paused, found.paused) == (set(), {"eve"})
    assert found.labels["z"] == without.labels["z"]


def test_weigh__uses_a_model_where_it_has_beliefs() -> None:
    given = a_night_with_a_guesser()
    named = named_votes(given, LABELING)
    model = np.full((91, 3), 0.05)
    model[np.arange(91), named.majorities] = 0.9
    model[90] = np.nan
    found = weigh(named, given, model)

    assert found.has_model
    assert found.labels["z"][0] == (ClassObject("nut"),)
    assert found.labels["i00"][1] > 0.99


def test_model__has_no_say_about_images_for_evaluation() -> None:
    given = votes(("a", "ada", "bolt"), ("a", "eve", "nut"), ("b", "ada", "bolt"), ("b", "eve", "nut"))
    named = named_votes(given, LABELING)
    model = np.array([[0.1, 0.9], [0.1, 0.9]])
    learnt_from = weigh(named, given, for_training_only(model, ["train", "train"]))
    judged_by = weigh(named, given, for_training_only(model, ["test", "val"]))

    assert np.isnan(for_training_only(model, [None, "train"])).tolist() == [[True, True], [False, False]]
    assert learnt_from.labels["a"][0] == (ClassObject("nut"),)
    assert learnt_from.labels["a"][1] > 0.9
    assert [belief for _, belief in judged_by.labels.values()] == pytest.approx([0.5, 0.5])


def test_judged_by_model__are_disputed_images_and_news_first_and_others_up_to_a_limit() -> None:
    given = named_votes(
        votes(*((image, "ada", "bolt") for image in "abcdef"), ("c", "bob", "bolt"), ("d", "bob", "nut")),
        LABELING,
    )

    assert judged_by_model(given, {"f"}, 3).tolist() == [True, False, False, True, False, True]
    assert judged_by_model(given, {"f"}, 1).tolist() == [False, False, False, True, False, True], "those that need it, always"
    assert judged_by_model(given, set(), 100).tolist() == [True] * 6
