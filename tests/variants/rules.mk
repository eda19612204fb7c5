# What tests boot besides the product: kernels and loaders with a wipe taken out, loaders with other
# policies, kernels of other signers, and programs that start the loader on a stranger machine.
VARIANTS := $(BUILD)/variants

# Kernels that do not wipe, without a symbol table of their own.
VARIANT_KERNEL = $(LD) $(KERNEL_LDFLAGS) $(filter %.o %.a,$^) -o $@
VARIANT_PARTS := $(BUILD)/kernel/symbols-empty.S.o $(KERNEL_PARTS)
$(VARIANTS)/kept.elf: $(BUILD)/kernel/tests/variants/kept.o $(VARIANT_PARTS)
$(VARIANTS)/freed.elf: $(BUILD)/kernel/tests/variants/freed.o \
    $(filter-out %/kernel/mem/frames.o,$(VARIANT_PARTS))
$(VARIANTS)/kept.elf $(VARIANTS)/freed.elf: tests/variants/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(VARIANT_KERNEL)

# Kernels for release, of this security version and of the next; the build itself makes one only with
# a release key.
$(GEN)/variants/raised-manifest.S: RAISE := s/^security-version=1$$/security-version=2/
$(GEN)/variants/%-manifest.S: $(GEN)/manifest.txt scripts/manifest-section tests/variants/rules.mk
	@mkdir -p $(@D)
	$(Q)sed 's/^profile=dev$$/profile=release/; $(RAISE)' $< > $(@:.S=.txt)
	$(Q)scripts/manifest-section $(@:.S=.txt) > $@
$(VARIANTS)/release.elf $(VARIANTS)/raised.elf: $(VARIANTS)/%.elf: \
    $(BUILD)/kernel/variants/%-manifest.S.o $(filter-out %/kernel/manifest.S.o,$(VARIANT_PARTS)) \
    tests/variants/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(VARIANT_KERNEL)
$(VARIANTS)/%.unsigned: $(VARIANTS)/%.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@

# Signers for tests alone: acme and other; old, new and recovery, who take part in a rotation.
$(VARIANTS)/%.key: | $(NONOS)
	@mkdir -p $(@D)
	$(Q)said=$$($(NONOS) keygen -o $@ 2>&1) || { echo "$$said" >&2; exit 1; }
$(VARIANTS)/%.identity: $(VARIANTS)/%.key $(NONOS)
	$(Q)$(NONOS) pubkey -k $< --name $* --roles kernel -o $@
$(VARIANTS)/%-release.identity: $(VARIANTS)/%.key $(NONOS)
	$(Q)$(NONOS) pubkey -k $< --name $*-release --roles kernel --profile release -o $@
$(VARIANTS)/kernel-by-%.bin: $(VARIANTS)/%.key $(BUILD)/kernel.unsigned $(NONOS)
	$(Q)$(NONOS) sign -k $< -o $@ $(BUILD)/kernel.unsigned > /dev/null
$(VARIANTS)/kept-by-acme.bin: $(VARIANTS)/acme.key $(VARIANTS)/kept.unsigned $(NONOS)
	$(Q)$(NONOS) sign -k $< -o $@ $(VARIANTS)/kept.unsigned > /dev/null

$(VARIANTS)/release-by-%.bin: $(VARIANTS)/%.key $(VARIANTS)/release.unsigned $(NONOS)
	$(Q)$(NONOS) sign -k $< -o $@ $(VARIANTS)/release.unsigned > /dev/null
$(VARIANTS)/raised-by-%.bin: $(VARIANTS)/%.key $(VARIANTS)/raised.unsigned $(NONOS)
	$(Q)$(NONOS) sign -k $< -o $@ $(VARIANTS)/raised.unsigned > /dev/null

# Loaders by policy: whom they trust and revoke, their profile and their floor.
$(GEN)/variants/both.c: ARGUMENTS := dev 1 'acme other' ''
$(GEN)/variants/release.c: ARGUMENTS := release 1 acme-release ''
$(GEN)/variants/strict.c: ARGUMENTS := strict 1 acme ''
$(GEN)/variants/untrue.c: ARGUMENTS := untrue 1 acme ''
# The steps of a rotation, a raised floor, and a recovery identity (docs/keys.md).
$(GEN)/variants/rotation-old.c: ARGUMENTS := release 1 old-release ''
$(GEN)/variants/rotation-both.c: ARGUMENTS := release 1 'old-release new-release' ''
$(GEN)/variants/rotation-new.c: ARGUMENTS := release 1 new-release ''
$(GEN)/variants/rotation-revoked.c: ARGUMENTS := release 1 new-release old-release
$(GEN)/variants/rotation-floor.c: ARGUMENTS := release 2 old-release ''
$(GEN)/variants/recovery.c: ARGUMENTS := release 1 'old-release recovery-release' ''
VARIANT_LOADERS := both release strict untrue recovery \
    $(addprefix rotation-,old both new revoked floor)
$(VARIANT_LOADERS:%=$(GEN)/variants/%.c): tests/variants/policy tests/variants/rules.mk $(NONOS) \
    $(addprefix $(VARIANTS)/,acme.identity other.identity \
    $(addsuffix -release.identity,acme old new recovery))
	$(Q)tests/variants/policy $(NONOS) $(VARIANTS) $@ $(ARGUMENTS)
LOADER_WITHOUT = $(filter-out $(addprefix $(BUILD)/loader/,$(1)),$(LOADER_PARTS))
$(VARIANT_LOADERS:%=$(VARIANTS)/%.efi): $(VARIANTS)/%.efi: $(BUILD)/loader/variants/%.o \
    $(call LOADER_WITHOUT,policy.o)
# The loader that does not wipe, and programs that start a loader.
$(VARIANTS)/kept.efi: $(BUILD)/loader/tests/variants/kept.o $(LOADER_PARTS)
VARIANT_PROGRAMS := occupied five_levels announced enrolled silent_tpm failing_tpm
$(VARIANT_PROGRAMS:%=$(VARIANTS)/%.efi): $(VARIANTS)/%.efi: $(BUILD)/loader/tests/variants/%.o \
    $(BUILD)/loader/tests/variants/chain.o $(call LOADER_WITHOUT,boot/main.o)
$(VARIANTS)/five_levels.efi: $(BUILD)/loader/tests/variants/five_levels.S.o
$(VARIANTS)/silent_tpm.efi $(VARIANTS)/failing_tpm.efi: $(BUILD)/loader/tests/variants/stub_tpm.o
$(VARIANTS)/%.efi: tests/variants/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(LLD_LINK) $(LOADER_LDFLAGS) $(filter %.o %.a,$^) -lldmap:$(@:.efi=.map) -out:$@

.PHONY: variants matrix
matrix: all variants ## starts through firmware: machines that lack something, loaders of other policies
	@$(NO_KEY) $(PYTHON) -B tests/run.py --build $(BUILD) --matrix

variants: $(addprefix $(VARIANTS)/,kept.elf freed.elf kept-by-acme.bin raised-by-old.bin) \
    $(patsubst %,$(VARIANTS)/kernel-by-%.bin,acme other) \
    $(patsubst %,$(VARIANTS)/release-by-%.bin,acme old new other recovery) \
    $(addsuffix .efi,$(addprefix $(VARIANTS)/,kept $(VARIANT_LOADERS) $(VARIANT_PROGRAMS)))
