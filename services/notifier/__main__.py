"""`python -m services.notifier`: run any number of them."""

from services.notifier.app import notifier

if __name__ == "__main__":
    notifier().run()
