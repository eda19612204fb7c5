# Where the tools are: Debian names them clang-19, Homebrew keeps them in a folder of their own.
# The macOS half cannot be tested here; it is kept short for that reason.

ifeq ($(shell uname -s),Darwin)
LLVM_BIN := $(shell brew --prefix llvm@19 2>/dev/null)/bin/
LLD_BIN := $(shell brew --prefix lld@19 2>/dev/null)/bin/
SUFFIX :=
HOST_SDK := -isysroot $(shell xcrun --show-sdk-path 2>/dev/null)
PYTHON := python3
else
SUFFIX := $(LLVM)
endif

CC := $(LLVM_BIN)clang$(SUFFIX)
HOST_CC := $(CC) $(HOST_SDK)
LD := $(LLD_BIN)ld.lld$(SUFFIX)
LLD_LINK := $(LLD_BIN)lld-link$(SUFFIX)
AR := $(LLVM_BIN)llvm-ar$(SUFFIX)
NM := $(LLVM_BIN)llvm-nm$(SUFFIX)
export LLVM_BIN LLD_BIN SUFFIX PYTHON

# Of the Debian package fonts-spleen.
CONSOLE_FONT ?= /usr/share/consolefonts/spleen-8x16.psfu.gz
export CONSOLE_FONT
