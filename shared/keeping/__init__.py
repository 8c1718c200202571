"""The one place where bytes enter: whatever brings a file, a citizen's or a photo of finished work, calls `Files.keep`.

A file is what its bytes say, never what its name or sender says. Pictures are turned upright, freed of everything
that is not the picture, and kept as JPEG; where and when they were taken is read first.
"""

from shared.keeping.keep import BYTES_MAX, FILES_MAX, Files, StoredFile
from shared.keeping.kinds import Refusal, Refused

__all__ = ["BYTES_MAX", "FILES_MAX", "Files", "Refusal", "Refused", "StoredFile"]
