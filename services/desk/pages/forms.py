"""Every form that is posted carries the token of the session, so that no template can forget it."""

import re
from typing import Final

from jinja2.ext import Extension

from services.desk.web.access import FORM_TOKEN

# A tag may hold Jinja with ">" of its own.
_FORM: Final = re.compile(r"<form\b(?:\{\{.*?\}\}|\{%.*?%\}|[^>])*>")
_FIELD: Final = f'<input type="hidden" name="{FORM_TOKEN}" value="{{{{ request.state.form_token }}}}">'


class FormTokens(Extension):
    """Puts the hidden field behind the beginning of each such form while a template is read."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with the fields."""
        return _FORM.sub(lambda found: found[0] + (_FIELD if 'method="post"' in found[0] else ""), source)
