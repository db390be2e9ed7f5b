"""Conversion of pipelines of imgaug into entries of `training.augmentation`, from their text: imgaug is never imported."""
