# Every compiler and linker flag, with its reason, in one place. Included by the Makefile.
#
# The four worlds: kernel (ELF, freestanding), loader (PE for UEFI, freestanding), host (the tool
# nonos) and san (the same sources for the tests, under ASan and UBSan).

# Everywhere ---------------------------------------------------------------------------------------
COMMON := -std=c23
COMMON += -I.                                # includes are written from the project's root
COMMON += -g                                 # debug information; never part of a sealed image
COMMON += -ffile-prefix-map=$(CURDIR)=.      # no build path in any output (reproducible builds)
COMMON += -fno-ident                         # no compiler banner in objects
COMMON += -fno-common                        # one definition per variable
COMMON += -fno-strict-aliasing               # byte buffers are viewed as hardware structures
COMMON += -fno-delete-null-pointer-checks    # a null test is never optimised away
COMMON += -ftrivial-auto-var-init=zero       # no local is ever uninitialised
COMMON += -ffunction-sections -fdata-sections # the linker drops what nobody calls
COMMON += -MMD -MP                           # header dependencies, for incremental builds

WARNINGS := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion \
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-variable-declarations -Wundef -Wvla \
    -Wcast-align -Wcast-qual -Wimplicit-fallthrough -Wswitch-enum -Wnull-dereference \
    -Wformat=2 -Wwrite-strings -Wunreachable-code -Wcomma -Wno-c2x-extensions \
    -Wno-gnu-statement-expression -Wno-gnu-zero-variadic-macro-arguments

# No C library, no operating system: kernel and loader ---------------------------------------------
FREESTANDING := -ffreestanding               # no library but what the standard asks for
FREESTANDING += -nostdlibinc                 # the host's /usr/include must not be seen
FREESTANDING += -Icrypto/freestanding        # our own <string.h>
FREESTANDING += -mno-red-zone                # an interrupt may use the stack below %rsp at any time
FREESTANDING += -mgeneral-regs-only          # no x87/MMX/SSE/AVX: that state is not saved or wiped
FREESTANDING += -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables
                                             # a panic stops; nothing unwinds
FREESTANDING += -fno-omit-frame-pointer      # a backtrace needs only memory reads
FREESTANDING += -fstack-protector-strong     # a canary under every frame with an array

# Kernel: the part that a custom target would play -------------------------------------------------
KERNEL_FLAGS := --target=x86_64-unknown-none-elf $(COMMON) $(FREESTANDING)
KERNEL_FLAGS += -march=x86-64                # the baseline; newer instructions are chosen by CPUID
KERNEL_FLAGS += -mcmodel=kernel              # linked in the top 2 GiB, 32-bit signed addresses
KERNEL_FLAGS += -fno-pic -fno-pie            # linked at a fixed address
KERNEL_FLAGS += -mstack-protector-guard=global # the canary is __stack_chk_guard, not %fs:40
KERNEL_FLAGS += -fzero-call-used-regs=used-gpr # a return leaves no secret in a scratch register
KERNEL_FLAGS += -Xclang -fstack-clash-protection # a large frame touches each page: none steps over a
                                             # guard page (the driver knows it for Linux alone)
KERNEL_FLAGS += -mretpoline -mretpoline-external-thunk # no indirect branch, which a program could train,
                                             # but in kernel/cpu/thunk.S; so no tables of jumps either
KERNEL_FLAGS += -O2

KERNEL_LDFLAGS := -m elf_x86_64 -T kernel/kernel.ld
KERNEL_LDFLAGS += -static -no-pie --build-id=none # fixed address, nothing that depends on the path
KERNEL_LDFLAGS += -z max-page-size=4096 -z noexecstack -z norelro
KERNEL_LDFLAGS += --gc-sections --fatal-warnings
KERNEL_LDFLAGS += -O2                        # a string that ends another one is stored once
KERNEL_LDFLAGS += --orphan-handling=error    # a section the linker script does not name is a defect

# Loader -------------------------------------------------------------------------------------------
LOADER_FLAGS := --target=x86_64-unknown-windows $(COMMON) $(FREESTANDING)
LOADER_FLAGS += -march=x86-64
LOADER_FLAGS += -fshort-wchar                # UEFI's CHAR16
LOADER_FLAGS += -mno-stack-arg-probe         # no __chkstk: UEFI gives 128 KiB of stack at once
LOADER_FLAGS += -mno-incremental-linker-compatible # no time stamp in objects
LOADER_FLAGS += -gdwarf-4 -Os                # size counts more than speed before the kernel runs

LOADER_LDFLAGS := -subsystem:efi_application -entry:efi_main -nodefaultlib
LOADER_LDFLAGS += -Brepro                    # no time stamp
LOADER_LDFLAGS += -opt:ref,noicf             # drop what nobody calls
LOADER_LDFLAGS += -WX

# Host ---------------------------------------------------------------------------------------------
HOST_COMMON := $(COMMON) -D_GNU_SOURCE -fno-omit-frame-pointer $(shell pkg-config --cflags libsodium p11-kit-1 2>/dev/null)
HOST_COMMON += -DNONOS_VERSION=\"$(VERSION)\" # what `nonos --version` says
HOST_FLAGS := $(HOST_COMMON) -O2 -fPIE -fstack-protector-strong
HOST_LDFLAGS := -fuse-ld=lld                # our libraries refer to each other; lld has no order
HOST_LDFLAGS += -pie -Wl,--gc-sections
HOST_LIBS := $(shell pkg-config --libs libsodium 2>/dev/null || echo -lsodium)

SAN_FLAGS := -Itests/support/machine $(HOST_COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_LDFLAGS := -fuse-ld=lld -fsanitize=address,undefined
TEST_LIBS := -lcmocka -ljansson -lcrypto $(HOST_LIBS)

# Single files: FLAGS_<file> in every world, FLAGS_<world>/<file> in one. Without their endings. -----
# Third-party sources: installed by npm, pinned; their style is not ours to judge.
FLAGS_crypto/pqclean/ml-kem-768 := -w -Icrypto/pqclean
FLAGS_crypto/pqclean/ml-dsa-65 := -w -Icrypto/pqclean
# Measured as whole operations of the kernel's build: in ML-DSA -O3 saves 8 % of the instructions and
# no time, for three times the bytes; in ML-KEM -O2 saves 9 %, and 5 % of the time, for 6 KB.
FLAGS_kernel/crypto/pqclean/ml-dsa-65 := -Os
# The rounds of BLAKE3 unrolled: a quarter faster for 4 KB, which the loader keeps for other things.
FLAGS_kernel/crypto/blake3 := -mllvm -unroll-threshold=1600
FLAGS_host/crypto/blake3 := -mllvm -unroll-threshold=1600
# Most of the kernel runs once, or waits for a person: it is made small. What is left out is on the way
# of every system call and every switch.
HURRIED := kernel/lock.c kernel/sched/event.c kernel/sched/sched.c kernel/user/syscall.c \
    kernel/mem/shootdown.c kernel/cpu/xsave.c
# What these handle are numbers of threads, none of them secret: registers are left as they are. It
# saves some forty instructions of a switch.
$(foreach file,$(filter-out %/syscall.c,$(HURRIED)),$(eval FLAGS_kernel/$(basename $(file)) := -fzero-call-used-regs=skip))
# Nobody is called from there but in the debug build, so its frames are none that a backtrace needs.
$(foreach file,lock mem/shootdown cpu/xsave,$(eval FLAGS_kernel/kernel/$(file) += -momit-leaf-frame-pointer))
UNHURRIED := $(filter-out $(HURRIED),$(wildcard $(addsuffix /*.c,kernel kernel/* display image)))
$(foreach file,$(UNHURRIED),$(eval FLAGS_kernel/$(basename $(file)) := -Oz))
# A switch is compares and jumps: a table of jumps is longer, and an indirect branch can be trained.
$(foreach file,$(UNHURRIED),$(eval FLAGS_kernel/$(basename $(file)) += -mllvm -min-jump-table-entries=64))
# Processors and devices, without the one that gives random bytes, handle addresses, times and numbers
# of interrupts, none of them secret: their registers are left as they are, for 800 bytes less.
OPEN := $(filter-out kernel/dev/virtio%,$(wildcard kernel/cpu/*.c kernel/dev/*.c))
$(foreach file,$(OPEN),$(eval FLAGS_kernel/$(basename $(file)) += -fzero-call-used-regs=skip))
# From a system call to its function there is no indirect branch, which a program could train.
FLAGS_kernel/kernel/user/syscall := -fno-jump-tables
# Loops that are not unrolled: 1 KB for a third of a percent of a start.
FLAGS_kernel/crypto/freestanding/string := -Os
# What is chosen at run time where the processor has it (crypto/processor.h).
FLAGS_crypto/keccak_bmi := -mbmi -mbmi2      # general registers still
# In the loader they come after -mgeneral-regs-only and take vectors back; x87 and MMX stay off.
FLAGS_crypto/wide/blake3_sse41 := -msse4.1
FLAGS_crypto/wide/blake3_avx2 := -mavx2
FLAGS_crypto/wide/blake3_avx512 := -mavx512f -mavx512vl
