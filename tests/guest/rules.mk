# Kernels that run a suite of tests in place of the prompt: the product's objects but that one and those
# that kernel/debug/ has with checks in them, what the suites share, and tests/guest/suite_NAME.c. No
# program of a suite is ever in the product.
GUESTS := $(patsubst tests/guest/suite_%.c,%,$(wildcard tests/guest/suite_*.c))
GUEST_SHARED := $(filter-out tests/guest/suite_%.c,$(wildcard tests/guest/*.c tests/guest/*.S))
GUEST_PROGRAMS := $(patsubst tests/guest/programs/%.c,%,$(wildcard tests/guest/programs/*.c))
GUEST_PARTS := $(BUILD)/kernel/symbols-empty.S.o $(call objects,kernel,$(KERNEL_DEBUG)) \
    $(filter-out %/kernel/prompt.o $(foreach file,$(KERNEL_DEBUG:kernel/debug/%.c=%),%/$(file).o),$(KERNEL_PARTS)) \
    $(call objects,kernel,$(GUEST_SHARED)) \
    $(GUEST_PROGRAMS:%=$(BUILD)/kernel/guest-program-%.S.o)
# Where the harness looks on (tests/guest/watch.c): each is called from another file than its own.
GUEST_WATCHED := trap_handle syscall_dispatch thread_free console_write console_printf \
    frames_allocate heap_allocate slab_allocate thread_stack_allocate mitigation_forget
variants: $(GUESTS:%=$(BUILD)/guests/%.unsigned)
$(GUESTS:%=$(BUILD)/guests/%.elf): $(BUILD)/guests/%.elf: $(BUILD)/kernel/tests/guest/suite_%.o \
    $(GUEST_PARTS) tests/guest/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) $(GUEST_WATCHED:%=--wrap=%) -o $@
$(BUILD)/guests/%.unsigned: $(BUILD)/guests/%.elf $(NONOS)
	$(Q)$(NONOS) seal $< -o $@

# Suites whose kernel does all that any processor may need, whatever this one says.
GUEST_FORCED := $(addprefix $(BUILD)/guests/,$(addsuffix -forced.elf,entry gate attack))
$(GUEST_FORCED): $(BUILD)/guests/%-forced.elf: $(BUILD)/kernel/tests/guest/suite_%.o \
    $(BUILD)/kernel/tests/variants/forced.o $(filter-out %/kernel/cpu/speculation.o,$(GUEST_PARTS)) \
    tests/guest/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) $(GUEST_WATCHED:%=--wrap=%) -o $@
variants: $(GUEST_FORCED:.elf=.unsigned)

# Programs for ring 3 in C: flat, at one fixed address, inside the kernel of each suite.
PROGRAM_FLAGS := --target=x86_64-unknown-none-elf $(COMMON) -ffreestanding -nostdlibinc -Icrypto/freestanding \
    -march=x86-64 -mgeneral-regs-only -fno-pic -mcmodel=small -fno-unwind-tables \
    -fno-asynchronous-unwind-tables -ftrivial-auto-var-init=uninitialized -O2 # no memset for it
GUEST_PROGRAM := $(BUILD)/guests/programs
$(GUEST_PROGRAM)/%.o: tests/guest/programs/%.c $(INPUTS) tests/guest/rules.mk
	@mkdir -p $(@D)
	$(SAY) compile $<
	$(Q)$(CC) $(PROGRAM_FLAGS) $(WARNINGS) -c $< -o $@
$(GUEST_PROGRAM)/%.elf: $(GUEST_PROGRAM)/%.o $(BUILD)/kernel/tests/guest/programs/start.S.o \
    tests/guest/programs/program.ld
	$(Q)$(LD) -m elf_x86_64 -static --build-id=none -z noexecstack -T $(filter %.ld,$^) $(filter %.o,$^) -o $@
$(GUEST_PROGRAM)/%.bin: $(GUEST_PROGRAM)/%.elf
	$(Q)$(OBJCOPY) -O binary -j .text $< $@
$(GEN)/guest-program-%.S: $(GUEST_PROGRAM)/%.bin tests/guest/rules.mk
	@mkdir -p $(@D)
	$(Q)printf '    .section .rodata.programs, "a", @progbits\n    .globl program_%s, program_%s_end\n    .balign 16\nprogram_%s:\n    .incbin "%s"\nprogram_%s_end:\n    .section .note.GNU-stack, "", @progbits\n' \
	    $* $* $* $< $* > $@

.PHONY: soak attack
soak: $(BUILD)/guests/soak.unsigned ## everything at random on 4 processors, counted every few seconds; TIME=seconds (60), SEED=number
	@$(NO_KEY) $(PYTHON) -B tests/guest/run.py --build $(BUILD) --smp 4 --limit $$((2 * $(or $(TIME),60) + 300)) \
	    soak time=$(or $(TIME),60) seed=$(SEED)
attack: $(BUILD)/guests/attack.unsigned ## programs of random bytes, jumps and pointers on 2 processors; RUNS=number (20000), SEED=number
	@$(NO_KEY) $(PYTHON) -B tests/guest/run.py --build $(BUILD) --limit $$(($(or $(RUNS),20000) / 100 + 300)) \
	    --cpu max,-avx,-avx2 attack runs=$(or $(RUNS),20000) seed=$(SEED)

# The suite of secrets with the product's own files alone, and with a wipe taken out: of stacks, of
# frames, of objects.
GUEST_PLAIN := $(BUILD)/kernel/symbols-empty.S.o $(filter-out %/kernel/prompt.o,$(KERNEL_PARTS)) \
    $(call objects,kernel,$(GUEST_SHARED)) $(GUEST_PROGRAMS:%=$(BUILD)/kernel/guest-program-%.S.o) \
    $(BUILD)/kernel/tests/guest/suite_secrets.o
$(BUILD)/guests/secrets-plain.elf: $(GUEST_PLAIN)
$(BUILD)/guests/secrets-kept.elf: $(BUILD)/kernel/tests/variants/kept.o $(GUEST_PLAIN)
$(BUILD)/guests/secrets-freed.elf: $(BUILD)/kernel/tests/variants/freed.o \
    $(filter-out %/kernel/mem/frames.o,$(GUEST_PLAIN))
$(BUILD)/guests/secrets-unfilled.elf: $(BUILD)/kernel/tests/variants/unfilled.o \
    $(filter-out %/kernel/mem/slab_fill.o,$(GUEST_PLAIN))
GUEST_SECRETS := $(addprefix $(BUILD)/guests/secrets-,plain.elf kept.elf freed.elf unfilled.elf)
variants: $(GUEST_SECRETS)
$(GUEST_SECRETS): tests/guest/rules.mk
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(KERNEL_LINK) $(GUEST_WATCHED:%=--wrap=%) -o $@
