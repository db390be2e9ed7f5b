"""Kind `classes`: any number of classes an image, each decided for itself."""
