"""Objects outside tables: originals, thumbnails, models, checkpoints, reports, the annotation log."""
