"""The registries of Nightlens: to add a source, a backbone and so on is one new module and one line here.

Each line names where the thing is; it is imported only when it is asked for, so this module imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline_tasks.registry import Registry

if TYPE_CHECKING:
    from pipeline_tasks.augmentations.augmentation import Augmentation, PixelFunction
    from pipeline_tasks.backbones.backbone import OpensBackbone
    from pipeline_tasks.images.quality_rules.quality_rule import QualityRule
    from pipeline_tasks.kinds.kind import Kind, KindOpener
    from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
    from pipeline_tasks.networks.network import OpensNetwork
    from pipeline_tasks.selection.strategies.strategy import Strategy
    from pipeline_tasks.sources.source import OpensSource

SOURCES: Registry[OpensSource] = Registry(
    "kind of source",
    {
        "azure": "pipeline_tasks.sources.clouds.azure:AzureSource",
        "folder": "pipeline_tasks.sources.folder:FolderSource",
        "gcs": "pipeline_tasks.sources.clouds.gcs:GcsSource",
        "edge": "pipeline_tasks.sources.edge:EdgeSource",
        "s3": "pipeline_tasks.sources.s3:S3Source",
        "video": "pipeline_tasks.sources.video.video_source:VideoSource",
        "web": "pipeline_tasks.sources.web.web_source:WebSource",
    },
    members=("settings_model", "list_files", "is_at_rest", "read", "metadata"),
)
"""Kinds of source: `sources[].kind` in a project file."""

BACKBONES: Registry[OpensBackbone] = Registry(
    "backbone",
    {
        "efficientnet_lite0": "pipeline_tasks.backbones.efficientnet_lite0:EfficientNetLite0",
        "efficientnet_lite1": "pipeline_tasks.backbones.efficientnet_lite_larger:EfficientNetLite1",
        "efficientnet_lite2": "pipeline_tasks.backbones.efficientnet_lite_larger:EfficientNetLite2",
        "small_cnn": "pipeline_tasks.backbones.small_cnn:SmallCnn",
        "mobilenet_v3_small": "pipeline_tasks.backbones.mobilenet_v3:MobileNetV3Small",
        "mobilenet_v3_large": "pipeline_tasks.backbones.mobilenet_v3:MobileNetV3Large",
        "resnet18": "pipeline_tasks.backbones.families:ResNet18",
        "resnet34": "pipeline_tasks.backbones.families:ResNet34",
        "resnet50": "pipeline_tasks.backbones.families:ResNet50",
        "convnext_tiny": "pipeline_tasks.backbones.families:ConvNextTiny",
        "vit_small": "pipeline_tasks.backbones.families:VitSmall",
        "dinov2_small": "pipeline_tasks.backbones.families:Dinov2Small",
        "transformers": "pipeline_tasks.backbones.transformers_backbone:TransformersBackbone",
    },
)
"""Networks that turn an image into an embedding: `backbone.name` in a project file."""

NETWORKS: Registry[OpensNetwork] = Registry(
    "network",
    {
        "unet": "pipeline_tasks.networks.unet:UNet",
        "rt_detr": "pipeline_tasks.networks.rt_detr:RtDetr",
        "d_fine": "pipeline_tasks.networks.d_fine:DFine",
        "detr": "pipeline_tasks.networks.detr:Detr",
        "segformer": "pipeline_tasks.networks.segformer:SegFormer",
        "deeplabv3": "pipeline_tasks.networks.deeplabv3:DeepLabV3",
    },
    members=("check_kind", "check_weights", "open"),
)
"""Networks that are trained whole, from the image to the result: `network.name` in a project file."""

AUGMENTATIONS: Registry[Augmentation | PixelFunction] = Registry(
    "augmentation",
    {
        "random_crop": "pipeline_tasks.augmentations.entries.place:RANDOM_CROP",
        "zoom": "pipeline_tasks.augmentations.entries.place:ZOOM",
        "horizontal_flip": "pipeline_tasks.augmentations.entries.place:HORIZONTAL_FLIP",
        "vertical_flip": "pipeline_tasks.augmentations.entries.place:VERTICAL_FLIP",
        "quarter_turn": "pipeline_tasks.augmentations.entries.place:QUARTER_TURN",
        "rotation": "pipeline_tasks.augmentations.entries.place:ROTATION",
        "brightness_contrast": "pipeline_tasks.augmentations.entries.light:BRIGHTNESS_CONTRAST",
        "brightness": "pipeline_tasks.augmentations.entries.light:BRIGHTNESS",
        "exposure": "pipeline_tasks.augmentations.entries.light:EXPOSURE",
        "contrast": "pipeline_tasks.augmentations.entries.light:CONTRAST",
        "saturation": "pipeline_tasks.augmentations.entries.light:SATURATION",
        "hue": "pipeline_tasks.augmentations.entries.light:HUE",
        "clahe": "pipeline_tasks.augmentations.entries.light:CLAHE",
        "equalize": "pipeline_tasks.augmentations.entries.light:EQUALIZE",
        "grey_world": "pipeline_tasks.augmentations.entries.light:GREY_WORLD",
        "blur": "pipeline_tasks.augmentations.entries.damage:BLUR",
        "motion_blur": "pipeline_tasks.augmentations.entries.damage:MOTION_BLUR",
        "gaussian_noise": "pipeline_tasks.augmentations.entries.damage:GAUSSIAN_NOISE",
        "salt_and_pepper": "pipeline_tasks.augmentations.entries.damage:SALT_AND_PEPPER",
        "jpeg": "pipeline_tasks.augmentations.entries.damage:JPEG",
        "cutout": "pipeline_tasks.augmentations.entries.damage:CUTOUT",
        "mixup": "pipeline_tasks.augmentations.entries.mixes:MIXUP",
        "cutmix": "pipeline_tasks.augmentations.entries.mixes:CUTMIX",
        "mosaic": "pipeline_tasks.augmentations.entries.mixes:MOSAIC",
    },
)
"""Changes of training images: `training.augmentation` in a project file. Views are changed in this order."""

STRATEGIES: Registry[Strategy | Callable[..., object]] = Registry(
    "strategy",
    {
        "auto": "pipeline_tasks.selection.strategies.auto:AUTO",
        "coverage": "pipeline_tasks.selection.strategies.coverage:COVERAGE",
        "balanced_coverage": "pipeline_tasks.selection.strategies.coverage:BALANCED_COVERAGE",
        "diversity": "pipeline_tasks.selection.strategies.diversity:DIVERSITY",
        "typicality": "pipeline_tasks.selection.strategies.typicality:TYPICALITY",
        "outliers": "pipeline_tasks.selection.strategies.outliers:OUTLIERS",
        "margin": "pipeline_tasks.selection.strategies.doubts:MARGIN",
        "entropy": "pipeline_tasks.selection.strategies.doubts:ENTROPY",
        "least_confidence": "pipeline_tasks.selection.strategies.doubts:LEAST_CONFIDENCE",
        "bald": "pipeline_tasks.selection.strategies.disagreement:BALD",
        "class_balance": "pipeline_tasks.selection.strategies.classes:CLASS_BALANCE",
        "class_target": "pipeline_tasks.selection.strategies.classes:CLASS_TARGET",
        "metadata_balance": "pipeline_tasks.selection.strategies.metadata:METADATA_BALANCE",
        "metadata_weight": "pipeline_tasks.selection.strategies.metadata:METADATA_WEIGHT",
        "requirements": "pipeline_tasks.selection.strategies.requirements:REQUIREMENTS",
        "similar_to": "pipeline_tasks.selection.strategies.tagged:SIMILAR_TO",
        "away_from": "pipeline_tasks.selection.strategies.tagged:AWAY_FROM",
        "errors": "pipeline_tasks.selection.strategies.tagged:ERRORS",
        "drifted": "pipeline_tasks.selection.strategies.tagged:DRIFTED",
        "random": "pipeline_tasks.selection.strategies.random_draw:RANDOM",
    },
)
"""Ways to choose images: `selection.objectives` in a project file. Airflow's form shows them in this order."""

MEASUREMENTS: Registry[Callable[[CanonicalPixels], float | int | str]] = Registry(
    "measurement",
    {
        "pixels_sha256": "pipeline_tasks.measurements.pixels_digest:pixels_sha256",
        "luma_mean": "pipeline_tasks.measurements.luma:luma_mean",
        "luma_contrast": "pipeline_tasks.measurements.luma:luma_contrast",
        "sharpness": "pipeline_tasks.measurements.sharpness:sharpness",
        "entropy_bits": "pipeline_tasks.measurements.luma:entropy_bits",
        "perceptual_hash": "pipeline_tasks.measurements.perceptual_hash:perceptual_hash",
    },
)
"""Numbers read off an image once: each is the column of its name in the table `measurements`."""

QUALITY_RULES: Registry[QualityRule] = Registry(
    "quality rule",
    {
        "too_small": "pipeline_tasks.images.quality_rules.size:TOO_SMALL",
        "too_dark": "pipeline_tasks.images.quality_rules.luma:TOO_DARK",
        "too_bright": "pipeline_tasks.images.quality_rules.luma:TOO_BRIGHT",
        "flat": "pipeline_tasks.images.quality_rules.luma:FLAT",
        "blurred": "pipeline_tasks.images.quality_rules.blurred:BLURRED",
        "uninformative": "pipeline_tasks.images.quality_rules.luma:UNINFORMATIVE",
    },
)
"""Limits on measurements: an image that breaks one is quarantined. Add new ones at the end: the table keeps their order."""

KINDS: Registry[KindOpener[Kind]] = Registry(
    "label kind",
    {
        "class": "pipeline_tasks.kinds.classes.class_kind:ClassKind",
        "classes": "pipeline_tasks.kinds.multi_label.multi_label_kind:MultiLabelKind",
        "keypoints": "pipeline_tasks.kinds.keypoints.keypoint_kind:KeypointKind",
        "text": "pipeline_tasks.kinds.texts.text_kind:TextKind",
        "box": "pipeline_tasks.kinds.boxes.box_kind:BoxKind",
        "mask": "pipeline_tasks.kinds.masks.mask_kind:MaskKind",
    },
)
"""Kinds of labels: `label_kind` in a project file."""
