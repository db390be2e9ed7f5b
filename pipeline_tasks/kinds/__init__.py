"""One room a label kind: all that differs between classes, boxes, masks, keypoints and text."""
