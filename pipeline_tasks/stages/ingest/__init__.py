"""Take in new images and measure each of them once."""
