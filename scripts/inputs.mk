# What the build reads from outside the tracked sources: the state of the checkout (for the
# manifest) and the signing key. Read when make starts, so that a second `make` finds nothing to do.

$(if $(shell BUILD='$(BUILD)' PYTHON='$(PYTHON)' SUFFIX='$(SUFFIX)' LLVM_BIN='$(LLVM_BIN)' LLD_BIN='$(LLD_BIN)' CONSOLE_FONT='$(CONSOLE_FONT)' scripts/doctor --build >&2 || echo missing),$(error stopped))

# The manifest, and the bill of materials: rewritten only when their text changes.
$(if $(shell scripts/manifest '$(GEN)/manifest.txt' '$(VERSION)' '$(PROFILE)' '$(CC)' '$(LD)' '$(CONSOLE_FONT)' >&2 || echo failed),$(error no manifest))
$(GEN)/manifest.txt: ;

# Whom the loader trusts: the files in keys/, by name and content. A file that is gone leaves no newer
# one behind, and its folder only a moment's newer.
$(if $(shell scripts/stamp '$(GEN)/keys.stamp' "$$(find keys -type f -exec b3sum {} + | LC_ALL=C sort)" >&2 || echo failed),$(error stopped))
$(GEN)/keys.stamp: ;

# What opens a key is secret: the environment has it, or the terminal is asked.
ifneq ($(strip $(foreach name,NONOS_PIN NONOS_PASSPHRASE,$(filter command,$(origin $(name))))),)
  $(error refused: NONOS_PIN and NONOS_PASSPHRASE are never arguments; other processes see them there)
endif

# $(call key_text,VARIABLE): for a shell that has the key. What came on the command line is no secret,
# and is not in the environment of $(shell).
key_text = $(if $(filter command,$(origin $(1))),'$(subst ','\'',$($(1)))',"$$$(1)")
# $(call key_stamp): rebuilt when something else than a file changes, which its digest tells.
key_stamp = $(if $(shell scripts/stamp '$(GEN)/signer.stamp' "$$(printf '%s\n' $(foreach name,SIGNING_KEY SIGNING_KEY_PQ,$(call key_text,$(name))) | b3sum --no-names)" >&2 || echo failed),$(error stopped))
$(GEN)/signer.stamp: ;

# The signing key: what the signed image is made from besides the sources. Where nothing is to be
# signed there is none, and none is looked for: a release loader trusts keys/ alone.
ifeq ($(filter-out unsigned tools $(BUILD)/kernel.unsigned $(KERNEL_ELF) $(NONOS) \
    $(if $(filter release,$(PROFILE)),bootloader $(LOADER_EFI)),$(or $(MAKECMDGOALS),all)),)
  SIGNER :=
else ifneq ($(filter pkcs11:%,$(SIGNING_KEY)),)
  # A pair: Ed25519 in a token, whose URI is no secret, and the file of ML-DSA-65.
  ifeq ($(strip $(SIGNING_KEY_PQ)),)
    $(error refused: SIGNING_KEY=pkcs11:... is the Ed25519 half of a key; SIGNING_KEY_PQ has to name the key file of the ML-DSA-65 half)
  endif
  ifeq ($(filter command,$(origin SIGNING_KEY_PQ))$(wildcard $(SIGNING_KEY_PQ)),command)
    $(error refused: SIGNING_KEY_PQ on the command line must be the path of a file, and there is no file of that name; a key itself is never an argument, as other processes see it)
  endif
  SIGNER := $(GEN)/signer.stamp $(wildcard $(SIGNING_KEY_PQ))
  .SHELLFLAGS := $(WITH_KEY)
  $(key_stamp)
  .SHELLFLAGS := $(WITHOUT_KEY)
  # One after the other: some modules do not find their token while another process logs in.
  $(if $(filter dev,$(PROFILE)),$(eval $(KERNEL_BIN): | $(GEN)/signer.identity))
  $(eval $(GEN)/signer.pem: | $(KERNEL_BIN))
else ifneq ($(origin SIGNING_KEY_PQ),undefined)
  $(error refused: SIGNING_KEY_PQ is set, which goes with SIGNING_KEY=pkcs11:... and nothing else; unset it, or set that)
else ifeq ($(origin SIGNING_KEY),undefined)
  ifeq ($(PROFILE),release)
    $(error refused: PROFILE=release needs SIGNING_KEY; a release never uses a development key)
  endif
  SIGNER := dev_signing_key.bin
  KEY_FLAGS := -k $(SIGNER)
$(SIGNER): | $(NONOS)
	$(NONOS) keygen -o $@
else
  ifeq ($(strip $(SIGNING_KEY)),)
    $(error refused: SIGNING_KEY is set but empty; unset it to use the development key)
  endif
  ifneq ($(wildcard $(SIGNING_KEY)),)
    SIGNER := $(SIGNING_KEY)
  else
    ifeq ($(origin SIGNING_KEY),command line)
      $(error refused: SIGNING_KEY on the command line must be the path of a file, of which there is none by that name, or a pkcs11: URI; a key itself is never an argument, as other processes see it)
    endif
    SIGNER := $(GEN)/signer.stamp
    .SHELLFLAGS := $(WITH_KEY)
    $(key_stamp)
    .SHELLFLAGS := $(WITHOUT_KEY)
  endif
endif
