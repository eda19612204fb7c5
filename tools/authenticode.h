/*
 * authenticode.h - a UEFI application's file: its sections, and the digest that firmware measures.
 *
 * Source: Microsoft PE/COFF, "Appendix A: Calculating Authenticode PE Image Hash"; TCG PC Client
 * Platform Firmware Profile §3.3.4.5 (PCR 4). Read is what lld writes and sbsign signs: PE32+ for
 * x86-64, an EFI application, headers and sections that follow each other without a gap, and at
 * the end, or not at all, the signatures. So the order in which the appendix hashes is that of the
 * file.
 *
 * The file is anybody's: every number is checked against the bytes that are there.
 */
#ifndef NONOS_TOOLS_AUTHENTICODE_H
#define NONOS_TOOLS_AUTHENTICODE_H

#include "tools/pcr.h"

#include <stddef.h>
#include <stdint.h>

struct pe_file {
    const uint8_t *bytes;
    size_t len;
    size_t checksum_at;     /* four bytes that are not hashed */
    size_t certificates_at; /* the entry of the data directory: eight bytes that are not hashed */
    size_t hashed_len;      /* where the signatures begin, or len */
    size_t sections_at;     /* the section table */
    size_t section_count;
};

struct pe_section {
    const uint8_t *bytes;
    size_t len; /* as in memory, and inside the file */
};

/* False for every file that is not such a one; *pe is zero then. */
[[nodiscard]] bool pe_read(const uint8_t *bytes, size_t len, struct pe_file *pe);

/* The section of that name (at most 8 characters): there has to be exactly one, not longer in
 * memory than in the file. */
[[nodiscard]] bool pe_find_section(const struct pe_file *pe, const char *name,
                                   struct pe_section *out);

/* The Authenticode digest of the bank's hash: the same with and without signatures. */
void authenticode_digest(const struct pe_file *pe, enum pcr_bank bank, struct pcr_value *out);

#endif
