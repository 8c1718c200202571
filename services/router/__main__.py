"""`python -m services.router`: run any number of them."""

from services.router.app import router

if __name__ == "__main__":
    router().run()
