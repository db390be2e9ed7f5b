"""One kind of source a module; sources only read what is the user's."""
