#include "boot/canary.h"

#include "boot/cpu.h"
#include "boot/firmware.h"
#include "boot/refusal.h"

#include <stdint.h>

/* The names are the compiler's. */
extern uint64_t __security_cookie;
void __security_check_cookie(uint64_t value);

uint64_t __security_cookie;

/* Without a canary of its own, which would be the old value on return. */
__attribute__((no_stack_protector)) void canary_init(void)
{
    uint64_t value = 0;
    uint64_t drawn = 0;
    struct efi_rng *rng = firmware_find_protocol(&efi_rng_guid);
    if (rng != nullptr)
        (void)rng->get_rng(rng, nullptr, sizeof(drawn), (uint8_t *)&drawn);
    value ^= drawn;
    drawn = 0;
    if ((cpu_identify(1, 0).ecx & 1u << 30) != 0 && cpu_rdrand(&drawn))
        value ^= drawn;
    value ^= cpu_read_tsc() * UINT64_C(0x9E3779B97F4A7C15);
    /* A zero byte first in memory stops a string from being written over it unnoticed. */
    __security_cookie = value & ~UINT64_C(0xFF);
}

/* Called only where the comparison in the function itself has failed. */
void __security_check_cookie(uint64_t value)
{
    if (value != __security_cookie)
        refuse("the loader, a stack frame was overwritten", NONOS_E_INTERNAL);
}
