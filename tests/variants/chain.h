/*
 * chain.h - UEFI programs that change something about the machine and then start the loader.
 */
#ifndef NONOS_TESTS_VARIANTS_CHAIN_H
#define NONOS_TESTS_VARIANTS_CHAIN_H

#include "boot/uefi.h"

/* Prints a line on firmware's console. text: ASCII, with its line end. */
void chain_print(const char *text);

/* Starts \EFI\nonos\loader.efi of the volume that this program came from. Returns only when that
 * could not be done, with a line that says so. */
void chain_start_loader(void);

/* Provided by each program: makes its change. False, with a line that says why, when it cannot. */
[[nodiscard]] bool chain_prepare(void);

/* Provided by each program: called when the loader is in memory and has not begun. */
void chain_loaded(efi_handle loader);

#endif
