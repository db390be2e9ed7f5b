"""Images with a label that are sent to one more person: read from the store, chosen by pure rooms."""
