/*
 * virtio_rng.h - the entropy device of a hypervisor, a further source for the generator.
 *
 * Source: virtio 1.2 §5.4. What it answers is not believed: lengths are checked, every wait has an
 * end, a device that breaks the rules is reset and never asked again, and the bytes have to pass
 * the tests of kernel/health.h before they count. Any processor may ask; who comes while another is
 * at it gets nothing.
 */
#ifndef NONOS_KERNEL_DEV_VIRTIO_RNG_H
#define NONOS_KERNEL_DEV_VIRTIO_RNG_H

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_RNG_WORD_COUNT 8u

/* Looks for a device, on PCI and among those that ACPI lists, and has it pass its first tests.
 * Takes up to half a second of a device that is silent. Once, on the first processor. */
void virtio_rng_init(void);

/* Once this processor has its local APIC: from now on an answer interrupts the processor that
 * asked, which mixes it in at once (generator_collect). Without MSI-X it is taken for the next
 * seed. */
void virtio_rng_use_interrupt(void);

/* The answer to the last request, all of it in words; false, and words zero, when there is none
 * (yet). True: and the device passes its tests. */
[[nodiscard]] bool virtio_rng_take(uint64_t words[VIRTIO_RNG_WORD_COUNT]);

/* Asks for the next words, unless it has been asked already. Does not wait. Interrupts off. */
void virtio_rng_request(void);

/* Whether there is a device, and it broke the rules, is silent, or fails the tests. */
[[nodiscard]] bool virtio_rng_failed(void);

#endif
