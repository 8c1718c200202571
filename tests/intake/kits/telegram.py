"""Telegram's updates."""

import json
from collections.abc import Mapping
from typing import Any

from shared.contracts import Channel
from tests.builders import AT
from tests.intake.kits.base import ChannelKit, Posted
from tests.outside import CREDENTIALS

SECRET = CREDENTIALS["TELEGRAM_WEBHOOK_SECRET"]
HEADER = "X-Telegram-Bot-Api-Secret-Token"
JSON = {"Content-Type": "application/json"}


def a_message(id_: str = "a", **changed: Any) -> dict[str, Any]:
    default = {
        "message_id": int.from_bytes(id_.encode()[:6], "big"),
        "from": {"id": 500000001, "is_bot": False, "first_name": "Ayşe", "last_name": "Yılmaz"},
        "chat": {"id": 500000001, "type": "private", "first_name": "Ayşe"},
        "date": int(AT.timestamp()),
    }
    return default | changed


def an_update(**parts: Any) -> bytes:
    return json.dumps({"update_id": 10_000, **parts}, ensure_ascii=False).encode()


def _text(text: str, id_: str) -> bytes:
    return an_update(message=a_message(id_, text=text))


def _photo(id_: str) -> bytes:
    sizes = [{"file_id": f"AgAD-{size}", "file_unique_id": size, "width": 90, "height": 60} for size in ("s", "m", "x")]
    return an_update(message=a_message(id_, photo=sizes, caption="Çukur"))


def _forged(_: bytes, __: str) -> Mapping[str, Posted]:
    return {
        "no secret": Posted(headers=JSON),
        "another secret": Posted(headers={**JSON, HEADER: "another"}),
        "two secrets": Posted(headers={**JSON, HEADER: f"{SECRET}, {SECRET}"}),
    }


KIT = ChannelKit(
    provider="telegram",
    channel=Channel.SOCIAL,
    address="500000001",
    text=_text,
    photo=_photo,
    account="telegram-7700000001",
    environment={"TELEGRAM_BOT_TOKEN": CREDENTIALS["TELEGRAM_BOT_TOKEN"], "TELEGRAM_WEBHOOK_SECRET": SECRET},
    signed=lambda _, __: Posted(headers={**JSON, HEADER: SECRET}),
    forged=_forged,
)
