# NONOS: from source to a signed kernel that a UEFI loader verifies. `make help` lists the targets;
# flags and their reasons are in flags.mk; docs/building.md tells the rest.

VERSION := 0.1.0
PROFILE ?= dev
ifneq ($(filter release,$(MAKECMDGOALS)),)
PROFILE := release
$(if $(filter release,$(PROFILE)),,$(error refused: make release is always PROFILE=release))
endif
BUILD ?= $(if $(filter release,$(PROFILE)),build/release,build)
LLVM ?= -19
PYTHON ?= /usr/bin/python3

# The signing key, and what opens it, reach make and the rules of $(KEYED); every other shell forgets
# them at once, so no compiler, script, package manager or test sees them.
SHELL := /bin/sh
SECRETS := SIGNING_KEY SIGNING_KEY_PQ NONOS_PIN NONOS_PASSPHRASE NONOS_NEW_PASSPHRASE
WITHOUT_KEY := -c 'unset $(SECRETS); eval "$$1"' sh
WITH_KEY := -c
.SHELLFLAGS := $(WITHOUT_KEY)
KEYED = run debug release secureboot test test-all parts check bench bench-baseline $(KERNEL_BIN) $(GEN)/signer.identity $(GEN)/signer.pem
NO_KEY := env $(addprefix -u ,$(SECRETS))

include scripts/platform.mk
include flags.mk

# One line a step; V=1 shows the commands.
Q := $(if $(V),,@)
SAY := @printf '  %-8s %s\n'

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# Sources ------------------------------------------------------------------------------------------
# Sorted: the order of a locale would be one of other bytes.
CRYPTO_CORE := $(sort $(wildcard crypto/*.c))
# With the vectors that the kernel has not, the loader has and host programs may have.
CRYPTO_KERNEL := $(CRYPTO_CORE) crypto/wide/blake3_none.c
CRYPTO_LOADER := $(CRYPTO_CORE) $(addprefix crypto/wide/blake3_,loader.c sse41.c)
CRYPTO := $(CRYPTO_CORE) $(addprefix crypto/wide/blake3_,host.c sse41.c avx2.c avx512.c)
IMAGE := $(sort $(wildcard image/*.c))
DISPLAY := $(sort $(wildcard display/*.c)) font.c # the latter made by scripts/font
TOOL := $(sort $(wildcard tools/*.c))
TOOL_MODULES := $(filter-out tools/main.c,$(TOOL))
# What checks itself, in the place of product files: for the suites of tests/guest/.
KERNEL_DEBUG := $(sort $(wildcard kernel/debug/*.c))
KERNEL := $(filter-out $(KERNEL_DEBUG),$(sort $(wildcard kernel/*.c kernel/*/*.c kernel/*.S kernel/*/*.S)))
LOADER := $(sort $(wildcard boot/*.c boot/*.S))
FREESTANDING_SRC := $(sort $(wildcard crypto/freestanding/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
# Kernel and loader files without hardware in them: tested on the host.
HOSTABLE := $(filter-out %/main.c kernel/debug/%,$(wildcard $(addsuffix .c,$(addprefix kernel/,$(UNIT_TESTS)) \
    $(addprefix kernel/*/,$(UNIT_TESTS)) $(addprefix boot/,$(UNIT_TESTS))))) \
    kernel/lock.c $(addprefix kernel/mem/,books.c mapping_walk.c slab_fill.c)

# PQClean, each algorithm as one file that includes those of the package.
MLKEM := crypto/pqclean/ml-kem-768.c
MLDSA := crypto/pqclean/ml-dsa-65.c

# Other flags for the same sources (make coverage).
ifdef MORE_FLAGS
include $(MORE_FLAGS)
endif

# Outputs ------------------------------------------------------------------------------------------
NONOS := $(BUILD)/nonos
KERNEL_ELF := $(BUILD)/kernel.elf
KERNEL_BIN := $(BUILD)/kernel.bin
LOADER_EFI := $(BUILD)/BOOTX64.EFI
DISK := $(BUILD)/nonos.img
GEN := $(BUILD)/gen

objects = $(patsubst %,$(BUILD)/$(1)/%.o,$(patsubst %.c,%,$(2))) # a.c: a.o; a.S: a.S.o
# crypto/ and image/, and PQClean, as libraries of one world: kernel, loader, host or san.
libraries = $(addprefix $(BUILD)/$(1)/,libnonos.a libml-kem-768.a libml-dsa-65.a)

# Everyday targets ---------------------------------------------------------------------------------
all: kernel bootloader tools image ## build everything (the default)
kernel: $(KERNEL_BIN) ## the signed kernel, build/kernel.bin
unsigned: $(BUILD)/kernel.unsigned ## the kernel without its signatures, which takes no key, build/kernel.unsigned
bootloader: $(LOADER_EFI) ## the UEFI loader, build/BOOTX64.EFI
tools: $(NONOS) ## the host program, build/nonos
image: $(DISK) $(BUILD)/esp/.stamp ## the disk image, build/nonos.img, and build/esp/

run: ## set up, build, and boot in QEMU (Ctrl-a x leaves); SECURE_BOOT=1: with Secure Boot on; TPM=1: with a TPM
	@$(NO_KEY) scripts/setup
	@$(MAKE) $(PARALLEL) $(if $(SECURE_BOOT),secureboot DB_KEY=$(SNAKEOIL).key DB_CERT=$(SNAKEOIL).pem,all)
	@$(NO_KEY) $(PYTHON) -B scripts/run.py --build $(BUILD) $(if $(SECURE_BOOT),--secure-boot) $(if $(TPM),--tpm)

secureboot: ## the loader signed for Secure Boot, in build/secureboot/; needs DB_KEY=FILE DB_CERT=FILE
	@$(NO_KEY) scripts/setup --secureboot
	@$(NO_KEY) $(PYTHON) -B scripts/secureboot --check $(SECURE_BOOT_FILES)
	@$(MAKE) $(PARALLEL) all
	@$(NO_KEY) $(PYTHON) -B scripts/secureboot $(SECURE_BOOT_FILES)
SECURE_BOOT_FILES = $(LOADER_EFI) $(BUILD)/secureboot $(KERNEL_BIN) $(GEN)/manifest.txt
# The test key of Debian's package ovmf.
SNAKEOIL := /usr/share/ovmf/PkKek-1-snakeoil

debug: ## the same, waiting for GDB on :1234
	@$(NO_KEY) scripts/setup --debug
	@$(MAKE) $(PARALLEL) all $(BUILD)/loader.debug.efi
	@$(NO_KEY) $(PYTHON) -B scripts/run.py --build $(BUILD) --debug

test: ## set up, build, and run every test
	@$(NO_KEY) scripts/setup --test
	@$(MAKE) $(PARALLEL) $(TEST_PARTS)
	@$(NO_KEY) $(PYTHON) -B tests/run.py --build $(BUILD)
TEST_PARTS = all unit-tests variants $(GEN)/signer.identity $(GEN)/signer.pem

test-all: ## everything: test, check, matrix, more machines, soak, attack, and all that proves more than a test does; goes on where it was interrupted
	@MAKE='$(MAKE)' tests/steps --keep $(BUILD)/test-all test check matrix machines 'soak TIME=60' 'attack RUNS=50000' \
	    bochs fuzz bench coverage --beside faults tamper bound constant-time reproduce

# What the other targets run, made by one make, so that several of them can run at a time.
parts:
	@$(NO_KEY) scripts/setup --check
	@$(MAKE) $(PARALLEL) $(TEST_PARTS)
	@$(MAKE) $(PARALLEL) more-parts

check: ## set up, build, and check formatting, warnings, register use, scripts, documents
	@$(NO_KEY) scripts/setup --check
	@$(MAKE) $(PARALLEL) all
	@$(NO_KEY) KERNEL_FLAGS='$(KERNEL_FLAGS)' LOADER_FLAGS='$(LOADER_FLAGS)' \
	    HOST_FLAGS='$(HOST_FLAGS)' $(PYTHON) -B scripts/check $(BUILD)

verify: all $(GEN)/signer.identity $(GEN)/signer.pem ## check the signed kernel: our tool, then b3sum and openssl
	$(NONOS) verify $(if $(filter dev,$(PROFILE)),--allow-dev -i $(GEN)/signer.identity) $(KERNEL_BIN)
	scripts/verify-by-hand $(KERNEL_BIN) $(GEN)/signer.pem

release: ## a folder to give away, signed with SIGNING_KEY: build/release/nonos-VERSION/ (docs/releases.md)
	@$(NO_KEY) $(PYTHON) -B scripts/release check
	@$(MAKE) $(PARALLEL) PROFILE=release tools $(GEN)/signer.identity
	@$(NO_KEY) $(PYTHON) -B scripts/release signer $(BUILD)
	@$(MAKE) $(PARALLEL) PROFILE=release all $(GEN)/signer.pem
	@$(NO_KEY) FONT_LICENSE='$(FONT_LICENSE)' $(PYTHON) -B scripts/release assemble $(BUILD) $(VERSION)

pictures: image-map boot-screen timeline call-map ## make the pictures of the documents (docs/pictures/) from this build

size: all ## where the bytes of kernel and loader go
	@scripts/size $(BUILD)

setup: ## install what is missing (as root, or through sudo)
	@scripts/setup --all

doctor: ## name what is missing or too old, and what mends it
	@scripts/doctor

clean: ## remove what was built; keys and installed packages stay
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@echo '  PROFILE=release builds with the identities in keys/ alone and needs SIGNING_KEY; V=1 shows every command'

# One job for each processor, unless the user said how many.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN))

.PHONY: all kernel unsigned bootloader tools image run debug test release verify check pictures size \
    setup doctor clean help unit-tests test-all parts more-parts image-map boot-screen call-map

# What the build reads from outside the sources; each stamp changes only when its text does. ---------
ifeq ($(filter run debug release secureboot test test-all parts check bench bench-baseline timeline bochs setup doctor clean help,$(or $(MAKECMDGOALS),all)),)
include scripts/inputs.mk
endif

# Third-party sources ------------------------------------------------------------------------------
node_modules/.package-lock.json: package.json package-lock.json
	$(SAY) install 'PQClean (npm ci, from package-lock.json)'
	$(Q)scripts/npm-ci

# Read by the files that include the package's. npm dates every file 1985: what is compiled from them
# looks at the lock file's time instead (INPUTS).
$(MLKEM) $(MLDSA) crypto/mlkem768.c crypto/mldsa65.c crypto/mldsa65_verify.c: | node_modules/.package-lock.json

# Compiling ----------------------------------------------------------------------------------------
# What every object depends on besides its source; the adapter in crypto/ includes PQClean's headers.
INPUTS := Makefile flags.mk node_modules/.package-lock.json
# $(call file_flags,world,name): what one file is compiled with besides, in every world and in this.
file_flags = $(FLAGS_$(2)) $(FLAGS_$(1)/$(2))
# $(call world,name,compiler and flags,sources of libnonos.a,the world whose file_flags are taken if
# not its own): rules for one world.
define world
$(BUILD)/$(1)/%.o: %.c $$(INPUTS)
	@mkdir -p $$(@D)
	$$(SAY) compile $$<
	$$(Q)$(2) $$(WARNINGS) $$(call file_flags,$(or $(4),$(1)),$$*) -c $$< -o $$@
$(BUILD)/$(1)/%.S.o: %.S $$(INPUTS)
	@mkdir -p $$(@D)
	$$(SAY) compile $$<
	$$(Q)$(2) -c $$< -o $$@
$(BUILD)/$(1)/%.o: $(GEN)/%.c $$(INPUTS)
	@mkdir -p $$(@D)
	$$(SAY) compile $$<
	$$(Q)$(2) $$(WARNINGS) $$(call file_flags,$(or $(4),$(1)),$$*) -c $$< -o $$@
$(BUILD)/$(1)/%.S.o: $(GEN)/%.S $$(INPUTS)
	@mkdir -p $$(@D)
	$$(SAY) compile $$<
	$$(Q)$(2) -c $$< -o $$@
$(BUILD)/$(1)/libml-kem-768.a: $(call objects,$(1),$(MLKEM))
$(BUILD)/$(1)/libml-dsa-65.a: $(call objects,$(1),$(MLDSA))
$(BUILD)/$(1)/libnonos.a: $(call objects,$(1),$(3))
$(BUILD)/$(1)/%.a:
	$$(SAY) archive $$@
	$$(Q)rm -f $$@ && $$(AR) qcsD $$@ $$^
endef
CRYPTO_ASM := $(sort $(wildcard crypto/*.S))
$(eval $(call world,kernel,$(CC) $(KERNEL_FLAGS),$(CRYPTO_KERNEL) $(CRYPTO_ASM) $(IMAGE) $(DISPLAY) $(FREESTANDING_SRC)))
$(eval $(call world,loader,$(CC) $(LOADER_FLAGS),$(CRYPTO_LOADER) $(IMAGE) $(DISPLAY) $(FREESTANDING_SRC)))
$(eval $(call world,host,$(HOST_CC) $(HOST_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE)))
$(eval $(call world,san,$(HOST_CC) $(SAN_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE) $(DISPLAY) $(TOOL_MODULES) $(HOSTABLE)))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# The font of the boot screen -------------------------------------------------------------------------
$(GEN)/font.c: $(wildcard $(CONSOLE_FONT)) scripts/font
	@mkdir -p $(@D)
	$(SAY) font $@
	$(Q)scripts/font '$(CONSOLE_FONT)' > $@

# The host program ---------------------------------------------------------------------------------
$(NONOS): $(call objects,host,$(TOOL)) $(call libraries,host)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@

# The kernel ---------------------------------------------------------------------------------------
# Linked twice: the first link gives the symbol table that the second one carries.
$(GEN)/manifest.S: $(GEN)/manifest.txt scripts/manifest-section
	$(Q)scripts/manifest-section $< > $@

KERNEL_PARTS := $(call objects,kernel,$(KERNEL)) $(BUILD)/kernel/manifest.S.o $(call libraries,kernel) \
    kernel/kernel.ld
KERNEL_LINK = $(LD) $(KERNEL_LDFLAGS) $(filter %.o %.a,$^)
$(BUILD)/kernel.1.elf: $(BUILD)/kernel/symbols-empty.S.o $(KERNEL_PARTS)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -o $@
$(GEN)/symbols-empty.S: scripts/symbols
	$(Q)scripts/symbols > $@
$(GEN)/symbols.S: $(BUILD)/kernel.1.elf scripts/symbols
	$(Q)$(NM) -n $< | scripts/symbols > $@
$(KERNEL_ELF): $(BUILD)/kernel/symbols.S.o $(KERNEL_PARTS)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -Map=$(BUILD)/kernel.map -o $@
	$(Q)$(NM) -n $@ | scripts/symbols | cmp -s - $(GEN)/symbols.S || { echo 'make: the symbol table moved between the links' >&2; exit 1; }
$(BUILD)/kernel.unsigned: $(KERNEL_ELF) $(NONOS)
	$(SAY) seal $@
	$(Q)$(NONOS) seal $< -o $@
$(KERNEL_BIN): $(BUILD)/kernel.unsigned $(SIGNER) $(NONOS)
	$(SAY) sign $@
	$(Q)$(NONOS) sign $(KEY_FLAGS) -o $@ $<

# The loader ---------------------------------------------------------------------------------------
# The identities in keys/ and, in the dev profile, the one that signs this build.
$(GEN)/signer.identity: $(SIGNER) $(NONOS)
	$(Q)$(NONOS) pubkey $(KEY_FLAGS) -o $@
$(GEN)/signer.pem: $(SIGNER) $(NONOS)
	$(Q)$(NONOS) pubkey $(KEY_FLAGS) --pem -o $@
$(KEYED): private .SHELLFLAGS := $(WITH_KEY)
# The floor is what this tree's own kernel has (scripts/manifest).
$(GEN)/policy.c: $(GEN)/keys.stamp scripts/manifest $(if $(filter dev,$(PROFILE)),$(GEN)/signer.identity) $(NONOS)
	$(SAY) policy $@
	$(Q)$(NONOS) policy --profile $(PROFILE) --keys keys $(addprefix --dev ,$(filter %.identity,$(filter $(GEN)/%,$^))) \
	    --floor $$(sed -n 's/^SECURITY_VERSION=//p' scripts/manifest) -o $@
LOADER_PARTS := $(call objects,loader,$(LOADER)) $(BUILD)/loader/policy.o \
    $(filter-out %/libml-kem-768.a,$(call libraries,loader))
$(LOADER_EFI): $(LOADER_PARTS)
	$(SAY) link $@
	$(Q)$(LLD_LINK) $(LOADER_LDFLAGS) -lldmap:$(BUILD)/loader.map $^ -out:$@
$(BUILD)/loader.debug.efi: $(LOADER_PARTS)
	$(SAY) link $@
	$(Q)$(LLD_LINK) $(LOADER_LDFLAGS) -debug:dwarf $^ -out:$@

# What boots ---------------------------------------------------------------------------------------
$(BUILD)/esp/.stamp: $(LOADER_EFI) $(KERNEL_BIN)
	@mkdir -p $(BUILD)/esp/EFI/BOOT $(BUILD)/esp/EFI/nonos
	$(Q)cp $(LOADER_EFI) $(BUILD)/esp/EFI/BOOT/BOOTX64.EFI
	$(Q)cp $(KERNEL_BIN) $(BUILD)/esp/EFI/nonos/kernel.bin
	@touch $@
$(DISK): $(BUILD)/esp/.stamp scripts/disk-image
	$(SAY) image $@
	$(Q)scripts/disk-image $(BUILD)/esp $@ $(GEN)/manifest.txt

# Pictures -----------------------------------------------------------------------------------------
# The kernel of this build, signed with a key that everybody knows (RFC 8032 §7.1, the first test)
# and nothing trusts: so the same sources give everybody the same picture. It has no digest, since
# it is itself one of the sources that the digest depends on.
PUBLIC_KEY := 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60
PICTURE_PARTS := $(BUILD)/pictures/kernel.bin $(BUILD)/pictures/example.identity
$(PICTURE_PARTS): private export SIGNING_KEY = $(PUBLIC_KEY)
$(PICTURE_PARTS): private .SHELLFLAGS := $(WITH_KEY)
$(BUILD)/pictures/kernel.bin: $(BUILD)/kernel.unsigned $(NONOS)
	@mkdir -p $(@D)
	$(Q)env -u SIGNING_KEY_PQ $(NONOS) sign -o $@ $< > $@.log
$(BUILD)/pictures/example.identity: $(NONOS)
	@mkdir -p $(@D)
	$(Q)env -u SIGNING_KEY_PQ $(NONOS) pubkey --name example -o $@
image-map: $(PICTURE_PARTS)
	$(SAY) draw docs/pictures/image-map.svg
	$(Q)$(NONOS) inspect --svg --no-digest --allow-dev -i $(BUILD)/pictures/example.identity \
	    -o docs/pictures/image-map.svg $(BUILD)/pictures/kernel.bin

# Who calls whom in the kernel, out of its object files.
call-map: $(KERNEL_ELF)
	$(SAY) draw docs/pictures/call-map.svg
	$(Q)NM=$(NM) scripts/call-map $(BUILD) docs/pictures/call-map.svg

# What the screen shows at the end of a boot of this build.
boot-screen: $(DISK)
	$(SAY) boot docs/pictures/boot-screen.png
	$(Q)$(PYTHON) -B scripts/boot-screen --build $(BUILD) -o docs/pictures/boot-screen.png

# Tests --------------------------------------------------------------------------------------------
unit-tests: $(addprefix $(BUILD)/tests/,$(UNIT_TESTS)) $(BUILD)/san/nonos
$(BUILD)/tests/%: $(BUILD)/san/tests/unit/%.o $(call libraries,san)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(SAN_LDFLAGS) $^ $(TEST_LIBS) -o $@
$(BUILD)/san/nonos: $(BUILD)/san/tools/main.o $(call libraries,san)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(SAN_LDFLAGS) $^ $(HOST_LIBS) -o $@

# What proves more than a test does, a folder each ----------------------------------------------------
include $(wildcard tests/*/rules.mk)
