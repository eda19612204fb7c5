/*
 * compat.h - the one thing that PQClean's ML-KEM asks of a header of this name.
 */
#ifndef NONOS_CRYPTO_PQCLEAN_COMPAT_H
#define NONOS_CRYPTO_PQCLEAN_COMPAT_H

/* Hides where a value comes from, so that a conditional move by mask stays one and does not become
 * a branch on a secret. */
#define PQCLEAN_PREVENT_BRANCH_HACK(b) __asm__("" : "+r"(b))

#endif
