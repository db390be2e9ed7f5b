"""Objects that no table holds: originals, thumbnails, models, checkpoints, reports, the annotation log."""
