"""`python -m services.reporting`: run any number of them."""

from services.reporting.app import reporting

if __name__ == "__main__":
    reporting().run()
