"""Options of a pretraining, for the tool and for its opening stage."""

from __future__ import annotations

import argparse
from typing import get_args

from pipeline_tasks.settings.pretraining import Method


def add_pretraining_options(parser: argparse.ArgumentParser) -> None:
    """Add method, epochs and seed."""
    parser.add_argument("--method", choices=get_args(Method), help="default: the project's setting, as for all below")
    parser.add_argument("--epochs", type=int, help="number of epochs")
    parser.add_argument("--seed", type=int, help="seed of the images, views and weights")
