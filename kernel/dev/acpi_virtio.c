#include "kernel/dev/acpi_virtio.h"

#include <string.h>

#define HARDWARE_ID "LNRO0005" /* with the NUL after it */
/* Its resources follow it in the same device. */
#define RESOURCES_MAX_DISTANCE 128u

/* The descriptor of memory: its tag, the length of the rest, whether it is writable, the address.
 */
static const uint8_t memory_tag[] = {0x86, 9, 0};
#define MEMORY_PADDR 4u
#define MEMORY_LEN 12u
static_assert(sizeof HARDWARE_ID <= MEMORY_LEN);

void acpi_virtio_find(const struct acpi_table *dsdt, struct platform *platform)
{
    size_t left = 0; /* of the distance */

    for (size_t at = ACPI_HEADER_LEN; at + MEMORY_LEN <= dsdt->len; at++, left -= left > 0) {
        const uint8_t *aml = dsdt->bytes + at;

        /* The first byte decides almost always. */
        if (aml[0] == HARDWARE_ID[0] && memcmp(aml, HARDWARE_ID, sizeof HARDWARE_ID) == 0) {
            left = RESOURCES_MAX_DISTANCE;
        } else if (left > 0 && memcmp(aml, memory_tag, sizeof memory_tag) == 0 &&
                   platform->virtio_count < PLATFORM_VIRTIO_MAX) {
            platform->virtio_paddrs[platform->virtio_count++] = load_le32(aml + MEMORY_PADDR);
            left = 0;
        }
    }
}
