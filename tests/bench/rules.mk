# make bench: how fast and how large everything is, against peers, bars and the recorded baseline
# (docs/measuring.md).
#
# "Ours" in the ratios are the kernel's own object files, linked into a program of the host: nothing
# is compiled another way for it.
OBJCOPY := $(LLVM_BIN)llvm-objcopy$(SUFFIX)
BENCH := $(BUILD)/tests/bench
BENCH_OPTIONS := $(if $(FAST),--fast)

# The image that is started is signed with a key that everybody has, since what a signature costs to
# verify depends on it. It is no secret: nothing but this build trusts it.
BENCH_BOOT := $(BUILD)/bench
$(BENCH_BOOT)/key:
	@mkdir -p $(@D)
	$(Q)umask 077 && printf %s 'NONOS benchmark key, not secret.' > $@

# Without firmware there is no loader to trust it: the kernel of this build will do, signed again.
BENCH_KERNEL := $(if $(and $(FAST),$(filter dev,$(PROFILE))),$(BENCH_BOOT)/kernel.bin)
$(BENCH_BOOT)/kernel.bin: $(BUILD)/kernel.unsigned $(BENCH_BOOT)/key $(NONOS)
	$(Q)$(NONOS) sign -k $(BENCH_BOOT)/key -o $@ $< > /dev/null

# PQClean as shipped: each file by itself with its own FIPS 202, the kernel's code generation, the
# host's headers because it allocates.
BENCH_PQCLEAN_DIR := node_modules/pqclean/deps/PQClean
BENCH_PQCLEAN := $(BENCH_PQCLEAN_DIR)/common/fips202.c $(wildcard $(addprefix $(BENCH_PQCLEAN_DIR)/crypto_, \
    kem/ml-kem-768/clean/*.c sign/ml-dsa-65/clean/*.c))
BENCH_PEER_FLAGS := $(filter-out --target=% -mcmodel=% -nostdlibinc -Icrypto/freestanding -O%,$(KERNEL_FLAGS)) \
    -O2 -D__NO_INLINE__
BENCH_PQCLEAN_FLAGS := $(BENCH_PEER_FLAGS) -w -I$(BENCH_PQCLEAN_DIR)/common
# The official BLAKE3, without its vector instructions, which a kernel may not use.
BENCH_BLAKE3_DIR := $(lastword $(sort $(wildcard /usr/share/cargo/registry/blake3-*/c)))
BENCH_BLAKE3 := $(wildcard $(addprefix $(BENCH_BLAKE3_DIR)/,blake3.c blake3_dispatch.c blake3_portable.c))
BENCH_BLAKE3_FLAGS := $(BENCH_PEER_FLAGS) -w $(addprefix -DBLAKE3_NO_,SSE2 SSE41 AVX2 AVX512)

$(patsubst %.c,$(BENCH)/%.o,$(BENCH_PQCLEAN)): $(BENCH)/%.o: %.c $(INPUTS) tests/bench/rules.mk
	@mkdir -p $(@D)
	$(SAY) compile '$< (as shipped)'
	$(Q)$(CC) $(BENCH_PQCLEAN_FLAGS) -c $< -o $@
$(patsubst %.c,$(BENCH)%.o,$(BENCH_BLAKE3)): $(BENCH)%.o: %.c $(INPUTS) tests/bench/rules.mk
	@mkdir -p $(@D)
	$(SAY) compile '$< (as shipped)'
	$(Q)$(CC) $(BENCH_BLAKE3_FLAGS) -c $< -o $@

# One object of each side, with no other names to be seen than those that are called: the kernel's
# memcpy must not serve the peers, nor one PQClean the other.
BENCH_KEEP = $(Q)$(LD) -r $(1) -o $@.all && $(OBJCOPY) -w $(addprefix --keep-global-symbol=,$(2)) $@.all $@
$(BENCH)/kernel.o: $(call libraries,kernel)
	@mkdir -p $(@D)
	$(call BENCH_KEEP,--whole-archive $^,mlkem768_* mldsa65_* ed25519_sign ed25519_verify ed25519_public_key \
	    blake3_hash keccak_hash bytes_wipe workspace_call)
$(BENCH)/pqclean.o: $(patsubst %.c,$(BENCH)/%.o,$(BENCH_PQCLEAN))
	$(call BENCH_KEEP,$^,PQCLEAN_*_crypto_kem_* PQCLEAN_*_crypto_sign_*)
$(BENCH)/blake3.o: $(patsubst %.c,$(BENCH)%.o,$(BENCH_BLAKE3))
	$(call BENCH_KEEP,$^,blake3_hasher_*)

$(BENCH)/primitives: $(call objects,host,$(addprefix tests/bench/,primitives.c measure.c pairs_pqc.c \
    pairs_classic.c kernel_side.c)) $(addprefix $(BENCH)/,kernel.o pqclean.o blake3.o) \
    $(BUILD)/kernel/kernel/cpu/thunk.S.o # where calls by address are compiled to go
	$(SAY) link $@
	$(Q)$(HOST_CC) -fuse-ld=lld -no-pie -Wl,--gc-sections -Wl,-z,noexecstack $^ -lcrypto $(HOST_LIBS) -o $@
$(BENCH)/files: $(call objects,host,tests/bench/files.c $(filter-out tools/main.c,$(TOOL))) $(call libraries,host)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@

# The first program of the Linux that is compared with: all that its initramfs has.
BENCH_LINUX := $(call objects,host,$(addprefix tests/bench/,linux_init.c linux_pairs.c linux_ends.c samples.c))
$(BENCH)/linux_init: $(BENCH_LINUX)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) -fuse-ld=lld -static -Wl,--gc-sections $^ -o $@

# Drawn from what is recorded, so that it changes when that does; a test compares.
timeline: ## the recorded start, step by step, as docs/pictures/boot-timeline.svg
	$(SAY) draw docs/pictures/boot-timeline.svg
	$(Q)$(PYTHON) -B tests/bench/timeline.py tests/bench/baseline.json docs/pictures/boot-timeline.svg

.PHONY: bench bench-baseline bench-parts timeline
bench: ## speed against peers, instructions of a start and of operations beside Linux, sizes, each against its bar; FAST=1 what is alike on every machine
	@$(NO_KEY) BUILD=$(BUILD) scripts/setup $(if $(FAST),--test,--bench)
	@$(MAKE) $(PARALLEL) all
	@$(MAKE) $(PARALLEL) bench-parts
	@$(NO_KEY) $(PYTHON) -B tests/bench/bench.py --build $(BUILD) --boot $(BENCH_BOOT) $(BENCH_OPTIONS)
bench-baseline: ## the same, recorded in tests/bench/baseline.json to compare with later
	@status=0; $(MAKE) bench BENCH_OPTIONS=--record || status=$$?; $(MAKE) timeline; exit $$status
# After all, which installs PQClean: its files are looked for when make starts.
bench-parts: $(if $(FAST),,$(BENCH)/primitives $(BENCH)/files $(BUILD)/variants/silent_tpm.efi) \
    $(if $(wildcard $(BUILD)/linux/pinned),$(BENCH)/linux_init) \
    $(BENCH)/costs.unsigned $(BENCH)/costs-forced.unsigned $(BENCH)/stretch.unsigned $(BENCH_BOOT)/key $(BENCH_KERNEL)
	$(if $(BENCH_KERNEL),,@$(MAKE) PROFILE=dev BUILD=$(BENCH_BOOT) SIGNING_KEY=$(BENCH_BOOT)/key all)
$(BUILD)/tests/samples: $(BUILD)/san/tests/bench/samples.o

# Kernels that measure themselves in place of the prompt: what operations cost, and for how long
# interrupts stay off.
BENCH_GUEST := $(BUILD)/kernel/symbols-empty.S.o $(filter-out %/kernel/prompt.o,$(KERNEL_PARTS)) \
    $(call objects,kernel,$(addprefix tests/bench/,$(addprefix guest_,pairs.c users.c calls.c programs.S) samples.c) tests/guest/process.c)
# The second takes every processor for one that has all leaks and can do something about each.
$(BENCH)/costs.elf $(BENCH)/costs-forced.elf: private KERNEL_LDFLAGS += --wrap=call_thread_exit
$(BENCH)/costs.elf: $(BENCH_GUEST) $(BUILD)/kernel/tests/bench/guest_costs.o
$(BENCH)/costs-forced.elf: $(filter-out %/kernel/cpu/speculation.o,$(BENCH_GUEST)) \
    $(BUILD)/kernel/tests/variants/forced.o $(BUILD)/kernel/tests/bench/guest_costs.o
$(BENCH)/costs.elf $(BENCH)/costs-forced.elf:
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -o $@
$(BENCH)/%.unsigned: $(BENCH)/%.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@
# The same sources, compiled with another interrupt_flag.h; what it calls is linked around the ways in
# and out. The libraries never touch the flag.
STRETCH_FLAGS := -Itests/bench/stretch $(KERNEL_FLAGS)
$(eval $(call world,stretch,$(CC) $(STRETCH_FLAGS),,kernel))
$(BENCH)/stretch.elf: private KERNEL_LDFLAGS += $(addprefix --wrap=,trap_handle syscall_dispatch user_enter call_thread_exit)
$(BENCH)/stretch.elf: $(call objects,stretch,$(filter-out kernel/prompt.c,$(KERNEL)) $(addprefix \
    tests/bench/,$(addprefix guest_,stretch.c pairs.c users.c calls.c programs.S) samples.c stretch/stretch.c) tests/guest/process.c) \
    $(filter-out $(BUILD)/kernel/kernel/%,$(KERNEL_PARTS)) $(BUILD)/kernel/symbols-empty.S.o
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -o $@
