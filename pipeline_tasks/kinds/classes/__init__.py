"""Classification: people name the one class that an image shows."""
