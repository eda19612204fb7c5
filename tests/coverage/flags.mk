# What `make coverage` compiles with besides flags.mk: the same code with a counter for each region
# (clang's source-based coverage). The Makefile reads it when MORE_FLAGS names it.

COUNTED := -fprofile-instr-generate -fcoverage-mapping
# Static functions are counted by file and name: by the whole path, else boot/canary.c would be
# kernel/canary.c as well.
COUNTED += -Xclang -main-file-name -Xclang $$<
# Not the tests, whose stand-ins have the names of what they stand for, but for those that include
# what they test; and not PQClean.
UNCOUNTED := $(filter-out $(shell grep -l '^\#include "[a-z_/]*\.c"' tests/unit/*.c),$(wildcard tests/*/*.c tests/*/*/*.c))
COUNTED := $$(if $$(filter $(UNCOUNTED) crypto/pqclean/%,$$<),,$(COUNTED))
KERNEL_FLAGS += $(COUNTED)
LOADER_FLAGS += $(COUNTED)
HOST_FLAGS += $(COUNTED)
SAN_FLAGS := -Itests/support/machine $(HOST_COMMON) -O1 $(COUNTED) # sanitizers would add branches that nobody wrote

# Kernel and loader have no runtime library for profiles: the counters are read from the guest's
# memory (tests/coverage/guest_profile.py). Only the symbol that asks for that library must exist.
KERNEL_LDFLAGS += -T tests/coverage/counters.ld --defsym=__llvm_profile_runtime=0
LOADER += tests/coverage/names_begin.c
LOADER_LDFLAGS += -alternatename:__llvm_profile_runtime=efi_main
HOST_LDFLAGS += -fprofile-instr-generate
SAN_LDFLAGS := -fuse-ld=lld -fprofile-instr-generate
