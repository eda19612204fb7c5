# make faults: what single faults do to the decision of the verifier (tests/fault/injector.c).
#
# The verifier is compiled as for the host program, and once more with the loader's -Os. A naive
# one goes through the same: the campaign has to break it, or it sees nothing.

OBJDUMP := $(LLVM_BIN)llvm-objdump$(SUFFIX)
FAULT := $(BUILD)/tests/fault
FAULT_OS_FLAGS := $(filter-out -O2,$(HOST_FLAGS)) -Os

$(eval $(call world,host-os,$(HOST_CC) $(FAULT_OS_FLAGS),$(CRYPTO) $(CRYPTO_ASM) $(IMAGE)))

# The code that faults happen to; what it calls besides runs untouched, but for its results.
FAULT_CODE := $(addprefix image/,verify digest elf elf_segments elf_sections manifest text) \
    crypto/bytes crypto/ed25519 crypto/mldsa65_verify crypto/workspace_call.S
# Of PQClean the functions that refuse; the rest is arithmetic. What is inlined into them is tried, too.
FAULT_MLDSA := _(verify_ctx|chknorm|unpack_sig)$$
FAULT_PARTS = $(call objects,$(1),tests/fault/subject.c tests/fault/caller.c tests/fault/confine.c) \
    $(call objects,host,$(filter-out tools/workspace.c,$(TOOL_MODULES))) $(call libraries,$(1))
FAULT_LINK = $(HOST_CC) -fuse-ld=lld -no-pie -Wl,--gc-sections -Wl,-z,now -Wl,--as-needed $(filter %.o %.a,$^) \
    $(TEST_LIBS) -o $@

$(FAULT)/o2: $(call FAULT_PARTS,host)
$(FAULT)/os: $(call FAULT_PARTS,host-os)
$(FAULT)/naive: $(BUILD)/host/tests/fault/naive.o $(call FAULT_PARTS,host)
$(FAULT)/o2 $(FAULT)/os $(FAULT)/naive:
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(FAULT_LINK)

$(FAULT)/o2.list: WORLD := host
$(FAULT)/os.list: WORLD := host-os
$(FAULT)/naive.list: WORLD := host
$(FAULT)/naive.list: FAULT_CODE := tests/fault/naive
$(FAULT)/naive.list: FAULT_MLDSA :=
$(FAULT)/%.list: $(FAULT)/% tests/fault/instructions
	$(Q)NM=$(NM) OBJDUMP=$(OBJDUMP) tests/fault/instructions $< \
	    $(patsubst %,$(BUILD)/$(WORLD)/%.o,$(FAULT_CODE) tests/fault/caller) \
	    $(if $(FAULT_MLDSA),'$(BUILD)/$(WORLD)/$(basename $(MLDSA)).o=$(FAULT_MLDSA)') > $@

# A key under a passphrase: the module itself, and what compares and wipes for it. The functions of
# the subject that stand in for libsodium's have to come first.
$(FAULT)/key: $(call objects,host,tests/fault/key_subject.c tests/fault/key_caller.c tests/fault/confine.c \
    $(filter-out tools/workspace.c,$(TOOL_MODULES))) $(call libraries,host)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(FAULT_LINK)
$(FAULT)/key.list: $(FAULT)/key tests/fault/instructions
	$(Q)NM=$(NM) OBJDUMP=$(OBJDUMP) tests/fault/instructions $< \
	    $(addprefix $(BUILD)/host/,tools/wrapped_key.o tests/fault/key_caller.o) > $@
FAULT_KEY_CASES := good wrong_passphrase altered_tag altered_key altered_salt bad_cost cut_off

# Changes to the folder of identities: what decides on them. The folder, reports and the key of a
# development tree are the subject's own.
FAULT_TRUST_CODE := tools/trust tools/trust_edit image/identity tests/fault/trust_caller
# Of reading text what refuses; the loops over thousands of digits only return, and so do comparisons.
FAULT_TRUST_TEXT := _(is|starts|is_name)$$
$(FAULT)/trust: $(call objects,host,$(addprefix tests/fault/,trust_subject.c trust_caller.c trust_folder.c \
    confine.c) tools/trust.c tools/trust_edit.c) $(call libraries,host)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(FAULT_LINK)
$(FAULT)/trust.list: $(FAULT)/trust tests/fault/instructions
	$(Q)NM=$(NM) OBJDUMP=$(OBJDUMP) tests/fault/instructions $< \
	    $(patsubst %,$(BUILD)/host/%.o,$(FAULT_TRUST_CODE)) '$(BUILD)/host/image/text.o=$(FAULT_TRUST_TEXT)' > $@
FAULT_TRUST_CASES := good dev_identity dev_key wrong_id trusted_id trusted_key trusted_name revoked_id \
    revoked_key revoked_name last_trusted last_kernel unpinned other_pin

$(FAULT)/injector: $(call objects,host,tests/fault/injector.c tests/fault/code.c)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(HOST_LDFLAGS) $^ -o $@

FAULT_CAMPAIGN := $(addprefix $(FAULT)/,injector o2.list os.list naive.list key.list trust.list)
more-parts: $(FAULT_CAMPAIGN)
.PHONY: faults
faults: $(FAULT_CAMPAIGN) ## single faults in the verifier, wrapped keys and nonos trust: none may admit what is bad
	@$(FAULT)/injector --accepts some 'naive verifier (has to be broken)' $(FAULT)/naive.list $(FAULT)/naive \
	    > $(FAULT)/naive.txt || { cat $(FAULT)/naive.txt; echo 'faults: the campaign does not see a weak verifier'; exit 1; }
	@sed '/^    accepted/d' $(FAULT)/naive.txt
	@$(FAULT)/injector --accepts none 'verifier, -O2' $(FAULT)/o2.list $(FAULT)/o2
	@$(FAULT)/injector --accepts none 'verifier, -Os' $(FAULT)/os.list $(FAULT)/os
	@$(FAULT)/injector --accepts none 'key under a passphrase' $(FAULT)/key.list $(FAULT)/key $(FAULT_KEY_CASES)
	@$(FAULT)/injector --accepts none 'who is trusted' $(FAULT)/trust.list $(FAULT)/trust $(FAULT_TRUST_CASES)
