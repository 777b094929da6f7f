"""One kind of page a file: its frozen model, and the function that writes it."""
