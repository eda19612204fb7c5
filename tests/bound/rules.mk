# make bound: what the verifier costs at most, in work done and not in time (tests/bound/run.py).
BOUND := $(BUILD)/tests/bound
# Stood in front of, to count.
BOUND_WRAPPED := blake3_update ed25519_verify mldsa65_verify image_parse_elf malloc calloc

# Without debug information: valgrind 3.19 does not read that of today's compiler.
$(BOUND)/bound: $(call objects,host,tests/bound/bound.c tests/bound/cases.c) \
    $(call objects,host,$(filter-out tools/workspace.c,$(TOOL_MODULES))) $(call libraries,host)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(HOST_LDFLAGS) -Wl,--strip-debug $(patsubst %,-Xlinker --wrap=%,$(BOUND_WRAPPED)) \
	    $^ $(TEST_LIBS) -o $@

more-parts: $(BOUND)/bound
.PHONY: bound
bound: $(BOUND)/bound | valgrind-is-there ## what the hardest images cost the verifier
	@$(NO_KEY) $(PYTHON) -B tests/bound/run.py $<
