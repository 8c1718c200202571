"""`python -m simulators.mail`: serves until SIGTERM."""

import os

from simulators.mail.app import MailServer
from simulators.mail.settings import settings_from
from simulators.serving import serve

if __name__ == "__main__":
    settings = settings_from(os.environ)
    serve("mail", MailServer(settings).application(), settings.host, settings.port)
