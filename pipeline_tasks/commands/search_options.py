"""Options of a search, for the tool and for its opening stage."""

from __future__ import annotations

import argparse


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add the number of trials and the seed."""
    parser.add_argument("--trials", type=int, help="number of trials (default: the project's setting)")
    parser.add_argument("--seed", type=int, help="seed of the proposals and folds (default: the project's)")
