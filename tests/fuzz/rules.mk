# Fuzzing: one program for each tests/fuzz/<target>.c. Included by the Makefile.

# Flags --------------------------------------------------------------------------------------------
FUZZ_FLAGS := -Itests/support/machine $(HOST_COMMON) -O1             # the tests' level: checks stay where they were written
FUZZ_FLAGS += -fsanitize=fuzzer-no-link      # count edges and comparisons; the main() comes at the link
FUZZ_FLAGS += -fsanitize=address,undefined   # what a parser must never do ends the program
FUZZ_FLAGS += -fno-sanitize-recover=all      # at the first such thing

FUZZ_LDFLAGS := -fuse-ld=lld -fsanitize=fuzzer,address,undefined

# Targets ------------------------------------------------------------------------------------------
TIME := 60
SEED := 0 # each run tries others
FUZZ_TOOLS := make_seeds
FUZZERS := $(filter-out $(FUZZ_TOOLS),$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))

# What a target reaches, and no more: without one of these it does not link.
FUZZ_HOSTABLE := $(filter boot/memory_map.c $(addprefix kernel/,dev/acpi% dev/msix.c dev/pci.c dev/virtio% \
    handoff_check.c health.c line.c pvh_map.c),$(HOSTABLE))
$(eval $(call world,fuzz,$(HOST_CC) $(FUZZ_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE) \
    $(filter-out tools/cmd_%,$(TOOL_MODULES)) $(FUZZ_HOSTABLE)))

fuzz: fuzzers ## run every fuzz target for TIME=60 seconds each; SEED=N repeats a run
	@$(NO_KEY) $(PYTHON) -B tests/fuzz/run.py --build $(BUILD) --time $(TIME) --seed $(SEED)

fuzzers: $(addprefix $(BUILD)/fuzzers/,$(FUZZERS) $(FUZZ_TOOLS))

more-parts: fuzzers
.PHONY: fuzz fuzzers

$(addprefix $(BUILD)/fuzzers/,$(FUZZERS)): $(BUILD)/fuzzers/%: $(BUILD)/fuzz/tests/fuzz/%.o \
    $(call libraries,fuzz)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(FUZZ_LDFLAGS) $^ $(HOST_LIBS) -o $@
# The commands are not hostable by themselves: the target stands in for the rest of the kernel.
$(BUILD)/fuzzers/prompt: $(BUILD)/fuzz/kernel/prompt.o

$(BUILD)/fuzzers/make_seeds: $(BUILD)/fuzz/tests/fuzz/make_seeds.o $(call libraries,fuzz)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(SAN_LDFLAGS) $^ $(TEST_LIBS) -o $@
