"""Write the files that an edge agent of a project needs: its backbone, and the champion to ask for classes."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project and the folder."""
    add_project_option(parser)
    parser.add_argument("--to", type=Path, required=True, help="folder for backbone.onnx and champion.onnx")


def run(arguments: argparse.Namespace) -> Outcome:
    """Write the files, and print their digests; without a champion there is no champion.onnx."""
    from pipeline_tasks.backbones.backbone import open_backbone
    from pipeline_tasks.storage.blobs.model_files import read_model
    from pipeline_tasks.training_data.pretraining_images import find_pretrained
    from pipeline_tasks.wiring.projects import home_folder, read_project

    store = open_named_store(arguments.project)
    find = partial(find_pretrained, store)
    settings = read_project(arguments.project).backbone
    backbone = open_backbone(settings, home_folder() / "backbones", home=home_folder(), pretrained=find)
    champion = store.state().champion
    told: dict[str, Json] = {"backbone_digest": backbone.digest, "model_digest": None}
    _write(arguments.to / "backbone.onnx", backbone.onnx_bytes)
    if champion is not None:
        _write(arguments.to / "champion.onnx", read_model(store.objects, champion.model_digest))
        told["model_digest"] = champion.model_digest
    return in_json(told)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"--to: wanted a folder that can be written, found {path.parent}: {error.strerror}") from error
