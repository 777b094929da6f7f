"""Archives of strangers: one way to unpack zip and tar, which never writes outside its folder."""

from lydite.data.archive.limits import ArchiveLimits
from lydite.data.archive.readers import is_archive
from lydite.data.archive.unpack import Unpacked, unpack

__all__ = ["ArchiveLimits", "Unpacked", "is_archive", "unpack"]
