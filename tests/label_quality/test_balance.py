"""Tests of the shares of names among labelled images."""

from __future__ import annotations

from pipeline_tasks.label_quality.balance import Balance


def test_balance__names_what_is_below_the_least_share_with_what_it_lacks() -> None:
    found = Balance(100, {"bolt": 85, "nut": 10, "gear": 5, "ring": 0}, 0.1)

    # 6 gears more are 11 of 106; 12 rings are 12 of 112.
    assert found.short == {"gear": 6, "ring": 12}
    assert found.wanted == {"gear": 11, "ring": 12}
    assert found.says() == "Of 100 labelled images fewer than 0.1 (labeling.least_share) show: gear 5.0% (5), ring 0.0% (0)."


def test_balance__counts_an_exact_share_as_enough_also_where_it_is_no_binary_number() -> None:
    assert Balance(30, {"bolt": 27, "nut": 3}, 0.1).short == {}


def test_balance__of_no_labels_lacks_nothing_yet() -> None:
    assert (Balance(0, {"bolt": 0}, 0.1).short, Balance(0, {"bolt": 0}, 0.1).says()) == ({}, "")
