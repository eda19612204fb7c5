/*
 * confine.h - the end of a subject's preparations.
 */
#ifndef NONOS_TESTS_FAULT_CONFINE_H
#define NONOS_TESTS_FAULT_CONFINE_H

/* From here on the program can only end; it stops for the injector, which it tells where to copy
 * it. */
void confine_and_stop(void);

#endif
