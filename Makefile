# Each target is a command of `ilkim` (in .venv/bin) or of the tools beside it; everything lives in this folder.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo up test browser check bench quality chaos replay stop status logs clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install everything into this folder, start nothing
	@ops/venv.sh
	@.venv/bin/ilkim setup

demo: ## start everything, replay a first slice of the nine months, show where to look
	@ops/venv.sh
	@.venv/bin/ilkim demo

up: ## start everything, replay nothing
	@ops/venv.sh
	@.venv/bin/ilkim up

test: ## run every test on private servers that end with it (ARGS=… for pytest)
	@ops/venv.sh dev
	@.venv/bin/python -m ops.chromium
	@.venv/bin/python -m ops.node
	@outcome=0; .venv/bin/python -m pytest $(ARGS) || outcome=$$?; \
	.venv/bin/python -m ops.servers sweep "$${ILKIM_STATE:-.ilkim}/test"; exit $$outcome

browser: ## look at every page in Chromium, at 390 and 1280 px, light and dark
	@BROWSER_LOOKS=all $(MAKE) --no-print-directory test ARGS="tests/browser $(ARGS)"

check: ## style, types and the walls between the rooms
	@ops/venv.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

api: ## send ten thousand requests made from the OpenAPI document, and find none that breaks the edge
	@ops/venv.sh dev
	@outcome=0; ILKIM_API_EXAMPLES=320 .venv/bin/python -m pytest -s tests/intake/test_openapi.py || outcome=$$?; \
	.venv/bin/python -m ops.servers sweep "$${ILKIM_STATE:-.ilkim}/test"; exit $$outcome

bench: ## measure cases per second and what a case costs, beside the floor
	@ops/venv.sh dev
	@.venv/bin/python -m bench $(ARGS)

quality: ## measure how good decisions are (ARGS="--data FOLDER", with the data sets)
	@ops/venv.sh dev
	@.venv/bin/python -m bench.quality $(ARGS)

chaos: ## replay the nine months while a service is killed every two seconds
	@ops/venv.sh
	@.venv/bin/ilkim up
	@.venv/bin/ilkim replay nine-months --kill-every 2 $(ARGS)

replay: ## send the nine months through the channels (ARGS=FILE.csv for your own messages)
	@ops/venv.sh
	@.venv/bin/ilkim replay $(or $(ARGS),nine-months)

stop: ## stop services and servers; what they hold stays
	@if [ -x .venv/bin/ilkim ]; then .venv/bin/ilkim stop; else echo "nothing was started yet"; fi

status: ## what runs, where, and the demo's credentials
	@ops/venv.sh
	@.venv/bin/ilkim status

logs: ## the last lines of every process (ARGS="router -f" follows one)
	@ops/venv.sh
	@.venv/bin/ilkim logs $(ARGS)

clean: stop ## stop and remove everything that was installed or stored here
	rm -rf .ilkim .venv
