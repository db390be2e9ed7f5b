"""Tests of the doubted labels that another person looks at."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipeline_tasks.label_errors.reviews import Doubted, Review, names_first, reviews

VERDICTS = {
    "image_id": pl.String,
    "given_name": pl.String,
    "answered": pl.String,
    "is_same_person": pl.Boolean,
    "verdict": pl.String,
}
LOOKS = {"image_id": pl.String, "given_name": pl.String, "suggested_name": pl.String}


def suspects(*given: str, votes: int = 1) -> pl.DataFrame:
    """Images a, b, c … with these labels, the most doubted first; each looks like a nut."""
    rows = [
        {"image_id": image_id, "given_name": name, "suggested_name": "nut", "belief_given": 0.1, "belief_suggested": 0.8}
        for image_id, name in zip("abcdefgh", given, strict=False)
    ]
    believed = {"belief_given": pl.Float64, "belief_suggested": pl.Float64}
    return pl.DataFrame(rows, schema=LOOKS | believed).with_columns(votes=pl.lit(votes))


def doubted(*given: str, votes: int = 1) -> Doubted:
    """The same among 90 bolts and 10 gears."""
    names = {f"bolt {number}": "bolt" for number in range(90)} | {f"gear {number}": "gear" for number in range(10)}
    rows = suspects(*given, votes=votes)
    labels = dict(rows.select("image_id", "given_name").iter_rows())
    return Doubted(rows, pl.DataFrame(schema=LOOKS), pl.DataFrame(schema=VERDICTS), names | labels, set(), annotators=3)


def looked_at(found: Doubted, image_id: str, verdict: str, *, answered: str = "nut", is_same_person: bool = False) -> Doubted:
    """The same after a look at a bolt."""
    look = pl.DataFrame([(image_id, "bolt", "nut")], schema=LOOKS, orient="row")
    row = pl.DataFrame([(image_id, "bolt", answered, is_same_person, verdict)], schema=VERDICTS, orient="row")
    return replace(found, looks=pl.concat([found.looks, look]), verdicts=pl.concat([found.verdicts, row]))


def images(found: list[Review]) -> str:
    return "".join(one.image_id for one in found)


def test_reviews__takes_the_most_doubted_labels_and_says_why() -> None:
    found = reviews(doubted("bolt", "bolt", "bolt"), 2, 3)

    assert images(found) == "ab"
    assert found[0] == Review(
        "a", "bolt", "nut", "Labelled bolt (belief 0.10), it looks like nut (belief 0.80), so another person is asked."
    )


def test_reviews__never_leaves_a_rare_name_out_because_another_is_common() -> None:
    assert images(reviews(doubted("bolt", "bolt", "bolt", "gear", "gear"), 2, 3)) == "da"
    assert images(reviews(doubted("bolt", "bolt", "bolt", "gear", "gear"), 4, 3)) == "dabc"


def test_names_first__gives_at_most_half_of_the_places_to_names() -> None:
    doubts = [Review(f"{name}{number}", name, "x", "") for number in range(2) for name in ("a", "b", "c", "d")]

    found = names_first(doubts, {"a": 9, "b": 8, "c": 1, "d": 2}, 4)

    assert [one.image_id for one in found] == ["c0", "d0", "a0", "b0"]
    assert [one.image_id for one in names_first(doubts, {"a": 9, "b": 8, "c": 1, "d": 2}, 2)] == ["c0", "a0"]


def test_reviews__leaves_out_images_with_an_open_task() -> None:
    assert images(reviews(replace(doubted("bolt", "bolt"), closed={"a"}), 2, 3)) == "b"


def test_reviews__leaves_out_labels_that_changed_since_they_were_doubted() -> None:
    found = doubted("bolt", "bolt")

    assert images(reviews(replace(found, names={**found.names, "a": "nut"}), 2, 3)) == "b"
    assert images(reviews(replace(found, names={"b": "bolt"}), 2, 3)) == "b"


def test_reviews__asks_no_more_about_a_label_that_a_review_settled() -> None:
    assert images(reviews(looked_at(doubted("bolt", "bolt"), "a", "stands"), 2, 3)) == "b"


def test_reviews__asks_about_a_label_that_is_doubted_under_its_new_name() -> None:
    assert images(reviews(looked_at(doubted("gear", "bolt"), "a", "fixed"), 2, 3)) == "ab"


def test_reviews__asks_a_third_person_first_where_two_disagree() -> None:
    found = reviews(looked_at(doubted("gear"), "z", "unclear"), 1, 3)

    assert found == [Review("z", "bolt", "nut", "Two people disagree about it, so a third one is asked.")]


def test_reviews__asks_another_person_where_the_same_one_looked_or_nobody_could_say() -> None:
    same = looked_at(doubted(), "z", "unclear", is_same_person=True)
    skipped = looked_at(doubted(), "z", "unclear", answered="skipped")

    assert "had annotated it before" in reviews(same, 1, 3)[0].reason
    assert reviews(skipped, 1, 3)[0].reason == "The second look was skipped, so another person is asked."


def test_reviews__asks_about_one_image_at_most_so_many_times() -> None:
    twice = looked_at(looked_at(doubted(), "z", "unclear"), "z", "unclear")

    assert images(reviews(twice, 1, 3)) == "z"
    assert images(reviews(twice, 1, 2)) == ""


def test_reviews__asks_one_lone_person_only_about_labels_of_sets() -> None:
    found = replace(looked_at(doubted("bolt"), "z", "unclear"), annotators=1)

    assert images(reviews(found, 2, 3)) == ""
    assert images(reviews(replace(doubted("bolt", votes=0), annotators=1), 2, 3)) == "a"
