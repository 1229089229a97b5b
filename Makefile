# Two commands are enough: `make demo` and `make test`. The logic is in tools/; `make help` lists the rest.
.DEFAULT_GOAL := help
COMMANDS := help demo test test-all stop lint bench clean clean-all

.PHONY: $(COMMANDS)
$(COMMANDS):
	@python=$$(sh tools/python.sh) && "$$python" -m tools.setup $@
