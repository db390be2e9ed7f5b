"""EXIF data of image files: time, camera, exposure and position of a capture, read without decoding pixels."""
