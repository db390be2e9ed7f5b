"""Folder of a whole network of the package `transformers`, as Hugging Face lays it out; nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_tasks.backbones.named_weights import sha256_of
from pipeline_tasks.backbones.preprocessing import FILE as PREPROCESSING
from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.backbones.transformers_backbone import CONFIGURATION, WEIGHTS
from pipeline_tasks.errors import SettingsError

KEY = "network.weights"


def check_folder(name: str, weights: Path | None, types: tuple[str, ...], repository: str) -> None:
    """Check that a folder has its three files and holds a network of one of these types; imports no transformers.

    Raises:
        SettingsError: it has not, with the way to get one.
    """
    get = f"on a machine with internet: hf download {repository} --local-dir FOLDER, then copy it here"
    if weights is None:
        raise SettingsError(f"{KEY}: {name} needs the folder of its weights; {get}")
    for names in ((CONFIGURATION,), (PREPROCESSING,), WEIGHTS):
        if not any((weights / one).is_file() for one in names):
            raise SettingsError(f"{KEY}: {name} wants {' or '.join(names)} in {weights}, found none; {get}")
    found = _type(weights / CONFIGURATION)
    if found not in types:
        raise SettingsError(f"{KEY}: {name} wants a network of model_type {' or '.join(types)}, found {found} in {weights}; {get}")
    read_preprocessing(weights, KEY)


def folder_digests(weights: Path) -> dict[str, str]:
    """Digests of all that a network from this folder starts from; of the content, never of a path."""
    used = next(name for name in WEIGHTS if (weights / name).is_file())
    return {
        "configuration": sha256_of(weights / CONFIGURATION),
        "weights": sha256_of(weights / used),
        "preprocessing": read_preprocessing(weights, KEY).words,
    }


def _type(file: Path) -> str:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{KEY}: {file} cannot be read: {error}") from error
    return str(known.get("model_type")) if isinstance(known, dict) else type(known).__name__
