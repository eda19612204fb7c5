# make constant-time: secrets marked undefined, and valgrind reports what branches on them or takes
# them for an address (tests/constant_time/operations.c).
#
# Twice: as compiled for the kernel, but for what ties it to the kernel's addresses, and as for the
# host program, which signs. valgrind 3.19 reads DWARF up to version 4.
CT := $(BUILD)/tests/constant_time
CT_KERNEL_FLAGS := $(filter-out --target=% -mcmodel=% -mstack-protector-guard=%,$(KERNEL_FLAGS)) -gdwarf-4
CT_HOST_FLAGS := $(HOST_FLAGS) -gdwarf-4

$(eval $(call world,ct-kernel,$(CC) $(CT_KERNEL_FLAGS),$(CRYPTO_KERNEL) $(FREESTANDING_SRC),kernel))
$(eval $(call world,ct-host,$(HOST_CC) $(CT_HOST_FLAGS),$(CRYPTO),host))

# Between which files of PQClean values are declared public (tests/constant_time/declassify.c).
CT_WRAPPED := PQCLEAN_MLKEM768_CLEAN_kyber_shake128_absorb PQCLEAN_MLDSA65_CLEAN_poly_challenge \
    PQCLEAN_MLDSA65_CLEAN_polyveck_make_hint
# The program itself is one of the host; what it examines, and the planted leaks, are the world's.
CT_PROGRAM := $(call objects,ct-host,$(addprefix tests/constant_time/,operations.c declassify.c))
CT_PARTS = $(CT_PROGRAM) $(call objects,$(1),tests/constant_time/planted.c) $(call libraries,$(1))
CT_VALGRIND := valgrind --quiet --error-limit=no --suppressions=tests/constant_time/memcheck.supp

more-parts: $(CT)/kernel $(CT)/host
.PHONY: constant-time valgrind-is-there
constant-time: $(CT)/kernel $(CT)/host ## valgrind: no branch and no address depends on a secret
	@failed=0; for world in kernel host; do echo "compiled as for the $$world:"; \
	    $(NO_KEY) $(CT_VALGRIND) --log-file=$(CT)/$$world.log $(CT)/$$world || \
	        { failed=1; cat $(CT)/$$world.log; }; done; exit $$failed

valgrind-is-there:
	@command -v valgrind > /dev/null || \
	    { echo 'constant-time: valgrind is missing; make setup installs it' >&2; exit 1; }

$(CT_PROGRAM): | valgrind-is-there
# Calls by address are compiled to go there.
$(CT)/kernel: $(call CT_PARTS,ct-kernel) $(BUILD)/ct-kernel/kernel/cpu/thunk.S.o
$(CT)/host: $(call CT_PARTS,ct-host)
$(CT)/kernel $(CT)/host: tests/constant_time/rules.mk | valgrind-is-there
	@mkdir -p $(@D)
	$(SAY) link $@
	$(Q)$(HOST_CC) -fuse-ld=lld -no-pie -Wl,--gc-sections $(patsubst %,-Xlinker --wrap=%,$(CT_WRAPPED)) \
	    $(filter %.o %.a,$^) -o $@
