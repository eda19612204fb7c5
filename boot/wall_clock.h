/*
 * wall_clock.h - firmware's calendar time as seconds. No hardware: tested on the host.
 */
#ifndef NONOS_BOOT_WALL_CLOCK_H
#define NONOS_BOOT_WALL_CLOCK_H

#include "boot/uefi.h"

#include <stdint.h>

/* Seconds since 1970-01-01 00:00 UTC. A time without a zone is taken as UTC. False, and *seconds
 * 0, when a field is out of range (UEFI 2.10 §8.3.1). */
[[nodiscard]] bool wall_clock_convert(const struct efi_time *time, int64_t *seconds);

#endif
