#include "kernel/cpu/apic.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/mmio.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/vectors.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/scale.h"
#include "kernel/mem/paging.h"

#define REGISTERS_LEN 4096u
#define BASE_X2APIC (UINT64_C(1) << 10)
#define BASE_ENABLE (UINT64_C(1) << 11)

#define LEAF_1_EDX_APIC (UINT32_C(1) << 9)
#define LEAF_1_ECX_X2APIC (UINT32_C(1) << 21)
#define LEAF_1_ECX_TSC_DEADLINE (UINT32_C(1) << 24)

/* SDM vol. 3 table 10-1; in x2APIC mode their sixteenths from MSR_X2APIC on (table 10-6). */
enum {
    ID = 0x20,
    TASK_PRIORITY = 0x80,
    END = 0xB0,
    SPURIOUS = 0xF0,
    ERROR_STATUS = 0x280,
    COMMAND_LOW = 0x300,
    COMMAND_HIGH = 0x310, /* in x2APIC mode the high half of the other */
    LVT_TIMER = 0x320,
    LVT_LINT0 = 0x350,
    LVT_LINT1 = 0x360,
    LVT_ERROR = 0x370,
    TIMER_INITIAL = 0x380,
    TIMER_CURRENT = 0x390,
    TIMER_DIVIDE = 0x3E0,
};

#define SPURIOUS_ENABLE (1u << 8)
#define LVT_NMI (4u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_TSC_DEADLINE (2u << 17)
#define DIVIDE_BY_1 0xBu
#define COMMAND_ASSERT (1u << 14)
#define COMMAND_NMI (4u << 8 | COMMAND_ASSERT)
#define COMMAND_INIT (5u << 8 | COMMAND_ASSERT)
#define COMMAND_STARTUP (6u << 8 | COMMAND_ASSERT)
#define COMMAND_OTHERS (3u << 18)
#define COMMAND_PENDING (1u << 12)
#define PENDING_READS 100000u /* far longer than any interrupt is on its way */

#define MEASURED_NS 1000000u
/* No deadline is looked at beyond: 18 minutes, at most 2^44 counts of whatever timer. */
#define AHEAD_MAX_NS (UINT64_C(1) << 40)

static volatile void *registers; /* null in x2APIC mode */
static bool is_x2apic;
static bool has_tsc_deadline;
static uint64_t counts_per_ns; /* for scale_apply */
static uint32_t errors_seen;

static uint32_t read(unsigned which)
{
    return is_x2apic ? (uint32_t)msr_read(MSR_X2APIC + which / 16) : mmio_read_32(registers, which);
}

static void write(unsigned which, uint32_t value)
{
    if (is_x2apic)
        msr_write(MSR_X2APIC + which / 16, value);
    else
        mmio_write_32(registers, which, value);
}

bool apic_init(void)
{
    struct cpuid basic = control_cpuid(1, 0);
    uint64_t base;

    if ((basic.edx & LEAF_1_EDX_APIC) == 0)
        return false;
    base = msr_read(MSR_APIC_BASE);
    is_x2apic = (basic.ecx & LEAF_1_ECX_X2APIC) != 0;
    has_tsc_deadline = (basic.ecx & LEAF_1_ECX_TSC_DEADLINE) != 0;
    registers = is_x2apic ? nullptr : paging_map_device(base & MSR_APIC_BASE_PADDR, REGISTERS_LEN);
    return is_x2apic || registers != nullptr;
}

void apic_init_processor(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE) | BASE_ENABLE;

    /* There is no way from off to x2APIC mode in one step (figure 10-27). */
    msr_write(MSR_APIC_BASE, base);
    if (is_x2apic)
        msr_write(MSR_APIC_BASE, base | BASE_X2APIC);
    write(SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    write(TASK_PRIORITY, 0);
    write(LVT_LINT0, LVT_MASKED); /* the legacy controllers */
    write(LVT_LINT1, LVT_NMI);
    write(ERROR_STATUS, 0);
    write(LVT_ERROR, VECTOR_APIC_ERROR);
    write(TIMER_DIVIDE, DIVIDE_BY_1);
    write(TIMER_INITIAL, 0);
    write(LVT_TIMER, VECTOR_TIMER | (has_tsc_deadline ? LVT_TSC_DEADLINE : 0));
    /* Else the first deadline could come before the mode in which it is one (§10.5.4.1). */
    control_fence();
}

void apic_timer_calibrate(void)
{
    uint64_t start;
    uint64_t passed;

    if (has_tsc_deadline)
        return;
    start = clock_now_ns();
    write(TIMER_INITIAL, UINT32_MAX);
    do
        passed = clock_now_ns() - start;
    while (passed < MEASURED_NS);
    counts_per_ns = scale_ratio(UINT32_MAX - read(TIMER_CURRENT), passed);
    write(TIMER_INITIAL, 0);
}

void apic_timer_set(uint64_t deadline_ns)
{
    uint64_t now;
    uint64_t counts = 0;

    if (has_tsc_deadline) {
        msr_write(MSR_TSC_DEADLINE,
                  deadline_ns == APIC_TIMER_NEVER ? 0 : clock_tsc_at(deadline_ns));
        return;
    }
    if (deadline_ns != APIC_TIMER_NEVER) {
        now = clock_now_ns();
        now = deadline_ns > now ? deadline_ns - now : 0;
        counts = scale_apply(now < AHEAD_MAX_NS ? now : AHEAD_MAX_NS, counts_per_ns) + 1;
    }
    write(TIMER_INITIAL, counts < UINT32_MAX ? (uint32_t)counts : UINT32_MAX);
}

uint32_t apic_id(void)
{
    return is_x2apic ? read(ID) : read(ID) >> 24;
}

void apic_end(void)
{
    write(END, 0);
}

static void command(uint32_t target, uint32_t what)
{
    bool were_on = interrupts_disable();

    if (is_x2apic) {
        /* What was written to memory before has to be there for who is interrupted (§10.12.3). */
        control_fence();
        msr_write(MSR_X2APIC + COMMAND_LOW / 16, (uint64_t)target << 32 | what);
    } else {
        for (unsigned i = 0; i < PENDING_READS && (read(COMMAND_LOW) & COMMAND_PENDING) != 0; i++)
            control_pause();
        write(COMMAND_HIGH, target << 24);
        write(COMMAND_LOW, what);
    }
    interrupts_restore(were_on);
}

void apic_send(uint32_t apic_id, unsigned vector)
{
    command(apic_id, COMMAND_ASSERT | vector);
}

void apic_send_init(uint32_t apic_id)
{
    command(apic_id, COMMAND_INIT);
}

void apic_send_startup(uint32_t apic_id, unsigned page)
{
    command(apic_id, COMMAND_STARTUP | page);
}

void apic_send_nmi_others(void)
{
    command(0, COMMAND_NMI | COMMAND_OTHERS);
}

void apic_handle_error(void)
{
    uint32_t errors;

    write(ERROR_STATUS, 0); /* brings the register up to date (§10.5.3) */
    errors = read(ERROR_STATUS);
    if ((errors & ~errors_seen) != 0)
        console_printf("NONOS: local APIC: error 0x%x\n", errors);
    errors_seen |= errors;
}

const char *apic_mode_name(void)
{
    return &"x2APIC"[is_x2apic ? 0 : 2];
}
