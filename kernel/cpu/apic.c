#include "kernel/cpu/apic.h"

#include "kernel/cpu/msr.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/paging.h"

#define APIC_LEN 4096u
#define APIC_BASE_ADDRESS UINT64_C(0x000FFFFFFFFFF000)
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)

enum {
    APIC_ID = 0x20,
    APIC_TASK_PRIORITY = 0x80,
    APIC_EOI = 0xB0,
    APIC_SPURIOUS = 0xF0,
    APIC_COMMAND_LOW = 0x300,
    APIC_COMMAND_HIGH = 0x310,
    APIC_TIMER = 0x320,
    APIC_LINT0 = 0x350,
    APIC_LINT1 = 0x360,
    APIC_ERROR = 0x370,
    APIC_TIMER_INITIAL = 0x380,
    APIC_TIMER_DIVIDE = 0x3E0,
};

#define SPURIOUS_ENABLE (1u << 8)
#define MASKED (1u << 16)
#define COMMAND_INIT (5u << 8 | 1u << 14)
#define COMMAND_STARTUP (6u << 8 | 1u << 14)
#define COMMAND_NMI (4u << 8 | 1u << 14)
#define COMMAND_FIXED (1u << 14)
#define COMMAND_PENDING (1u << 12)
#define COMMAND_OTHERS (3u << 18)
#define DIVIDE_BY_16 3u

static volatile uint32_t *registers;

static uint32_t read(unsigned offset)
{
    return registers[offset / 4];
}

static void write(unsigned offset, uint32_t value)
{
    registers[offset / 4] = value;
}

bool apic_init(void)
{
    registers = paging_map_device(msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS, APIC_LEN);
    return registers != nullptr;
}

void apic_init_processor(void)
{
    msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE);
    write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    write(APIC_TASK_PRIORITY, 0);
    write(APIC_LINT0, MASKED);
    write(APIC_LINT1, 4u << 8); /* NMI */
    write(APIC_ERROR, VECTOR_APIC_ERROR);
    write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    write(APIC_TIMER, VECTOR_TIMER);
}

uint32_t apic_id(void)
{
    return read(APIC_ID) >> 24;
}

void apic_end(void)
{
    write(APIC_EOI, 0);
}

static void command(uint32_t apic_id, uint32_t low)
{
    write(APIC_COMMAND_HIGH, apic_id << 24);
    write(APIC_COMMAND_LOW, low);
    while ((read(APIC_COMMAND_LOW) & COMMAND_PENDING) != 0)
        __builtin_ia32_pause();
}

void apic_send(uint32_t apic_id, unsigned vector)
{
    command(apic_id, COMMAND_FIXED | vector);
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

void apic_timer_set(uint32_t counts)
{
    write(APIC_TIMER_INITIAL, counts);
}
