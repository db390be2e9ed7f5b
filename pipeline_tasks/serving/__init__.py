"""The prediction server: imports itself, storage's blobs, decoding and errors, nothing else of ours."""
