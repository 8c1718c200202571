"""Messenger's and Instagram's webhooks."""

import json
from typing import Any

from shared.contracts import Channel
from tests.builders import AT
from tests.harness import APP_SECRET
from tests.intake.kits.base import ChannelKit
from tests.intake.kits.whatsapp import meta_forged, meta_signed

PAGE = "100000000000001"
CITIZEN = "600000000000001"


def an_event(object_name: str = "page", **what: Any) -> bytes:
    event = {"sender": {"id": CITIZEN}, "recipient": {"id": PAGE}, "timestamp": int(AT.timestamp() * 1000), **what}
    entry = {"id": PAGE, "time": int(AT.timestamp() * 1000), "messaging": [event]}
    return json.dumps({"object": object_name, "entry": [entry]}, ensure_ascii=False).encode()


def _text(text: str, id_: str) -> bytes:
    return an_event(message={"mid": f"m_{id_}", "text": text})


def _photo(id_: str) -> bytes:
    url = "https://scontent.xx.fbcdn.net/v/1.jpg?oh=" + "x" * 400
    return an_event(message={"mid": f"m_{id_}", "attachments": [{"type": "image", "payload": {"url": url}}]})


def _kit(provider: str, status: bytes) -> ChannelKit:
    return ChannelKit(
        provider=provider,
        channel=Channel.SOCIAL,
        address=CITIZEN,
        text=_text,
        photo=_photo,
        status=status,
        environment={
            f"{provider.upper()}_APP_SECRET": APP_SECRET,
            f"{provider.upper()}_VERIFY_TOKEN": "verify-me",
        },
        signed=meta_signed,
        forged=meta_forged,
    )


MESSENGER = _kit("messenger", an_event(delivery={"mids": ["m_ours"], "watermark": int(AT.timestamp() * 1000)}))
INSTAGRAM = _kit("instagram", an_event(read={"mid": "m_ours"}))
