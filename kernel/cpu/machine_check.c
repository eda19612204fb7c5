#include "kernel/cpu/machine_check.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/msr.h"

#define FEATURE_MCA (1u << 14)
#define CAPABILITY_CONTROL (UINT64_C(1) << 8) /* there is MSR_MCG_CTL */

#define STATUS_VALID (UINT64_C(1) << 63)
#define STATUS_MISC_VALID (UINT64_C(1) << 59)
#define STATUS_ADDRESS_VALID (UINT64_C(1) << 58)

static unsigned bank_count(void)
{
    if ((control_cpuid(1, 0).edx & FEATURE_MCA) == 0)
        return 0;
    return msr_read(MSR_MCG_CAP) & 0xFF;
}

void machine_check_init(void)
{
    unsigned count = bank_count();

    if (count > 0 && (msr_read(MSR_MCG_CAP) & CAPABILITY_CONTROL) != 0)
        msr_write(MSR_MCG_CTL, UINT64_MAX);
    for (unsigned i = 0; i < count; i++) {
        /* Bank 0 of old processors is firmware's; it is on by itself. */
        if (i > 0)
            msr_write(MSR_MC0_CTL + 4 * i, UINT64_MAX);
        msr_write(MSR_MC0_STATUS + 4 * i, 0);
    }
}

void machine_check_report(void)
{
    unsigned count = bank_count();

    for (unsigned i = 0; i < count; i++) {
        uint64_t status = msr_read(MSR_MC0_STATUS + 4 * i);

        if ((status & STATUS_VALID) == 0)
            continue;
        console_printf("machine check: bank %u status %016llx", i, (unsigned long long)status);
        if ((status & STATUS_ADDRESS_VALID) != 0)
            console_printf(" address %016llx",
                           (unsigned long long)msr_read(MSR_MC0_STATUS + 1 + 4 * i));
        if ((status & STATUS_MISC_VALID) != 0)
            console_printf(" misc %016llx",
                           (unsigned long long)msr_read(MSR_MC0_STATUS + 2 + 4 * i));
        console_printf("\n");
    }
}
