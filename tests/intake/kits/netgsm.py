"""Netgsm's inbox: rows of text; the id of a test stands in the text, since a message has none of its own."""

import json

from shared.contracts import Channel
from tests.intake.kits.base import ChannelKit
from tests.outside import CREDENTIALS


def _text(text: str, id_: str) -> bytes:
    return f"05321112233 | {text} | 02.03.2026 12:30:00<br>".encode("iso-8859-9", "replace") if id_ else b""


KIT = ChannelKit(
    provider="netgsm",
    channel=Channel.SMS,
    address="+905321112233",
    text=_text,
    status=json.dumps(
        {"code": "00", "jobs": [{"jobid": "17377215342605050417149344", "telno": "5321112233", "status": 1}]}
    ).encode(),
    account="8503020000",
    details={"what": "inbox"},
    status_details={"what": "report"},
    environment=CREDENTIALS,
)
