/*
 * shootdown.h - making other processors forget translations that no longer hold.
 */
#ifndef NONOS_KERNEL_MEM_SHOOTDOWN_H
#define NONOS_KERNEL_MEM_SHOOTDOWN_H

/* The interrupt by which another processor asks. */
void shootdown_handle(void);

#endif
