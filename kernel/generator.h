/*
 * generator.h - random bytes: a generator (crypto/random.h) for each processor, and its sources.
 *
 * The first one is seeded from what the handoff brings, RDSEED, RDRAND and timing jitter, all
 * mixed; it counts as seeded only when the handoff names a source or this processor's RDSEED or
 * RDRAND passes its health tests (kernel/health.h). Jitter is mixed in but never vouched for. The
 * generators of further processors are seeded from the first one's output, and before their first
 * byte from their own processor. All are seeded anew after 1 MiB or 4096 calls.
 *
 * Not locked: each processor works on its own with interrupts off, in pieces of less than 20,000
 * instructions.
 */
#ifndef NONOS_KERNEL_GENERATOR_H
#define NONOS_KERNEL_GENERATOR_H

#include "abi/error.h"
#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

#define GENERATOR_ENTROPY_LEN 64u

/* Sources are bits: those that a handoff names (NONOS_ENTROPY_*), and a device. */
#define GENERATOR_VIRTIO 0x8u
#define GENERATOR_SOURCE_COUNT 4u
static_assert((GENERATOR_VIRTIO & NONOS_ENTROPY_ALL) == 0);

/* On the first processor, once its features are known and virtio_rng_init is done, with interrupts
 * off.
 * entropy: from the handoff, wiped here; sources: its NONOS_ENTROPY_* bits, 0 for none.
 * NONOS_E_NOT_SEEDED when there is no source: the caller stops the boot. */
[[nodiscard]] enum nonos_error generator_init(uint8_t entropy[GENERATOR_ENTROPY_LEN],
                                              uint32_t sources);

/* Seeds the generator of another processor from this one's; before that one is started. */
void generator_prepare(uint32_t index);

/* Fills out. Panics when not seeded, so it never returns without having filled it. Lets interrupts
 * in between pieces, if they were on. */
void generator_bytes(void *out, size_t len);

/* Mixes in what the device has answered, if it has. With interrupts off: for its interrupt. */
void generator_collect(void);

/* The sources that counted at the start: from handoff, processor and device. */
[[nodiscard]] uint32_t generator_sources(void);

/* The name of source 1 << index, index < GENERATOR_SOURCE_COUNT. */
[[nodiscard]] const char *generator_source_name(unsigned index);

/* Those that are there and failed their health tests: not counted until they pass again. */
[[nodiscard]] uint32_t generator_failed(void);

/* Erases the state of all processors: none is seeded any more, and a call that goes on elsewhere
 * ends in a panic. For the panic. */
void generator_wipe(void);

#endif
