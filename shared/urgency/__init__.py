"""Danger to life and limb, found in a citizen's words: by phrases that mean it, and by a small learned model."""

from shared.urgency.alarms import Alarm, AlarmRules, Alarms
from shared.urgency.danger import DangerError, DangerModel, load_danger_model
from shared.urgency.emergencies import Emergency, EmergencyWords

__all__ = [
    "Alarm",
    "AlarmRules",
    "Alarms",
    "DangerError",
    "DangerModel",
    "Emergency",
    "EmergencyWords",
    "load_danger_model",
]
