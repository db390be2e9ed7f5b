"""The prediction server: of Nightlens it imports only itself, storage's blobs, decoding and errors."""
