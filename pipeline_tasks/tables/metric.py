"""Scores of models."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import DIGEST, Table


class Metric(Table):
    """One metric of one model on one split, or slice of test, of one dataset version, with its interval."""

    table_name = "metrics"

    model_digest = dy.String(primary_key=True, regex=DIGEST)
    dataset_id = dy.String(primary_key=True)
    #: `test` (without its golden images), or a slice of it: golden, recent, control.
    split = dy.String(primary_key=True)
    #: Of classes: balanced_accuracy, accuracy, recall, precision, f1, log_loss, calibration_error, roc_auc, average_precision; of
    #: the majority class: majority_balanced_accuracy. Of several classes an image: f1_macro, jaccard, exact_images and the like.
    #: Of boxes: ap, ap_50, ap_75, ap_small, ap_medium, ap_large, ar, ar_1, ar_10, ar_small, ar_medium, ar_large, image_ap; of mean
    #: boxes: mean_box_ap.
    #: Of masks: miou, miou_without_background, background_iou, iou, boundary_f1, image_miou; of finding nothing: nothing_miou.
    metric = dy.String(primary_key=True)
    #: Empty for metrics over all classes.
    class_name = dy.String(primary_key=True)
    value = dy.Float64()
    #: Bounds of the bootstrap interval, clustered by split group.
    low = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    images = dy.Int64(min=0)
