"""All tables in the order of the process, for docs, checks and reading by name."""

from __future__ import annotations

from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.confusion import Confusion
from pipeline_tasks.tables.corruption_score import CorruptionScore
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.found_slice import FoundSlice, FoundSliceImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import (
    AnnotationObject,
    DatasetObject,
    DoubtedObject,
    LabelObject,
    PreAnnotatedObject,
    PredictedObject,
    SetObject,
)
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.leak import Leak
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.prediction import Prediction
from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.set_image import SetImage
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Table
from pipeline_tasks.tables.training_epoch import TrainingEpoch
from pipeline_tasks.tables.trial import Trial
from pipeline_tasks.tables.unneeded_object import UnneededObject
from pipeline_tasks.tables.waiting_file import WaitingFile

ALL_TABLES: tuple[type[Table], ...] = (
    SetImage,
    SetObject,
    SetLeftOut,
    NewFile,
    LeftOutFile,
    WaitingFile,
    MissingFile,
    Image,
    Sighting,
    RejectedSighting,
    Measurement,
    Embedding,
    QualityIssue,
    DuplicatePair,
    DuplicateGroup,
    SplitGroup,
    SelectedImage,
    SelectionScore,
    SecondLook,
    DoubtedObject,
    Split,
    LabelingTask,
    PreAnnotation,
    PreAnnotatedObject,
    LostTask,
    ForeignTask,
    AskedChange,
    Annotation,
    AnnotationObject,
    Label,
    LabelObject,
    AnnotatorScore,
    ImportedLabel,
    LabelSuspect,
    ObjectSuspect,
    LabelVerdict,
    DatasetImage,
    DatasetObject,
    SliceImage,
    Leak,
    Trial,
    TrainingEpoch,
    PretrainingImage,
    Prediction,
    PredictedObject,
    Metric,
    Confusion,
    FoundSlice,
    FoundSliceImage,
    CorruptionScore,
    UnneededObject,
    ErasedImage,
)
