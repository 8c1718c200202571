"""Open311 GeoReport v2 at `/open311/v2`: apps of citizens send reports, anybody reads what became of public ones."""

from services.intake.open311.server import Open311, Open311Settings

__all__ = ["Open311", "Open311Settings"]
