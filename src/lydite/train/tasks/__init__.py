"""What is learned from: one file for each kind of row."""

from lydite.train.tasks.base import UNLABELLED, Rows, Task
from lydite.train.tasks.image import ImageTask
from lydite.train.tasks.source import open_version

__all__ = ["UNLABELLED", "ImageTask", "Rows", "Task", "open_version"]
