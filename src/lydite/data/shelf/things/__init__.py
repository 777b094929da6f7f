"""Things on shelves that are no produce, one family a file."""
