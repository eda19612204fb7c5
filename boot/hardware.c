#include "boot/hardware.h"

#include "boot/cpu.h"
#include "boot/firmware.h"

/* SDM vol. 2, CPUID. */
#define CPUID_1_ECX_RDRAND (1u << 30)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
#define CPUID_7_EBX_SMEP (1u << 7)
#define CPUID_7_EBX_RDSEED (1u << 18)
#define CPUID_7_EBX_SMAP (1u << 20)
#define CPUID_80000001_EDX_SYSCALL (1u << 11)
#define CPUID_80000001_EDX_NX (1u << 20)
#define CPUID_80000001_EDX_GIB_PAGES (1u << 26)
#define CPUID_80000001_EDX_LONG_MODE (1u << 29)

/* Leaf 15h: TSC = crystal * ebx / eax. Leaf 40000010h: kHz, a convention of hypervisors. */
static uint64_t find_tsc_hz(uint32_t max_leaf, bool has_hypervisor)
{
    if (max_leaf >= 0x15) {
        struct cpuid tsc = cpu_identify(0x15, 0);
        if (tsc.eax != 0 && tsc.ebx != 0 && tsc.ecx != 0)
            return (uint64_t)tsc.ecx * tsc.ebx / tsc.eax;
    }
    if (has_hypervisor && cpu_identify(0x40000000, 0).eax >= 0x40000010)
        return (uint64_t)cpu_identify(0x40000010, 0).eax * 1000;
    return 0;
}

static void examine_cpu(struct hardware *hardware)
{
    uint32_t max_leaf = cpu_identify(0, 0).eax;
    struct cpuid basic = cpu_identify(1, 0);
    hardware->has_rdrand = (basic.ecx & CPUID_1_ECX_RDRAND) != 0;
    if (max_leaf >= 7) {
        uint32_t features = cpu_identify(7, 0).ebx;
        hardware->has_smep = (features & CPUID_7_EBX_SMEP) != 0;
        hardware->has_smap = (features & CPUID_7_EBX_SMAP) != 0;
        hardware->has_rdseed = (features & CPUID_7_EBX_RDSEED) != 0;
    }
    if (cpu_identify(0x80000000, 0).eax >= 0x80000001) {
        uint32_t features = cpu_identify(0x80000001, 0).edx;
        hardware->has_long_mode = (features & CPUID_80000001_EDX_LONG_MODE) != 0;
        hardware->has_nx = (features & CPUID_80000001_EDX_NX) != 0;
        hardware->has_syscall = (features & CPUID_80000001_EDX_SYSCALL) != 0;
        hardware->has_gib_pages = (features & CPUID_80000001_EDX_GIB_PAGES) != 0;
    }
    hardware->tsc_hz = find_tsc_hz(max_leaf, (basic.ecx & CPUID_1_ECX_HYPERVISOR) != 0);
}

/* A global variable of one byte; absent is 0. */
static uint8_t read_variable(const efi_char16 *name)
{
    uint8_t value = 0;
    uint64_t len = sizeof(value);
    if (efi_failed(firmware->runtime->get_variable(name, &efi_global_variable_guid, nullptr, &len,
                                                   &value)) ||
        len != sizeof(value))
        return 0;
    return value;
}

enum nonos_error hardware_examine(struct hardware *hardware, const char **missing)
{
    *hardware = (struct hardware){};
    examine_cpu(hardware);
    /* UEFI 2.10 §3.3: enforced when SecureBoot is 1 and the platform is not in setup mode. */
    hardware->has_secure_boot =
        read_variable(u"SecureBoot") == 1 && read_variable(u"SetupMode") == 0;

    *missing = !hardware->has_long_mode ? "the processor, long mode"
               : !hardware->has_nx      ? "the processor, NX"
               : !hardware->has_syscall ? "the processor, SYSCALL"
                                        : nullptr;
    return *missing == nullptr ? NONOS_OK : NONOS_E_CPU_FEATURE;
}
