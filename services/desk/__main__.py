"""`python -m services.desk`: run any number of them."""

from services.desk.app import desk

if __name__ == "__main__":
    desk().run()
