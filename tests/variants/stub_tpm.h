/*
 * stub_tpm.h - a TPM 2.0 of which there is only firmware's interface: what the loader asks of it is
 * known, and nothing is polled. Its log is always truncated.
 */
#ifndef NONOS_TESTS_VARIANTS_STUB_TPM_H
#define NONOS_TESTS_VARIANTS_STUB_TPM_H

#include "boot/tcg2.h"

/* Provided by each program: what becomes of an event. number: from 0. */
efi_status stub_tpm_extend(unsigned number, const struct efi_tcg2_event *event);

#endif
