/*
 * image.h - the kernel's own image in memory: bounds set by kernel.ld, each on a page boundary.
 */
#ifndef NONOS_KERNEL_IMAGE_H
#define NONOS_KERNEL_IMAGE_H

#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

extern const uint8_t kernel_rodata_start[], kernel_rodata_end[]; /* R, manifest included */
extern const uint8_t kernel_text_start[], kernel_text_end[];     /* RX */
extern const uint8_t kernel_data_start[], kernel_data_end[];     /* RW, .bss included */

static inline vaddr_t image_start(void)
{
    return (vaddr_t)(uintptr_t)kernel_rodata_start;
}

static inline uint64_t image_len(void)
{
    return (uint64_t)(uintptr_t)kernel_data_end - image_start();
}

static inline bool image_text_contains(vaddr_t vaddr)
{
    return vaddr >= (uintptr_t)kernel_text_start && vaddr < (uintptr_t)kernel_text_end;
}

#endif
