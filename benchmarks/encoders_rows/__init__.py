"""The rows of ``benchmarks/encoders.py``: one file a kind of task, and what they share."""
