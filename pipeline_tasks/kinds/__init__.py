"""Label kinds, one room each: all that differs between classes, boxes, masks, keypoints and text."""
