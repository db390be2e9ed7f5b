"""Frames of video clips as images: picked by time or by change of scene, each with its true time in the clip."""
