"""One file a room: arguments and calls."""
