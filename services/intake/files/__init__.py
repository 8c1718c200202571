"""The one place where bytes enter: whatever brings a citizen's file hands it to `Files.keep`.

A file is what its bytes say, never what its name or sender says. Pictures are turned upright, freed of everything
that is not the picture, and kept as JPEG; where and when they were taken is read first.
"""

from services.intake.files.keep import BYTES_MAX, FILES_MAX, Files, StoredFile
from services.intake.files.kinds import Refusal, Refused

__all__ = ["BYTES_MAX", "FILES_MAX", "Files", "Refusal", "Refused", "StoredFile"]
