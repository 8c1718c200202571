"""OAuth 1.0a signatures (RFC 5849) of one user of one app, as X wants them."""

from dataclasses import dataclass
from typing import Literal

from oauthlib.oauth1 import Client


@dataclass(frozen=True, slots=True)
class Signer:
    """The app's key and secret, and the user's token and secret."""

    key: str
    secret: str
    token: str
    token_secret: str

    def header(self, method: Literal["GET", "POST"], url: str) -> str:
        """The `Authorization` header of a request whose body is no form; a new one each time, for its moment."""
        client = Client(self.key, self.secret, self.token, self.token_secret)
        _, headers, _ = client.sign(url, method)
        return str(headers["Authorization"])
