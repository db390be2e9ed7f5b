"""Models run on test images as the prediction server runs them: the exported file, on the canonical image, one at a time."""
