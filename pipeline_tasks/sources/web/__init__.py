"""Images from addresses on the web: an API that answers in pages of JSON, or a list of addresses in a file."""
