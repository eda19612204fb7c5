# make tamper: the signed kernel changed in every place, one at a time, against the real verifier
# in process. Compiled as the host program is; a sample once more under the sanitizers.
TAMPER := $(BUILD)/tests/tamper
TAMPER_SOURCES := $(wildcard tests/tamper/*.c)
TAMPER_SAMPLE := 101

$(TAMPER)/o2: $(call objects,host,$(TAMPER_SOURCES) $(filter-out tools/workspace.c,$(TOOL_MODULES))) \
    $(call libraries,host)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(HOST_LDFLAGS) $^ $(HOST_LIBS) -o $@
$(TAMPER)/san: $(call objects,san,$(TAMPER_SOURCES)) $(call libraries,san)
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) $(SAN_LDFLAGS) $^ $(HOST_LIBS) -o $@

more-parts: $(TAMPER)/o2 $(TAMPER)/san
.PHONY: tamper
tamper: $(TAMPER)/o2 $(TAMPER)/san $(KERNEL_BIN) $(GEN)/signer.identity ## change every byte of the signed kernel: no change may be accepted
	@$(NO_KEY) $(TAMPER)/o2 $(KERNEL_BIN) $(GEN)/signer.identity
	@echo 'a sample under the sanitizers:'
	@$(NO_KEY) $(TAMPER)/san $(KERNEL_BIN) $(GEN)/signer.identity $(TAMPER_SAMPLE)
