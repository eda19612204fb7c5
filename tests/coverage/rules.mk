# make coverage: lines and branches of our code that the tests reach, on the host and in QEMU
# (tests/coverage/run.py). A build of its own, with counters (tests/coverage/flags.mk).
COVERAGE := $(BUILD)/coverage

.PHONY: coverage
coverage: ## line and branch coverage by folder, on the host and in QEMU, against its bars
	@$(NO_KEY) LLVM_PROFILE_FILE=$(COVERAGE)/build.profraw $(MAKE) $(PARALLEL) BUILD=$(COVERAGE) \
	    MORE_FLAGS=tests/coverage/flags.mk all unit-tests variants $(COVERAGE)/gen/signer.identity $(COVERAGE)/gen/signer.pem
	@$(NO_KEY) $(PYTHON) -B tests/coverage/run.py --build $(COVERAGE) $(if $(V),-v)
