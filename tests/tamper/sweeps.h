/*
 * sweeps.h - the campaigns: what is changed, and what the answer has to be.
 *
 * Each is a list of cases over the image in subject.h; each returns false where an answer is not
 * the one that docs/image-format.md gives. sample: only each so-many-th case.
 */
#ifndef NONOS_TESTS_TAMPER_SWEEPS_H
#define NONOS_TESTS_TAMPER_SWEEPS_H

#include <stddef.h>

/* One byte changed, with the signatures as they were: every byte of the file, and every bit of what
 * is not contents. */
[[nodiscard]] bool sweep_bytes(size_t sample);

/* Cut off at every length, and made longer. */
[[nodiscard]] bool sweep_lengths(size_t sample);

/* One byte changed by someone who can forge Ed25519, but not ML-DSA-65. */
[[nodiscard]] bool sweep_forged(size_t sample);

/* One byte of headers, section table, names, manifest or padding changed and everything signed
 * again: every value by the parser, every bit by the whole verifier. */
[[nodiscard]] bool sweep_resigned(size_t sample);

#endif
