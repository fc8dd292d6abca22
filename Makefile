.PHONY: install
