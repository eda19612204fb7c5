/*
 * departure.h - leaving boot services with a memory map that is still true.
 */
#ifndef NONOS_BOOT_DEPARTURE_H
#define NONOS_BOOT_DEPARTURE_H

#include "boot/boot.h"

/* How many ranges departure_read_map paints over firmware's map. */
#define DEPARTURE_PAINTED_COUNT 1u

/* Firmware's map as it is now, the kernel's image marked, into boot->map. Changes nothing in
 * firmware. NONOS_E_FIRMWARE, NONOS_E_HANDOFF_MEMORY_MAP, NONOS_E_SIZE. */
[[nodiscard]] enum nonos_error departure_read_map(struct boot *boot);

/* Leaves boot services (UEFI 2.10 §7.4.6): again with a new map when the map had changed in
 * between. boot->map is the one that was true at the end. From the first attempt on, whether it
 * works or not, firmware_is_left: nothing but the map may be asked of boot services then.
 * NONOS_E_FIRMWARE, or the errors of departure_read_map. */
[[nodiscard]] enum nonos_error departure_leave(struct boot *boot);

#endif
