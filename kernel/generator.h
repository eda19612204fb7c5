/*
 * generator.h - the kernel's one random generator (crypto/random.h), with its sources.
 *
 * Seeded from what the handoff brings, RDSEED, RDRAND and timing jitter, all mixed; it counts as
 * seeded only when the handoff names a source or this processor's RDSEED or RDRAND answered and
 * passed a check for being stuck. Jitter is mixed in but never vouched for. One processor, no
 * interrupts: not locked.
 */
#ifndef NONOS_KERNEL_GENERATOR_H
#define NONOS_KERNEL_GENERATOR_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define GENERATOR_ENTROPY_LEN 64u

/* entropy: from the handoff, wiped here; sources: its NONOS_ENTROPY_* bits, 0 for none. Needs the
 * processor's features known. NONOS_E_NOT_SEEDED when there is no source: the caller stops the
 * boot. */
[[nodiscard]] enum nonos_error generator_init(uint8_t entropy[GENERATOR_ENTROPY_LEN],
                                              uint32_t sources);

/* Fills out; reseeds first when that is due. Panics when not seeded, so it never returns without
 * having filled it. */
void generator_bytes(void *out, size_t len);

/* The sources behind the current seed: NONOS_ENTROPY_*, from handoff and processor. */
[[nodiscard]] uint32_t generator_sources(void);

/* How often it was seeded since the start. */
[[nodiscard]] uint32_t generator_seed_count(void);

/* Erases the state; it is not seeded any more. For the panic. */
void generator_wipe(void);

#endif
