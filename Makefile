# NONOS: from source to a signed kernel that a UEFI loader verifies. `make help` lists the targets;
# flags and their reasons are in flags.mk; docs/building.md tells the rest.

VERSION := 0.1.0
PROFILE ?= dev
BUILD ?= $(if $(filter release,$(PROFILE)),build/release,build)
LLVM ?= -19
PYTHON ?= /usr/bin/python3

include scripts/platform.mk
include flags.mk

# No script, package manager or test sees the signing key; only the signing commands do.
NO_KEY := env -u SIGNING_KEY

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# Sources ------------------------------------------------------------------------------------------
CRYPTO := $(wildcard crypto/*.c)
IMAGE := $(wildcard image/*.c)
TOOL := $(wildcard tools/*.c)
TOOL_MODULES := $(filter-out tools/main.c,$(TOOL))
KERNEL := $(wildcard kernel/*.c kernel/*/*.c kernel/*.S kernel/*/*.S)
LOADER := $(wildcard boot/*.c boot/*.S)
FREESTANDING_SRC := $(wildcard crypto/freestanding/*.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
# Kernel and loader files without hardware in them: tested on the host.
HOSTABLE := $(filter-out %/main.c,$(wildcard $(addsuffix .c,$(addprefix kernel/,$(UNIT_TESTS)) \
    $(addprefix kernel/*/,$(UNIT_TESTS)) $(addprefix boot/,$(UNIT_TESTS)))))

PQCLEAN := node_modules/pqclean/deps/PQClean
MLKEM := $(addprefix $(PQCLEAN)/crypto_kem/ml-kem-768/clean/, cbd.c indcpa.c kem.c ntt.c poly.c \
    polyvec.c reduce.c symmetric-shake.c verify.c)
MLDSA := $(addprefix $(PQCLEAN)/crypto_sign/ml-dsa-65/clean/, ntt.c packing.c poly.c polyvec.c \
    reduce.c rounding.c sign.c symmetric-shake.c)

# Outputs ------------------------------------------------------------------------------------------
NONOS := $(BUILD)/nonos
KERNEL_ELF := $(BUILD)/kernel.elf
KERNEL_BIN := $(BUILD)/kernel.bin
LOADER_EFI := $(BUILD)/BOOTX64.EFI
DISK := $(BUILD)/nonos.img
GEN := $(BUILD)/gen

objects = $(patsubst %,$(BUILD)/$(1)/%.o,$(basename $(2)))
# crypto/ and image/, and PQClean, as libraries of one world: kernel, loader, host or san.
libraries = $(addprefix $(BUILD)/$(1)/,libnonos.a libml-kem-768.a libml-dsa-65.a)

# Everyday targets ---------------------------------------------------------------------------------
all: kernel bootloader tools image ## build everything (the default)
kernel: $(KERNEL_BIN) ## the signed kernel, build/kernel.bin
bootloader: $(LOADER_EFI) ## the UEFI loader, build/BOOTX64.EFI
tools: $(NONOS) ## the host program, build/nonos
image: $(DISK) $(BUILD)/esp/.stamp ## the disk image, build/nonos.img, and build/esp/

run: ## set up, build, and boot in QEMU (Ctrl-a x leaves)
	@$(NO_KEY) scripts/setup
	@$(MAKE) all
	@$(NO_KEY) $(PYTHON) scripts/run.py --build $(BUILD)

debug: ## the same, waiting for GDB on :1234
	@$(NO_KEY) scripts/setup
	@$(MAKE) all
	@$(NO_KEY) $(PYTHON) scripts/run.py --build $(BUILD) --debug

test: ## set up, build, and run every test
	@$(NO_KEY) scripts/setup --test
	@$(MAKE) all unit-tests
	@$(NO_KEY) $(PYTHON) tests/run.py --build $(BUILD)

verify: all ## check the signed kernel with our tool and, by hand, with b3sum and openssl
	$(NONOS) verify $(VERIFY_FLAGS) $(KERNEL_BIN)
	scripts/verify-by-hand $(BUILD)

check: all unit-tests ## formatting, clang-tidy, cppcheck, register use, scripts
	@scripts/check $(BUILD)

size: all ## where the bytes of kernel and loader go
	@scripts/size $(BUILD)

setup: ## install what is missing (as root, or through sudo)
	@scripts/setup --test

doctor: ## name what is missing or too old, and what mends it
	@scripts/doctor

clean: ## remove what was built; keys and installed packages stay
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@echo '  PROFILE=release builds with the identities in keys/ alone and needs SIGNING_KEY'

.PHONY: all kernel bootloader tools image run debug test verify check size setup doctor clean help \
    unit-tests

# What the build reads from outside the sources; each stamp changes only when its text does. ---------
ifeq ($(filter run debug test setup doctor clean help,$(or $(MAKECMDGOALS),all)),)
include scripts/inputs.mk
endif

# Third-party sources ------------------------------------------------------------------------------
node_modules/.package-lock.json: package.json package-lock.json
	scripts/npm-ci

$(MLKEM) $(MLDSA): node_modules/.package-lock.json ;

# Compiling ----------------------------------------------------------------------------------------
# $(call world,name,compiler and flags,sources of libnonos.a): rules for one world.
define world
$(BUILD)/$(1)/%.o: %.c Makefile flags.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(WARNINGS) -c $$< -o $$@
$(BUILD)/$(1)/%.o: %.S Makefile flags.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) -c $$< -o $$@
$(BUILD)/$(1)/%.o: $(GEN)/%.c Makefile flags.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(WARNINGS) -c $$< -o $$@
$(BUILD)/$(1)/%.o: $(GEN)/%.S Makefile flags.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) -c $$< -o $$@
$(call objects,$(1),$(MLKEM) $(MLDSA)): $(BUILD)/$(1)/%.o: %.c Makefile flags.mk
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(PQCLEAN_FLAGS) -c $$< -o $$@
$(BUILD)/$(1)/libml-kem-768.a: $(call objects,$(1),$(MLKEM))
$(BUILD)/$(1)/libml-dsa-65.a: $(call objects,$(1),$(MLDSA))
$(BUILD)/$(1)/libnonos.a: $(call objects,$(1),$(3))
$(BUILD)/$(1)/%.a:
	$$(Q)rm -f $$@ && $$(AR) qcsD $$@ $$^
endef
CRYPTO_ASM := $(wildcard crypto/*.S)
$(eval $(call world,kernel,$(CC) $(KERNEL_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE) $(FREESTANDING_SRC)))
$(eval $(call world,loader,$(CC) $(LOADER_FLAGS),$(CRYPTO) $(IMAGE) $(FREESTANDING_SRC)))
$(eval $(call world,host,$(HOST_CC) $(HOST_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE)))
$(eval $(call world,san,$(HOST_CC) $(SAN_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE) $(TOOL_MODULES) $(HOSTABLE)))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# The host program ---------------------------------------------------------------------------------
$(NONOS): $(call objects,host,$(TOOL)) $(call libraries,host)
	$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@

# The kernel ---------------------------------------------------------------------------------------
# Linked twice: the first link gives the symbol table that the second one carries.
$(GEN)/manifest.S: $(GEN)/manifest.txt scripts/manifest-section
	scripts/manifest-section $< > $@

KERNEL_PARTS := $(call objects,kernel,$(KERNEL)) $(BUILD)/kernel/manifest.o $(call libraries,kernel) \
    kernel/kernel.ld
KERNEL_LINK = $(LD) $(KERNEL_LDFLAGS) $(filter %.o %.a,$^)
$(BUILD)/kernel.1.elf: $(BUILD)/kernel/symbols-empty.o $(KERNEL_PARTS)
	$(KERNEL_LINK) -o $@
$(GEN)/symbols-empty.S: scripts/symbols
	scripts/symbols > $@
$(GEN)/symbols.S: $(BUILD)/kernel.1.elf scripts/symbols
	$(NM) -n $< | scripts/symbols > $@
$(KERNEL_ELF): $(BUILD)/kernel/symbols.o $(KERNEL_PARTS)
	$(KERNEL_LINK) -o $@
	$(NM) -n $@ | scripts/symbols | cmp -s - $(GEN)/symbols.S || { echo 'make: the symbol table moved between the links' >&2; exit 1; }
$(BUILD)/kernel.unsigned: $(KERNEL_ELF) $(NONOS)
	$(NONOS) seal $< -o $@
$(KERNEL_BIN): $(BUILD)/kernel.unsigned $(SIGNER) $(NONOS)
	$(NONOS) sign $(KEY_FLAGS) -o $@ $<

# The loader ---------------------------------------------------------------------------------------
# The identities in keys/ and, in the dev profile, the one that signs this build.
$(GEN)/signer.identity: $(SIGNER) $(NONOS)
	$(NONOS) pubkey $(KEY_FLAGS) -o $@
$(GEN)/policy.c: $(wildcard keys/* keys/*/*) $(if $(filter dev,$(PROFILE)),$(GEN)/signer.identity) $(NONOS)
	$(NONOS) policy --profile $(PROFILE) --keys keys $(addprefix --dev ,$(filter %.identity,$(filter $(GEN)/%,$^))) -o $@
LOADER_PARTS := $(call objects,loader,$(LOADER)) $(BUILD)/loader/policy.o \
    $(filter-out %/libml-kem-768.a,$(call libraries,loader))
$(LOADER_EFI): $(LOADER_PARTS)
	$(LLD_LINK) $(LOADER_LDFLAGS) $^ -out:$@
$(BUILD)/loader.debug.efi: $(LOADER_PARTS)
	$(LLD_LINK) $(LOADER_LDFLAGS) -debug:dwarf $^ -out:$@

# What boots ---------------------------------------------------------------------------------------
$(BUILD)/esp/.stamp: $(LOADER_EFI) $(KERNEL_BIN)
	@mkdir -p $(BUILD)/esp/EFI/BOOT $(BUILD)/esp/EFI/nonos
	cp $(LOADER_EFI) $(BUILD)/esp/EFI/BOOT/BOOTX64.EFI
	cp $(KERNEL_BIN) $(BUILD)/esp/EFI/nonos/kernel.bin
	@touch $@
$(DISK): $(BUILD)/esp/.stamp scripts/disk-image
	scripts/disk-image $(BUILD)/esp $@ $(GEN)/manifest.txt

# Tests --------------------------------------------------------------------------------------------
unit-tests: $(addprefix $(BUILD)/tests/,$(UNIT_TESTS)) $(BUILD)/san/nonos
$(BUILD)/tests/%: $(BUILD)/san/tests/unit/%.o $(call libraries,san)
	@mkdir -p $(@D)
	$(HOST_CC) $(SAN_LDFLAGS) $^ $(TEST_LIBS) -o $@
$(BUILD)/san/nonos: $(BUILD)/san/tools/main.o $(call libraries,san)
	$(HOST_CC) $(SAN_LDFLAGS) $^ $(HOST_LIBS) -o $@
