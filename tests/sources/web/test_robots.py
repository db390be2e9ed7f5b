"""Tests of the rules in robots.txt."""

from __future__ import annotations

import time

import pytest

from pipeline_tasks.sources.web.robots import RobotsRules

RULES = """\ufeff# of everyone
User-agent: *
Disallow: /

User-agent: other
User-agent: Nightlens/0.2 # us
Disallow: /private
Allow: /private/open
Disallow: /*.gif$
Disallow: /a*b*c
Disallow:
Crawl-delay: 5

User-agent: nightlens
Disallow: /later/
"""


@pytest.mark.parametrize(
    ("target", "is_allowed"),
    [
        ("/x.jpg", True),
        ("/private", False),
        ("/private/x", False),
        ("/private/open/x", True),
        ("/x.gif", False),
        ("/x.gif?y", True),
        ("/a1b2c3", False),
        ("/a1c2b3", True),
        ("/later/x", False),
        ("/pr%69vate/x", False),
    ],
)
def test_rules__of_our_own_name_count_and_the_longest_decides(target: str, is_allowed: bool) -> None:
    assert RobotsRules.read(RULES).allow(target) == is_allowed


def test_rules__of_all_others_count_where_we_are_not_named() -> None:
    assert not RobotsRules.read("User-agent: *\nDisallow: /x\nAllow: /x/y\n").allow("/x/z")
    assert RobotsRules.read("User-agent: *\nDisallow: /x\nAllow: /x/y\n").allow("/x/y/z")
    assert RobotsRules.read("User-agent: other\nDisallow: /\n").allow("/x")
    assert RobotsRules.read("Disallow: /\n<html>").allow("/x")


def test_hostile_pattern__costs_no_time() -> None:
    rules = RobotsRules.read("User-agent: *\nDisallow: /" + "*a" * 5000 + "b\n")
    began = time.process_time()

    assert rules.allow("/" + "a" * 4000)
    assert time.process_time() - began < 1
