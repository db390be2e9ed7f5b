"""The labelled set that a person names in the form of an import."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import Param

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.labelled_sets.set_names import name_of_place
from pipeline_tasks.records.labelled_set import FORMAT_KEYS, KEEP, SPLITTING, TEST_RATIO, LabelledSet

SETS = "sets"
"""Folder in NIGHTLENS_HOME below which sets lie: who may start a DAG must not make it read any other folder."""

IMPORT_FORM: dict[str, Param] = {
    "folder": Param(
        "",
        type="string",
        title="Folder of the set",
        description=f"Below $NIGHTLENS_HOME/{SETS}, such as their_parts; or an archive, or one annotation file.",
    ),
    "name": Param(
        None,
        type=["null", "string"],
        pattern="^[a-z][a-z0-9_]*$",
        title="Name of the set",
        description="Recorded with its images. Leave empty for the folder's; use the same name when you import it again.",
    ),
    "format": Param(
        None,
        type=["null", "string"],
        enum=[None, *FORMAT_KEYS],
        title="Format",
        description="Leave empty for the only format of which the folder holds files.",
    ),
    "classes": Param(
        None,
        type=["null", "object"],
        additionalProperties={"type": "string"},
        title="Classes",
        description='Class of the set → class of the project, such as {"Mutter": "nut"}. Equal names need no line.',
    ),
    "dropped": Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Dropped classes",
        description="Classes of the set whose objects are left out, one a line.",
    ),
    "splits": Param(
        KEEP,
        type="string",
        enum=list(SPLITTING),
        values_display={name: f"{name}: {says}" for name, says in SPLITTING.items()},
        title="Splits",
        description="Splits of images that have none yet.",
    ),
    "test_ratio": Param(
        TEST_RATIO,
        type="number",
        minimum=0,
        maximum=0.99,
        title="Share of test",
        description="Share of the images without a split that goes to test.",
    ),
    "licence": Param(
        None,
        type=["null", "string"],
        title="Licence",
        description="Leave empty for what the set's LICENSE file says.",
    ),
    "synthetic": Param(
        False,
        type="boolean",
        title="Synthetic",
        description="Rendered or generated images: all go to train, none to val or test.",
    ),
    "bit_depth": Param(
        None,
        type=["null", "integer"],
        minimum=8,
        maximum=16,
        title="Bit depth",
        description="Bits that the camera gives in 16-bit files whose tags do not say it. Leave empty for 8-bit images.",
    ),
}


def labelled_set_of_run(params: JsonObject, conf: JsonObject | None, home: Path) -> LabelledSet:
    """The set of this run, whose folder lies below `home`.

    Raises:
        SettingsError: the run was started with an argument that the form does not have, or the folder lies elsewhere.
    """
    if unknown := sorted(set(conf or {}) - set(IMPORT_FORM)):
        raise SettingsError(f"configuration of the DAG run: wanted only {', '.join(IMPORT_FORM)}; found {', '.join(unknown)}")
    folder = Path(params["folder"])
    if not params["folder"] or folder.is_absolute() or ".." in folder.parts:
        wanted = f"wanted a folder below {home / SETS}, such as their_parts"
        raise SettingsError(f"folder: {wanted}, found {params['folder']!r}; put the set there, or a link to it")
    place = home / SETS / folder
    return LabelledSet(
        name=params["name"] or name_of_place(place),
        place=str(place),
        format_key=params["format"],
        classes=dict(params["classes"] or {}),
        dropped=tuple(params["dropped"] or ()),
        splitting=params["splits"],
        test_ratio=params["test_ratio"],
        licence=params["licence"],
        bit_depth=params["bit_depth"],
        is_synthetic=params["synthetic"],
    )
