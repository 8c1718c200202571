"""Verimor's pushes."""

import json
from collections.abc import Mapping

from shared.contracts import Channel
from tests.intake.kits.base import ChannelKit, Posted
from tests.outside import CREDENTIALS

KEY = CREDENTIALS["VERIMOR_WEBHOOK_KEY"]
JSON = {"Content-Type": "application/json"}


def inbound(text: str, id_: str) -> bytes:
    row = {
        "message_id": int.from_bytes(id_.encode()[:8], "big"),
        "type": "inbound",
        "created_at": "2026-03-02 12:30:00",
        "network": "TURKCELL",
        "source_addr": "905321112233",
        "destination_addr": "908500000000",
        "keyword": "",
        "content": text,
        "received_at": "2026-03-02 12:30:00",
    }
    return json.dumps([row], ensure_ascii=False).encode()


def outbound(status: str = "DELIVERED", **changed: object) -> bytes:
    row = {
        "type": "outbound",
        "campaign_id": 20121,
        "campaign_custom_id": "",
        "message_id": "13582302",
        "message_custom_id": "",
        "dest": "905321112233",
        "size": 1,
        "international_multiplier": 1,
        "credits": 1,
        "status": status,
        "gsm_error": "0",
        "sent_at": "2026-03-02 12:30:00",
        "done_at": "2026-03-02 12:30:00",
    }
    return json.dumps([row | changed]).encode()


def _forged(_: bytes, __: str) -> Mapping[str, Posted]:
    return {"no key": Posted(headers=JSON), "another key": Posted("?key=another", JSON)}


KIT = ChannelKit(
    provider="verimor",
    channel=Channel.SMS,
    address="+905321112233",
    text=inbound,
    status=outbound(),
    environment={"VERIMOR_WEBHOOK_KEY": KEY},
    signed=lambda _, __: Posted(f"?key={KEY}", JSON),
    forged=_forged,
)
