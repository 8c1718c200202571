"""The one photo citizens of the simulators take: a hole in a road."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw


def _drawn() -> bytes:
    picture = Image.new("RGB", (320, 240), "#b8c4c9")
    pen = ImageDraw.Draw(picture)
    pen.polygon([(0, 240), (110, 90), (210, 90), (320, 240)], fill="#5b6166")
    pen.line([(160, 100), (160, 130)], fill="#f2f2f2", width=5)
    pen.ellipse([(110, 150), (225, 205)], fill="#22262a", outline="#8b6f4e", width=5)
    body = BytesIO()
    picture.save(body, "PNG")
    return body.getvalue()


PICTURE: Final = _drawn()
