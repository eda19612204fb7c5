#include "kernel/dev/pci.h"

#include "kernel/cpu/io.h"
#include "kernel/cpu/mmio.h"
#include "kernel/dev/platform.h"
#include "kernel/mem/address.h"
#include "kernel/mem/paging.h"

#include <stdckdint.h>

#define ADDRESS_PORT 0xCF8u
#define DATA_PORT 0xCFCu
#define PORT_ENABLE (UINT32_C(1) << 31)

#define BUS_COUNT 256u
#define NO_FUNCTION UINT32_MAX
#define STATUS_HAS_CAPABILITIES (UINT32_C(1) << 20)
#define HEADER 0x0Cu /* the type in its third byte */
#define HEADER_IS_MULTI (UINT32_C(1) << 23)
#define HEADER_TYPE_MASK (UINT32_C(0x7F) << 16)
#define HEADER_IS_BRIDGE (UINT32_C(1) << 16)
#define BRIDGE_BUSES 0x18u /* the secondary one in its second byte */
#define BAR 0x10u
#define BAR_COUNT 6u
#define CAPABILITIES 0x34u
#define CAPABILITIES_MAX_COUNT 48u /* as many as there is room for: more is a circle */

static const struct platform_ecam *find_ecam(void)
{
    const struct platform *platform = platform_get();

    for (size_t i = 0; i < platform->ecam_count; i++) {
        if (platform->ecam[i].segment == 0)
            return &platform->ecam[i];
    }
    return nullptr;
}

/* Whether there is a way to the configuration space of this address. */
static bool reach(uint32_t address, struct pci_function *function)
{
    const struct platform_ecam *ecam = find_ecam();

    *function = (struct pci_function){.address = (uint16_t)address};
    if (ecam == nullptr) {
        io_write_32(ADDRESS_PORT, PORT_ENABLE);
        return io_read_32(ADDRESS_PORT) == PORT_ENABLE;
    }
    if (address >> 8 < ecam->first_bus || address >> 8 > ecam->last_bus)
        return false;
    function->ecam = paging_map_device(ecam->paddr + (paddr_t)address * PAGE_LEN, PAGE_LEN);
    return function->ecam != nullptr;
}

static void select(const struct pci_function *function, unsigned offset)
{
    io_write_32(ADDRESS_PORT, PORT_ENABLE | (uint32_t)function->address << 8 | (offset & 0xFC));
}

uint32_t pci_read(const struct pci_function *function, unsigned offset)
{
    if (function->ecam != nullptr)
        return mmio_read_32(function->ecam, offset);
    select(function, offset);
    return io_read_32(DATA_PORT);
}

void pci_write(const struct pci_function *function, unsigned offset, uint32_t value)
{
    if (function->ecam != nullptr) {
        mmio_write_32(function->ecam, offset, value);
    } else {
        select(function, offset);
        io_write_32(DATA_PORT, value);
    }
}

bool pci_find(uint32_t id, uint32_t other_id, struct pci_function *found)
{
    /* In ascending order, as bridges are numbered: no bus twice. */
    bool is_bus[BUS_COUNT] = {true};
    bool is_multi = false;

    for (uint32_t address = 0; address < BUS_COUNT << 8; address++) {
        uint32_t function_id;
        uint32_t header;

        if (!is_bus[address >> 8] || (address % 8 != 0 && !is_multi))
            continue;
        if (!reach(address, found))
            return false;
        function_id = pci_read(found, 0);
        if (function_id == id || function_id == other_id)
            return true;
        header = pci_read(found, HEADER);
        if (address % 8 == 0)
            is_multi = function_id != NO_FUNCTION && (header & HEADER_IS_MULTI) != 0;
        if (function_id != NO_FUNCTION && (header & HEADER_TYPE_MASK) == HEADER_IS_BRIDGE)
            is_bus[pci_read(found, BRIDGE_BUSES) >> 8 & 0xFF] = true;
    }
    return false;
}

unsigned pci_capability(const struct pci_function *function, uint8_t id, unsigned index)
{
    unsigned at = pci_read(function, CAPABILITIES);

    if ((pci_read(function, PCI_COMMAND) & STATUS_HAS_CAPABILITIES) == 0)
        return 0;
    for (unsigned i = 0; i < CAPABILITIES_MAX_COUNT; i++) {
        uint32_t header;

        at &= 0xFC;
        if (at < 0x40)
            break;
        header = pci_read(function, at);
        if ((header & 0xFF) == id && index-- == 0)
            return at;
        at = header >> 8;
    }
    return 0;
}

volatile void *pci_map(const struct pci_function *function, unsigned bar, uint32_t offset,
                       uint32_t len)
{
    paddr_t paddr;
    uint32_t low;

    if (bar >= BAR_COUNT)
        return nullptr;
    low = pci_read(function, BAR + 4 * bar);
    paddr = low & ~UINT32_C(0xF);
    if ((low & 4) != 0 && bar + 1 < BAR_COUNT)
        paddr |= (paddr_t)pci_read(function, BAR + 4 * bar + 4) << 32;
    if ((low & 1) != 0 || paddr == 0 || ckd_add(&paddr, paddr, offset))
        return nullptr;
    return paging_map_device(paddr, len);
}
