"""Whole networks that find objects or regions in an image, one module each: trained from the image to the result, not as a head."""
