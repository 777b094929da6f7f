"""The command line; the only room in which rooms are joined for a person."""
