/*
 * measured.h - what the loader measured into the TPM, from the event log that it handed over.
 *
 * The kernel has checked where the log lay and keeps a copy of its own (kernel/main.c). Firmware
 * wrote it and it proves nothing by itself: who wants proof replays it and compares with a quote of
 * the PCRs. Bytes of it are shown as text only where they are printable.
 */
#ifndef NONOS_KERNEL_MEASURED_H
#define NONOS_KERNEL_MEASURED_H

#include "kernel/boot_info.h"

/* One line: what PCR 11 has, as the log tells it. */
void measured_print_summary(const struct boot_info *info);

/* Every event: PCR, type, SHA-256 digest; the data of those of PCR 11. */
void measured_print(const struct boot_info *info);

#endif
