# The kernel that breaks its own protections when it is told to (`panic NAME`): the product with another
# provoke.c, and a symbol table of its own, made as the product's.
PROVOKE := $(BUILD)/provoke
PROVOKE_PARTS := $(filter-out %/kernel/provoke.o,$(KERNEL_PARTS)) \
    $(call objects,kernel,$(sort $(wildcard tests/provoke/*.c tests/provoke/*.S)))
variants: $(PROVOKE)/kernel.unsigned
$(PROVOKE)/kernel.1.elf: $(BUILD)/kernel/symbols-empty.S.o $(PROVOKE_PARTS)
$(GEN)/provoke-symbols.S: $(PROVOKE)/kernel.1.elf scripts/symbols
	$(Q)$(NM) -n $< | scripts/symbols > $@
$(PROVOKE)/kernel.elf: $(BUILD)/kernel/provoke-symbols.S.o $(PROVOKE_PARTS)
$(PROVOKE)/kernel.1.elf $(PROVOKE)/kernel.elf: tests/provoke/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -o $@
$(PROVOKE)/kernel.unsigned: $(PROVOKE)/kernel.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@
