"""Images that devices send: the note beside each, the signature of a request and the inbox. Standard library only."""
