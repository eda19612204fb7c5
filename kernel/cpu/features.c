#include "kernel/cpu/features.h"

#include "kernel/cpu/control.h"
#include "kernel/cpu/machine_check.h"
#include "kernel/cpu/mitigation.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/xsave.h"
#include "kernel/mem/address.h"
#include "kernel/panic.h"

#include <string.h>

/* These bits show what has been switched on, not what there is. */
#define BASIC_ECX_OSXSAVE (1u << 27)
#define BASIC_EDX_APIC (1u << 9)
#define STRUCTURED_ECX_OSPKE (1u << 4)

enum word {
    BASIC_ECX,
    BASIC_EDX,
    STRUCTURED_EBX,
    STRUCTURED_ECX,
    EXTENDED_ECX,
    EXTENDED_EDX,
    WORD_COUNT,
};

static struct cpu_features features;
static uint32_t first[WORD_COUNT];

static bool bit(uint32_t word, unsigned number)
{
    return (word >> number & 1) != 0;
}

static void detect_names(uint32_t highest_extended)
{
    struct cpuid r = control_cpuid(0, 0);

    memcpy(features.vendor, &r.ebx, 4);
    memcpy(features.vendor + 4, &r.edx, 4);
    memcpy(features.vendor + 8, &r.ecx, 4);
    for (uint32_t i = 0; highest_extended >= 0x80000004 && i < 3; i++) {
        r = control_cpuid(0x80000002 + i, 0);
        memcpy(features.brand + (size_t)16 * i, &r, sizeof r);
    }
}

static void read_words(uint32_t words[WORD_COUNT])
{
    struct cpuid basic = control_cpuid(1, 0);
    struct cpuid structured = {0};
    struct cpuid extended = control_cpuid(0x80000001, 0);

    if (control_cpuid(0, 0).eax >= 7)
        structured = control_cpuid(7, 0);
    words[BASIC_ECX] = basic.ecx & ~BASIC_ECX_OSXSAVE;
    words[BASIC_EDX] = basic.edx & ~BASIC_EDX_APIC;
    words[STRUCTURED_EBX] = structured.ebx;
    words[STRUCTURED_ECX] = structured.ecx & ~STRUCTURED_ECX_OSPKE;
    words[EXTENDED_ECX] = extended.ecx;
    words[EXTENDED_EDX] = extended.edx;
}

struct features_gap features_find_gap(void)
{
    static const char *const names[WORD_COUNT] = {
        [BASIC_ECX] = "1:ecx",
        [BASIC_EDX] = "1:edx",
        [STRUCTURED_EBX] = "7:ebx",
        [STRUCTURED_ECX] = "7:ecx",
        [EXTENDED_ECX] = "0x80000001:ecx",
        [EXTENDED_EDX] = "0x80000001:edx",
    };
    uint32_t own[WORD_COUNT];

    read_words(own);
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        if ((first[i] & ~own[i]) != 0)
            return (struct features_gap){names[i], first[i] & ~own[i]};
    }
    if ((mitigation_detect().work & ~features.speculation.work & SPECULATION_ISOLATE) != 0)
        return (struct features_gap){"RDCL_NO", 1};
    return (struct features_gap){nullptr, 0};
}

void features_detect(void)
{
    uint32_t highest_extended = control_cpuid(0x80000000, 0).eax;

    read_words(first);
    detect_names(highest_extended);
    features.nx = bit(first[EXTENDED_EDX], 20);
    features.syscall = bit(first[EXTENDED_EDX], 11);
    features.smep = bit(first[STRUCTURED_EBX], 7);
    features.smap = bit(first[STRUCTURED_EBX], 20);
    features.umip = bit(first[STRUCTURED_ECX], 2);
    features.rdrand = bit(first[BASIC_ECX], 30);
    features.rdseed = bit(first[STRUCTURED_EBX], 18);
    features.pge = bit(first[BASIC_EDX], 13);
    features.mce = bit(first[BASIC_EDX], 7);
    features.pcid = bit(first[BASIC_ECX], 17);
    features.pages_1g = bit(first[EXTENDED_EDX], 26);
    features.speculation = mitigation_detect();
    /* Nothing of the kernel may be remembered in a program: each change of tables forgets all. */
    if (features_isolate(&features)) {
        features.pge = false;
        features.pcid = false;
    }
    features.hypervisor = bit(first[BASIC_ECX], 31);
    features.physical_bits = 36;
    if (highest_extended >= 0x80000007)
        features.invariant_tsc = bit(control_cpuid(0x80000007, 0).edx, 8);
    if (highest_extended >= 0x80000008)
        features.physical_bits = control_cpuid(0x80000008, 0).eax & 0xFF;
    if (features.physical_bits > ADDRESS_PADDR_BITS)
        features.physical_bits = ADDRESS_PADDR_BITS;

    if (!features.nx || !features.syscall)
        panic("the processor lacks %s", features.nx ? "SYSCALL" : "NX");
    if ((control_read_cr4() & CR4_LA57) != 0)
        panic("5-level paging is on; the loader must hand over with 4 levels");
}

void features_enable(void)
{
    uint64_t cr4 = CR4_PAE;

    if (features.mce)
        cr4 |= CR4_MCE;
    if (features.umip)
        cr4 |= CR4_UMIP;
    if (features.smep)
        cr4 |= CR4_SMEP;
    if (features.smap)
        cr4 |= CR4_SMAP;
    /* Page tables name memory types by their place in this table: not firmware's, then. */
    msr_write(MSR_PAT, MSR_PAT_RESET);
    msr_write(MSR_EFER, (msr_read(MSR_EFER) & (MSR_EFER_LME | MSR_EFER_LMA)) | MSR_EFER_NXE);
    control_write_cr0(CR0_PE | CR0_MP | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
    control_write_cr4(cr4);
    xsave_init();
    if (features.mce)
        machine_check_init();
}

void features_enable_global_pages(void)
{
    control_write_cr4(control_read_cr4() | (features.pge ? CR4_PGE : 0) |
                      (features.pcid ? CR4_PCIDE : 0));
}

const struct cpu_features *features_get(void)
{
    return &features;
}

const char *features_missing(unsigned index)
{
    const struct {
        bool present;
        const char *name;
    } wanted[] = {
        {features.smep, "SMEP"},     {features.smap, "SMAP"},     {features.umip, "UMIP"},
        {features.rdrand, "RDRAND"}, {features.rdseed, "RDSEED"},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!wanted[i].present && index-- == 0)
            return wanted[i].name;
    }
    return nullptr;
}
