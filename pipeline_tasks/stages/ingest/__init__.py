"""Take new images in and measure each of them once."""
