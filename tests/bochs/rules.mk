# make bochs: the kernel and its suites in Bochs, started by way of PVH from a ROM.
BOCHS_ROM := $(BUILD)/bochs/rom.bin
BOCHS_ROM_FLAGS := --target=i386-unknown-none-elf -ffile-prefix-map=$(CURDIR)=.
$(BOCHS_ROM): tests/bochs/rom.S tests/bochs/rom.ld $(INPUTS) tests/bochs/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(CC) $(BOCHS_ROM_FLAGS) -c $< -o $(@D)/rom.o
	$(Q)$(LD) -m elf_i386 -static --build-id=none -z noexecstack -T tests/bochs/rom.ld $(@D)/rom.o -o $(@D)/rom.elf
	$(Q)$(OBJCOPY) -O binary -j .text $(@D)/rom.elf $@

.PHONY: bochs bochs-parts
bochs: ## the kernel and its suites in Bochs: x2APIC, deadlines of the counter, PCIDs, counters that differ; ROWS=words of their names
	@$(NO_KEY) scripts/setup --bochs
	@$(MAKE) $(PARALLEL) bochs-parts
	@$(NO_KEY) $(PYTHON) -B tests/bochs/run.py --build $(BUILD) $(ROWS)
bochs-parts: $(BOCHS_ROM) $(BUILD)/kernel.unsigned \
    $(patsubst tests/guest/suite_%.c,$(BUILD)/guests/%.unsigned,$(wildcard tests/guest/suite_*.c))
