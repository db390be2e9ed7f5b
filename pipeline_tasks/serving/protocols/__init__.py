"""Generated messages of gRPC, and the file that they are made of."""
