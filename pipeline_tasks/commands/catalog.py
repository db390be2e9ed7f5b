"""Tools of the command line by name, each imported when used."""

from __future__ import annotations

import argparse
import importlib
from typing import Protocol, cast

from pipeline_tasks.commands.outcome import Outcome

TOOLS = {
    "check_project": "check_project.command",
    "compare_sources": "compare_sources",
    "connect": "connect.command",
    "empty_project": "empty_project",
    "back_up": "back_up",
    "restore_backup": "restore_backup",
    "verify_store": "verify_store",
    "versions": "versions.command",
    "explain": "explain",
    "publish": "publish.command",
    "erase": "erase",
    "import_dataset": "import_dataset",
    "search_settings": "search_settings",
    "pretrain_backbone": "pretrain_backbone",
    "pretrainings": "pretrainings",
    "requirements": "requirements",
    "labeling": "labeling",
    "promotions": "promotions",
    "augmentations": "augmentations",
    "edge": "edge",
    "receive": "receive",
    "files_for_edge": "files_for_edge",
}
"""Name → module in `commands`."""


class Tool(Protocol):
    """A module of `commands`; the first line of its docstring is its help."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the tool's own arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> Outcome:
        """Run the tool.

        Raises:
            NightlensError: it failed.
        """
        ...


def load_tool(name: str) -> Tool:
    """The tool of this name."""
    return cast(Tool, importlib.import_module(f"pipeline_tasks.commands.{TOOLS[name]}"))
