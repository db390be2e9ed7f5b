"""Every setting of a project, typed and frozen: the model behind `dags/projects/*.yaml`.

`load_project` is the only reader of project files. The first stage of a cycle freezes what it read;
later stages see only that. Sizes carry their unit in the name; a setting without an honest default has none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator, model_validator
from pydantic.functional_validators import AfterValidator, BeforeValidator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import BACKBONES, SOURCES

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]


class Settings(BaseModel):
    """What all settings share: unknown keys and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(Settings):
    """Where images come from: the settings that every kind of source has. Each kind adds its own, in its module in `sources/`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Stands in every sighting; never reuse a name.")
    kind: str = Field("folder", description="A kind that ships with Nightlens, or `module:class` of your own.")

    def metadata_keys(self) -> frozenset[str]:
        """The metadata that the source can give: device, clip, site, day."""
        return frozenset()


def _settings_of_their_kind(given: object) -> object:
    """Let the settings model of the source's own kind check its section."""
    if not isinstance(given, dict) or not isinstance(given.get("kind", "folder"), str):
        return given
    try:
        model = SOURCES.load(given.get("kind", "folder")).settings_model
    except SettingsError as error:
        raise ValueError(str(error)) from error
    return model.model_validate(given)


AnySourceSettings = Annotated[SerializeAsAny[SourceSettings], BeforeValidator(_settings_of_their_kind)]


class QualitySettings(Settings):
    """Limits on measurements; an image outside one is quarantined. null switches a limit off."""

    min_side_px: int | None = Field(64, ge=1)
    min_luma_mean: float | None = Field(28.0, description="Darker is `too_dark`; luma runs from 0 to 255.")
    max_luma_mean: float | None = Field(235.0, description="Brighter is `too_bright`.")
    min_luma_contrast: float | None = Field(6.0, description="Standard deviation of luma; less is `flat`.")
    min_sharpness: float | None = Field(12.0, description="Variance of the Laplacian; less is `blurred`.")
    min_entropy_bits: float | None = Field(2.0, description="Entropy of the luma histogram; less is `uninformative`.")


class DuplicateSettings(Settings):
    """When two images show the same thing."""

    max_hash_distance: int = Field(6, ge=0, le=64, description="Bits that may differ between two 64-bit perceptual hashes.")
    min_hash_cosine: float = Field(
        0.75, ge=-1, le=1, description="A pair found by hash must also be this similar by embedding: flat images share hashes."
    )
    min_embedding_cosine: float = Field(0.9, ge=-1, le=1, description="Cosine of two embeddings from which they may be one thing.")
    min_centred_cosine: float = Field(
        0.85,
        ge=-1,
        le=1,
        description="What the cosine must be besides, with the mean embedding taken off: images of one kind are all alike.",
    )
    min_centred_hash_cosine: float = Field(0.5, ge=-1, le=1, description="The same for a pair found by hash.")
    certain_cosine: float = Field(0.99, ge=-1, le=1, description="At or above this, always duplicates, even without centring.")
    max_leak_ratio: Ratio = Field(
        0.5,
        description="Share of a version's training and validation images that may be left out because they show the same as a "
        "image of another split; more stops the version: then these settings are too loose.",
    )
    split_group_keys: tuple[Literal["clip", "site", "device", "day"], ...] = Field(
        (), description="Metadata that must not straddle splits, beside the duplicate groups."
    )


class SelectionSettings(Settings):
    """Images selected for labeling."""

    budget: int = Field(ge=0, description="Images a cycle.")
    objectives: Literal["auto"] | str | dict[str, float] = "auto"
    min_distance: float = Field(0.0, ge=0, le=2, description="Between picks and from what is labelled: embeddings of length 1.")
    control_ratio: Ratio = Field(0.1, description="Share of the budget drawn at random: the control arm.")
    first_round_control_ratio: Ratio = Field(0.4, description="The same for the first round, which also founds the test split.")
    control_test_ratio: Ratio = Field(1.0, description="Share of the control arm that goes to the test split.")
    val_ratio: Ratio = Field(0.15, description="Share of the other picks that goes to the validation split.")
    max_per_clip: int | None = Field(None, ge=1, description="Picks of one clip in one selection.")
    min_clip_gap_s: float = Field(0.0, ge=0, description="Seconds between picks of one clip, by the sightings' times.")
    similar_to: tuple[str, ...] = Field((), description="For `similar_to`: image ids of examples that more are wanted of.")
    away_from: tuple[str, ...] = Field((), description="For `away_from`: image ids of what is known well enough.")
    class_targets: dict[str, float] = Field({}, description="For `class_target`: class → wanted share, of any sum.")
    metadata_targets: dict[str, dict[str, float]] = Field(
        {}, description="For `metadata_balance`: device, clip, site or day → value → wanted share; {}: all values alike."
    )
    metadata_weights: dict[str, dict[str, float]] = Field({}, description="For `metadata_weight`: key → value → weight, default 1.")
    requirements: dict[str, dict[str, int]] = Field(
        {}, description="For `requirements`: class, device, site … → value → labels that there shall be at least."
    )


class GoldenSettings(Settings):
    """The golden test set: images that a person named. They are only ever judged on, and scored by themselves."""

    name: str = Field("golden", min_length=1, description="What reports call it.")
    image_ids: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()
    file: str | None = Field(None, description="A text file beside the project file, one image_id a line; # starts a remark.")
    key_pattern: str | None = Field(
        None, description="A regular expression over `source:key`; whatever was seen there is golden, also what is yet to come."
    )

    @field_validator("key_pattern")
    @classmethod
    def _is_a_pattern(cls, key_pattern: str | None) -> str | None:
        """A broken one would be found only at night."""
        try:
            re.compile(key_pattern or "")
        except re.error as error:
            raise ValueError(f"a regular expression: {error}") from error
        return key_pattern


class SplitSettings(Settings):
    """Which split new split groups are proposed for, and which test images are scored by themselves."""

    policy: Literal["random", "curated"] = Field(
        "random", description="curated: of what the strategy picked, typical groups go to val, hard and rare ones to test."
    )
    curated_test_ratio: Ratio = Field(
        0.1, description="Share of the strategy's picks that curated takes for test, as hard or rare."
    )
    golden: GoldenSettings | None = None
    recent_cycles: int | None = Field(
        None, ge=1, description="Test images that arrived in the last so many cycles are also scored by themselves; null: not."
    )


class LabelingSettings(Settings):
    """How people are asked."""

    deadline_s: float = Field(gt=0, description="Seconds from push to the latest release of the cycle.")
    release_ratio: Ratio = Field(1.0, description="Share of the round's labeling tasks answered that releases the cycle early.")
    overlap_ratio: Ratio = Field(0.1, description="Share of the images that several people answer.")
    overlap_annotators: int = Field(3, ge=2, description="How many people answer those.")
    ask_every_s: float = Field(5.0, gt=0)
    question: str = "What does the picture show?"
    cost_per_hour: float | None = Field(None, ge=0, description="Of an annotator's hour; null: the report counts hours only.")
    currency: str | None = Field(None, min_length=1, max_length=8, description="Of that cost, as the report shall write it.")

    @model_validator(mode="after")
    def _cost_has_a_currency(self) -> LabelingSettings:
        """A sum of money without its currency says nothing."""
        if (self.cost_per_hour is None) != (self.currency is None):
            raise ValueError("cost_per_hour and currency together, or neither")
        return self


class BackboneSettings(Settings):
    """The frozen network that turns an image into an embedding."""

    name: Annotated[str, AfterValidator(BACKBONES.check)] = Field(
        "efficientnet_lite0", description="A backbone that ships with Nightlens, or `module:class` of your own."
    )
    side_px: int = Field(224, ge=32, le=1024, description="Side of the model-size image.")


class TrainingSettings(Settings):
    """How the candidate is made."""

    min_new_labels: int = Field(1, ge=0, description="Fewer new labels than this since the last version: nothing is trained.")
    max_epochs: int = Field(60, ge=1)
    patience_epochs: int = Field(10, ge=1)
    batch_size: int = Field(128, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    augmented_views: int = Field(3, ge=0, description="Seeded albumentations views embedded beside the plain image.")
    balance_classes: bool = True
    unfreeze_epochs: int = Field(0, ge=0, description="Epochs that also train the backbone, through the live pipeline.")


class GateSettings(Settings):
    """When a candidate may become champion."""

    margin: float = Field(ge=0, le=1, description="The lower bound of (candidate - champion) must lie above minus this.")
    confidence: float = Field(0.95, gt=0.5, lt=1)
    bootstrap_samples: int = Field(2000, ge=100)
    min_test_images_per_class: int = Field(5, ge=1)
    golden_margin: float | None = Field(
        None,
        ge=0,
        le=1,
        description="The lower bound of (candidate - champion) in accuracy on the golden set must lie above minus this; null: only "
        "reported.",
    )


class ServingSettings(Settings):
    """The prediction server's limits."""

    max_waiting: int = Field(32, ge=1, description="Requests admitted at once; more are answered 429.")
    max_body_bytes: int = Field(20_000_000, ge=1024)
    min_confidence: Ratio = Field(0.0, description="An answer below this is marked unsure.")


class HousekeepingSettings(Settings):
    """What `tend_storage` lets go of, and when."""

    schedule: str | None = Field(
        None, description="Cron expression of tend_storage, in the project's time zone; null: by hand only."
    )
    is_dry_run: bool = Field(True, description="Only say what would go; the form of a manual run can ask for more.")
    young_days: float = Field(
        2, ge=0, description="Days between the plan that first finds an object unneeded and its move to the trash."
    )
    trash_days: float = Field(14, ge=0, description="Days in the trash before an object is deleted for good.")
    abandoned_days: float = Field(30, gt=0, description="A cycle older than this needs its parts and checkpoints no more.")
    damaged_days: float = Field(90, ge=0, description="Days that damaged bytes are kept which a good copy has replaced.")
    price_per_gb_month: float | None = Field(None, ge=0, description="What a gigabyte costs a month, for the report.")
    currency: str = "EUR"


class ConnectionSettings(Settings):
    """Names of connections; addresses and secrets are kept elsewhere (Airflow, or the environment)."""

    label_studio: str = "nightlens_label_studio"
    mlflow: str = "nightlens_mlflow"
    s3: str | None = Field(None, description="An Amazon connection, for a root on S3; any S3-compatible endpoint.")
    prediction_server: str | None = None


class Project(Settings):
    """One use case: what a file in `dags/projects/` says."""

    project: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    description: str = ""
    label_kind: Literal["class"] = "class"
    classes: tuple[str, ...] = Field(min_length=2)
    root: str | None = Field(None, description="Folder or s3://bucket/prefix; default: NIGHTLENS_HOME/roots/<project>.")
    schedule: str | None = Field(None, description="Cron expression; null: by hand only.")
    time_zone: str = "UTC"
    seed: int = Field(0, ge=0, lt=2**31)
    shard_images: int = Field(1000, ge=1, description="Images a mapped measuring task works on.")
    sources: tuple[AnySourceSettings, ...] = Field(min_length=1)
    quality: QualitySettings = QualitySettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    selection: SelectionSettings
    splits: SplitSettings = SplitSettings()
    labeling: LabelingSettings
    backbone: BackboneSettings = BackboneSettings()
    training: TrainingSettings = TrainingSettings()
    gates: GateSettings
    serving: ServingSettings = ServingSettings()
    housekeeping: HousekeepingSettings = HousekeepingSettings()
    connections: ConnectionSettings = ConnectionSettings()

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Two classes of one name could never be told apart."""
        if len(set(classes)) != len(classes):
            raise ValueError("class names must differ from each other")
        return classes

    @field_validator("time_zone")
    @classmethod
    def _time_zone_is_known(cls, time_zone: str) -> str:
        """A wrong zone would be found only when a cycle is named."""
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("a time zone like Europe/Berlin or UTC") from error
        return time_zone

    @model_validator(mode="after")
    def _sources_differ(self) -> Project:
        """A sighting names its source, so two sources of one name would be mixed."""
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError(f"sources must have different names, found {names}")
        return self


def load_project(path: Path) -> Project:
    """Read and check one project file.

    Raises:
        SettingsError: unreadable YAML, unknown key, wrong type, missing value; names file, key, wanted and found.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such project file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: wanted a mapping of settings, found {type(content).__name__}")
    if content.get("project") != path.stem:
        raise SettingsError(f"{path}: project: wanted the file's own name {path.stem!r}, found {content.get('project')!r}")
    project = parse_project(_with_golden_file(content, path), str(path))
    _check_split_group_keys(project, str(path))
    return project


def parse_project(content: object, where: str) -> Project:
    """Check settings that were already read; `where` names their origin in messages.

    Raises:
        SettingsError: one line a problem, each with key, wanted and found.
    """
    try:
        return Project.model_validate(content)
    except ValidationError as error:
        raise SettingsError("\n".join(_problem(where, one) for one in error.errors())) from error


def _with_golden_file(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Put the image_ids that stand in `splits.golden.file` into the settings: a cycle freezes what it was opened with."""
    splits = content.get("splits")
    if not isinstance(splits, dict):
        return content
    golden = splits.get("golden")
    if not isinstance(golden, dict) or not isinstance(golden.get("file"), str):
        return content
    try:
        lines = (path.parent / golden["file"]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: splits.golden.file: wanted a readable file, found {golden['file']!r}: {error}") from error
    said = [line.partition("#")[0].strip() for line in lines]
    image_ids = [*(golden.get("image_ids") or []), *(line for line in said if line)]
    return content | {"splits": splits | {"golden": golden | {"image_ids": image_ids}}}


def _check_split_group_keys(project: Project, where: str) -> None:
    """A key that no source can give would silently group nothing."""
    given = frozenset[str]().union(*(source.metadata_keys() for source in project.sources))
    for key in project.duplicates.split_group_keys:
        if key not in given:
            raise SettingsError(
                f"{where}: duplicates.split_group_keys: wanted a key that a source's key_pattern reads off file names with "
                f"(?P<{key}>…), found {key!r} in no source"
            )


def _problem(where: str, problem: object) -> str:
    """Say one validation problem as file, key, wanted, found."""
    assert isinstance(problem, dict)
    key = ".".join(str(part) for part in problem["loc"]) or "(whole file)"
    if problem["type"] == "missing":
        return f"{where}: {key}: wanted a value, found none"
    if problem["type"] == "extra_forbidden":
        return f"{where}: {key}: wanted no such key, found {problem['input']!r}"
    return f"{where}: {key}: wanted: {problem['msg']}; found {problem['input']!r}"
