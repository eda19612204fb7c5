#include "kernel/cpu/mitigation.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/msr.h"

#define STRUCTURED_ARCH_CAPABILITIES (1u << 29)

struct speculation mitigation_detect(void)
{
    uint32_t extended = control_cpuid(0x80000000, 0).eax;
    struct cpuid basic = control_cpuid(0, 0);
    struct speculation_words words = {.vendor = basic.ebx, .signature = control_cpuid(1, 0).eax};

    if (basic.eax >= 7) {
        struct cpuid structured = control_cpuid(7, 0);

        words.structured = structured.edx;
        if (structured.eax >= 2)
            words.structured_2 = control_cpuid(7, 2).edx;
        if ((structured.edx & STRUCTURED_ARCH_CAPABILITIES) != 0)
            words.capabilities = msr_read(MSR_ARCH_CAPABILITIES);
    }
    if (extended >= 0x80000008)
        words.extended_8 = control_cpuid(0x80000008, 0).ebx;
    if (extended >= 0x80000021) {
        struct cpuid r = control_cpuid(0x80000021, 0);

        words.extended_21 = r.eax;
        words.extended_21_ecx = r.ecx;
    }
    return speculation_decide(&words);
}

/* Exceptions come in by the gate: its stack first, then the processor is told. */
static void move_stacks(struct cpu *cpu)
{
    for (unsigned ist = 1; ist <= GDT_IST_COUNT; ist++) {
        cpu->entries[ist].top = cpu->gdt.tss.ist[ist - 1];
        gdt_set_ist(&cpu->gdt, (enum gdt_ist)ist, &cpu->entries[ist].top);
    }
    cpu->entry_rsp = (uintptr_t)&cpu->entries[0].top;
    gdt_set_entry_stack(&cpu->gdt, cpu->entry_rsp);
}

void mitigation_enable(void)
{
    struct cpu *cpu = cpu_current();
    struct speculation own = mitigation_detect();

    if (own.control != 0)
        msr_write(MSR_SPEC_CTRL, own.control);
    if (own.auto_ibrs)
        msr_write(MSR_EFER, msr_read(MSR_EFER) | MSR_EFER_AUTOIBRS);
    /* Tables are what the first processor needs. */
    cpu->work = (uint8_t)((own.work & ~(unsigned)SPECULATION_ISOLATE) |
                          (features_get()->speculation.work & SPECULATION_ISOLATE));
    if ((cpu->work & SPECULATION_ISOLATE) != 0)
        move_stacks(cpu);
}

/* The second half is for returns: as many calls as any processor remembers, and where their
 * returns would go a speculation ends. */
void mitigation_forget(void)
{
    msr_write(MSR_PRED_CMD, MSR_PRED_CMD_IBPB);
    __asm__ volatile("movl $32, %%ecx\n"
                     "1:\n\t"
                     "callq 3f\n"
                     "2:\n\t"
                     "pause\n\t"
                     "lfence\n\t"
                     "jmp 2b\n"
                     "3:\n\t"
                     "addq $8, %%rsp\n\t"
                     "decl %%ecx\n\t"
                     "jnz 1b\n\t"
                     "lfence"
                     :
                     :
                     : "rcx", "cc", "memory");
}

static void print_work(unsigned work)
{
    static const char *const names[] = {"isolation", "VERW", "IBPB"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if ((work >> i & 1) != 0)
            console_printf(" %s", names[i]);
    }
}

void mitigation_print(void)
{
    const struct speculation *first = &features_get()->speculation;

    console_printf("control 0x%x%s", first->control, first->auto_ibrs ? " AutoIBRS" : "");
    print_work(first->work);
    if (first->lacks != 0)
        console_printf("; the processor lacks");
    print_work(first->lacks);
    console_printf("\n");
}
