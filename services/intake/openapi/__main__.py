"""Prints the OpenAPI document: `python -m services.intake.openapi > docs/openapi.json`."""

import json
import sys

from services.intake.openapi import document

sys.stdout.write(json.dumps(document(), ensure_ascii=False, indent=1) + "\n")
