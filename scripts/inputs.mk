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

# The signing key: what the signed image is made from besides the sources. Where nothing is to be
# signed there is none, and none is looked for.
ifeq ($(filter-out unsigned tools $(BUILD)/kernel.unsigned $(KERNEL_ELF) $(NONOS),$(or $(MAKECMDGOALS),all)),)
  SIGNER :=
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
      $(error refused: SIGNING_KEY on the command line must be the path of a file; other processes see it there)
    endif
    # Something else than a path: rebuilt when it changes, which its digest tells.
    SIGNER := $(GEN)/signer.stamp
    .SHELLFLAGS := $(WITH_KEY)
    $(if $(shell scripts/stamp '$(SIGNER)' "$$(printf %s "$$SIGNING_KEY" | b3sum --no-names)" >&2 || echo failed),$(error stopped))
    .SHELLFLAGS := $(WITHOUT_KEY)
$(SIGNER): ;
  endif
endif
