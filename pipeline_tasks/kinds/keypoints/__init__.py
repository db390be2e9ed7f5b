"""Kind `keypoints`: named points of things with a skeleton, several things an image."""
