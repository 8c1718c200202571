"""`python -m services.handover`: run any number of them."""

from services.handover.app import handover

if __name__ == "__main__":
    handover().run()
