"""The model behind a project file: all sections together."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import KINDS
from pipeline_tasks.settings.assignment import check_assignment
from pipeline_tasks.settings.autonomy import AutonomySettings
from pipeline_tasks.settings.backbone import BackboneSettings
from pipeline_tasks.settings.connections import ConnectionSettings
from pipeline_tasks.settings.duplicates import DuplicateSettings
from pipeline_tasks.settings.fit import USUAL
from pipeline_tasks.settings.gates import GateSettings
from pipeline_tasks.settings.housekeeping import HousekeepingSettings
from pipeline_tasks.settings.labeling import LabelingSettings
from pipeline_tasks.settings.labels import DEFAULT_KIND, KindSettings, LabelSettings
from pipeline_tasks.settings.network import NetworkSettings
from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.settings.pretraining import PretrainingSettings
from pipeline_tasks.settings.quality import QualitySettings
from pipeline_tasks.settings.requirements import RequirementSettings
from pipeline_tasks.settings.search import SearchSettings, check_space
from pipeline_tasks.settings.section import Settings
from pipeline_tasks.settings.selection import SelectionSettings
from pipeline_tasks.settings.serving import ServingSettings
from pipeline_tasks.settings.source import AnySourceSettings
from pipeline_tasks.settings.splits import SplitSettings
from pipeline_tasks.settings.styles import check_styles
from pipeline_tasks.settings.training import TrainingSettings


class Project(Settings):
    """One use case: the content of a file in `dags/projects/`."""

    project: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    description: str = ""
    label_kind: str = Field(DEFAULT_KIND, description="A kind of the registry, or one of your own as module:attribute.")
    labels: LabelSettings = Field({}, validate_default=True, description="Settings of this label kind alone.")
    classes: tuple[str, ...] = Field((), validate_default=True, description="Class names, as annotators choose them.")
    renamed_classes: dict[str, str] = Field(
        {}, description="Old name → today's: older labels count by today's name. Two old names of one new name are merged."
    )
    removed_classes: tuple[str, ...] = Field(
        (), description="Old names that are no longer wanted: their labels are left out, and a candidate may lack them."
    )
    root: str | None = Field(None, description="Folder or s3://bucket/prefix; default: NIGHTLENS_HOME/roots/<project>.")
    schedule: str | None = Field(None, description="Cron expression in the project's time zone; null: only started by hand.")
    new_images: NewImagesSettings = NewImagesSettings()
    time_zone: str = "UTC"
    seed: int = Field(0, ge=0, lt=2**31)
    shard_images: int = Field(1000, ge=1, description="Number of images per mapped measuring task.")
    sources: tuple[AnySourceSettings, ...] = Field(min_length=1)
    quality: QualitySettings = QualitySettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    selection: SelectionSettings
    requirements: RequirementSettings | None = None
    splits: SplitSettings = SplitSettings()
    labeling: LabelingSettings
    backbone: BackboneSettings = BackboneSettings()
    network: NetworkSettings | None = Field(None, description="null: a head on the frozen backbone, as each label kind has one.")
    training: TrainingSettings = TrainingSettings()
    search: SearchSettings = SearchSettings()
    pretraining: PretrainingSettings = PretrainingSettings()
    gates: GateSettings
    autonomy: AutonomySettings = AutonomySettings()
    serving: ServingSettings = ServingSettings()
    housekeeping: HousekeepingSettings = HousekeepingSettings()
    connections: ConnectionSettings = ConnectionSettings()

    @property
    def kind_settings(self) -> KindSettings:
        """All that the label kind is opened with."""
        return KindSettings(self.classes, self.renamed_classes, self.removed_classes, self.labels.model_dump(mode="json"))

    @field_validator("label_kind")
    @classmethod
    def _label_kind_is_known(cls, label_kind: str) -> str:
        """Refuse a misspelled kind, or one of your own that cannot be imported, when the file is read."""
        KINDS.check(label_kind)
        try:
            KINDS.load(label_kind)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return label_kind

    @field_validator("classes")
    @classmethod
    def _classes_fit_their_kind(cls, classes: tuple[str, ...], known: ValidationInfo) -> tuple[str, ...]:
        """Let the label kind check the class names."""
        if {"label_kind", "labels"} <= set(known.data):
            options = known.data["labels"].model_dump(mode="json")
            try:
                KINDS.load(known.data["label_kind"]).from_settings(KindSettings(classes, options=options))
            except SettingsError as error:
                raise ValueError(str(error)) from error
        return classes

    @model_validator(mode="after")
    def _changes_of_names_fit(self) -> Project:
        """A misspelled new name would leave labels out."""
        try:
            KINDS.load(self.label_kind).from_settings(self.kind_settings)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return self

    @field_validator("time_zone")
    @classmethod
    def _time_zone_is_known(cls, time_zone: str) -> str:
        """Refuse an unknown time zone when the file is read."""
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{time_zone!r} is no time zone; name one like Europe/Berlin or UTC") from error
        return time_zone

    @model_validator(mode="after")
    def _styles_fit(self) -> Project:
        """Refuse styles of names that the project does not have, and one key for two."""
        check_styles(self.labeling.styles, self.classes)
        return self

    @model_validator(mode="after")
    def _assignment_fits(self) -> Project:
        """Refuse rules on names or sources that the project does not have."""
        sources = [source.name for source in self.sources]
        check_assignment(self.labeling.assignment, self.classes, sources, self.labeling.prelabel_ratio)
        return self

    @model_validator(mode="after")
    def _money_has_a_price(self) -> Project:
        """Refuse a budget in money without the cost of an hour."""
        if self.selection.budget_money is not None and not self.labeling.cost_per_hour:
            raise ValueError(
                f"selection.budget_money is {self.selection.budget_money:g}, and labeling.cost_per_hour is not set; set it with "
                "labeling.currency, or give selection.budget_hours"
            )
        return self

    @model_validator(mode="after")
    def _backbone_is_trained(self) -> Project:
        """Refuse settings of the backbone's training where it is not trained."""
        for name in ("freeze_until", "backbone_rate_ratio"):
            found, usual = getattr(self.training.fit, name), getattr(USUAL, name)
            if found != usual and not self.training.unfreeze_epochs and self.network is None:
                raise ValueError(
                    f"training.fit.{name}: found {found} with unfreeze_epochs: 0, so the backbone is not trained; leave it out"
                )
        return self

    @model_validator(mode="after")
    def _search_fits(self) -> Project:
        """Refuse a space with values that the training cannot have."""
        check_space(self.search, self.training)
        return self

    @model_validator(mode="after")
    def _sources_differ(self) -> Project:
        """Refuse two sources of one name, because sightings name their source."""
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError(f"sources must have different names, found {names}")
        return self
