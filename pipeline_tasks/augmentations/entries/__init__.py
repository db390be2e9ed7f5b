"""The entries that come with Nightlens, by what they change."""
