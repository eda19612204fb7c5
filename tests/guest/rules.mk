# Kernels that run a suite of tests in place of the prompt: the product's objects but that one, and
# tests/guest/suite_NAME.c. No program of a suite is ever in the product.
GUESTS := $(patsubst tests/guest/suite_%.c,%,$(wildcard tests/guest/suite_*.c))
GUEST_PARTS := $(BUILD)/kernel/symbols-empty.S.o $(filter-out %/kernel/prompt.o,$(KERNEL_PARTS)) \
    $(BUILD)/kernel/tests/guest/guest.o \
    $(patsubst %,$(BUILD)/kernel/%.o,$(wildcard tests/guest/*.S))
variants: $(GUESTS:%=$(BUILD)/guests/%.unsigned)
$(GUESTS:%=$(BUILD)/guests/%.elf): $(BUILD)/guests/%.elf: $(BUILD)/kernel/tests/guest/suite_%.o \
    $(GUEST_PARTS) tests/guest/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) -o $@
$(BUILD)/guests/%.unsigned: $(BUILD)/guests/%.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@
