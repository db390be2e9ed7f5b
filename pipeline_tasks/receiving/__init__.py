"""Receiver of the images that devices send: checks each request and publishes whole images in an inbox."""
