"""Augmentation of training images: entries of the registry, and the policy of a project that draws views with them."""
