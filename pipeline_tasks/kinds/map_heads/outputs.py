"""Outputs of the files of all models that find objects at places."""

from __future__ import annotations

BOXES = "boxes"
"""float32 N x B x 4, x_min, y_min, x_max, y_max in shares of the image's longer side."""
SCORES = "scores"
"""float32 N x B, the highest first; 0 where there is no object."""
CLASS_NUMBERS = "class_numbers"
"""int64 N x B, numbers of the model's classes."""

MIN_SCORE = 0.01
"""Objects of a lower score are no objects."""
MAX_OVERLAP = 0.6
"""Two boxes of one class with a greater intersection over union are one object."""
