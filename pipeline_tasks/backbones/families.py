"""Families by name: networks of the package `transformers` whose folder must hold just this network."""

from __future__ import annotations

from pipeline_tasks.backbones.transformers_backbone import TransformersBackbone


class ResNet18(TransformersBackbone):
    """ResNet-18 (He et al., CVPR 2016)."""

    name = "resnet18"
    repository = "microsoft/resnet-18"
    wanted = {"model_type": "resnet", "layer_type": "basic", "depths": [2, 2, 2, 2]}


class ResNet34(TransformersBackbone):
    """ResNet-34 (He et al., CVPR 2016)."""

    name = "resnet34"
    repository = "microsoft/resnet-34"
    wanted = {"model_type": "resnet", "layer_type": "basic", "depths": [3, 4, 6, 3]}


class ResNet50(TransformersBackbone):
    """ResNet-50 (He et al., CVPR 2016)."""

    name = "resnet50"
    repository = "microsoft/resnet-50"
    wanted = {"model_type": "resnet", "layer_type": "bottleneck", "depths": [3, 4, 6, 3]}


class ConvNextTiny(TransformersBackbone):
    """ConvNeXt-Tiny (Liu et al., CVPR 2022)."""

    name = "convnext_tiny"
    repository = "facebook/convnext-tiny-224"
    wanted = {"model_type": "convnext", "depths": [3, 3, 9, 3]}


class VitSmall(TransformersBackbone):
    """ViT-S/16 (Dosovitskiy et al., ICLR 2021; Steiner et al., TMLR 2022)."""

    name = "vit_small"
    repository = "WinKawaks/vit-small-patch16-224"
    wanted = {"model_type": "vit", "num_hidden_layers": 12, "patch_size": 16}


class Dinov2Small(TransformersBackbone):
    """DINOv2-S/14, trained without labels (Oquab et al., TMLR 2024)."""

    name = "dinov2_small"
    repository = "facebook/dinov2-small"
    wanted = {"model_type": "dinov2", "num_hidden_layers": 12, "patch_size": 14}
