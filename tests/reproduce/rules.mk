# make reproduce: builds the tree twice in unlike environments and compares (tests/reproduce/run.py).
.PHONY: reproduce
reproduce: | node_modules/.package-lock.json dev_signing_key.bin ## build twice in unlike environments and compare every file
	@$(NO_KEY) $(PYTHON) -B tests/reproduce/run.py --key dev_signing_key.bin
