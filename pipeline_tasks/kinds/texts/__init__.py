"""Kind `text`: what is written in an image, or in boxes in it."""
