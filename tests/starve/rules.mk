# The kernel whose start finds no memory once: the product, and starve.c around its allocators.
STARVE := $(BUILD)/starve
STARVE_PARTS := $(BUILD)/kernel/symbols-empty.S.o $(KERNEL_PARTS) \
    $(call objects,kernel,tests/starve/starve.c tests/guest/options.c)
variants: $(STARVE)/kernel.unsigned
$(STARVE)/kernel.elf: $(STARVE_PARTS) tests/starve/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) $(addprefix --wrap=,frames_allocate heap_allocate slab_allocate thread_stack_allocate prompt_run) -o $@
$(STARVE)/kernel.unsigned: $(STARVE)/kernel.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@
