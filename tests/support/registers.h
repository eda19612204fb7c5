/*
 * registers.h - for tests of drivers: a machine of registers that notes every access to them.
 *
 * A register reads as it was last written (or set by register_put), unless the test's
 * register_read_hook knows better. What was done is compared, in its order, by assert_accesses().
 * Physical addresses serve as pointers to registers: paging_map_device() gives back what it gets.
 */
#ifndef NONOS_TESTS_SUPPORT_REGISTERS_H
#define NONOS_TESTS_SUPPORT_REGISTERS_H

#include "kernel/cpu/io.h"
#include "kernel/cpu/mmio.h"
#include "kernel/cpu/msr.h"
#include "kernel/mem/paging.h"
#include "tests/support/vectors.h"

enum register_kind {
    PORT,   /* of any width */
    MEMORY, /* 32 bits */
    MSR,
};

struct access {
    char way; /* 'r' or 'w' */
    enum register_kind kind;
    uint64_t where;
    uint64_t value;
};

#define ACCESS_MAX 4096u
#define REGISTER_MAX 512u

static struct access accesses[ACCESS_MAX];
static size_t access_count;
static struct access register_values[REGISTER_MAX];
static size_t register_count;

/* True when it has set *value. */
static bool (*register_read_hook)(enum register_kind kind, uint64_t where, uint64_t *value);
static void (*register_write_hook)(enum register_kind kind, uint64_t where, uint64_t value);
static uint64_t register_unmappable; /* the address that paging_map_device refuses */

static uint64_t *register_at(enum register_kind kind, uint64_t where)
{
    for (size_t i = 0; i < register_count; i++) {
        if (register_values[i].kind == kind && register_values[i].where == where)
            return &register_values[i].value;
    }
    assert_true(register_count < REGISTER_MAX);
    register_values[register_count] = (struct access){'=', kind, where, 0};
    return &register_values[register_count++].value;
}

static void register_put(enum register_kind kind, uint64_t where, uint64_t value)
{
    *register_at(kind, where) = value;
}

static void registers_reset(void)
{
    access_count = 0;
    register_count = 0;
    register_read_hook = nullptr;
    register_write_hook = nullptr;
    register_unmappable = 0;
}

static void register_note(char way, enum register_kind kind, uint64_t where, uint64_t value)
{
    if (access_count < ACCESS_MAX)
        accesses[access_count] = (struct access){way, kind, where, value};
    access_count++;
}

static uint64_t register_read(enum register_kind kind, uint64_t where)
{
    uint64_t value;

    if (register_read_hook == nullptr || !register_read_hook(kind, where, &value))
        value = *register_at(kind, where);
    register_note('r', kind, where, value);
    return value;
}

static void register_write(enum register_kind kind, uint64_t where, uint64_t value)
{
    register_put(kind, where, value);
    register_note('w', kind, where, value);
    if (register_write_hook != nullptr)
        register_write_hook(kind, where, value);
}

/* Exactly these, in this order, since the last time. */
static void accesses_check(const struct access *expected, size_t count)
{
    for (size_t i = 0; i < count && i < access_count; i++) {
        const struct access *a = &accesses[i];
        const struct access *e = &expected[i];

        if (a->way != e->way || a->kind != e->kind || a->where != e->where || a->value != e->value)
            fail_msg("access %zu: %c %d 0x%llx 0x%llx, expected %c %d 0x%llx 0x%llx", i, a->way,
                     (int)a->kind, (unsigned long long)a->where, (unsigned long long)a->value,
                     e->way, (int)e->kind, (unsigned long long)e->where,
                     (unsigned long long)e->value);
    }
    assert_int_equal(access_count, count);
    access_count = 0;
}

#define assert_accesses(...)                                                                       \
    accesses_check((const struct access[]){__VA_ARGS__},                                           \
                   sizeof((const struct access[]){__VA_ARGS__}) / sizeof(struct access))
#define assert_no_accesses() accesses_check(nullptr, 0)

void io_write_8(uint16_t port, uint8_t value)
{
    register_write(PORT, port, value);
}

void io_write_16(uint16_t port, uint16_t value)
{
    register_write(PORT, port, value);
}

void io_write_32(uint16_t port, uint32_t value)
{
    register_write(PORT, port, value);
}

uint8_t io_read_8(uint16_t port)
{
    return (uint8_t)register_read(PORT, port);
}

uint16_t io_read_16(uint16_t port)
{
    return (uint16_t)register_read(PORT, port);
}

uint32_t io_read_32(uint16_t port)
{
    return (uint32_t)register_read(PORT, port);
}

uint32_t mmio_read_32(const volatile void *base, uint32_t offset)
{
    return (uint32_t)register_read(MEMORY, (uintptr_t)base + offset);
}

void mmio_write_32(volatile void *base, uint32_t offset, uint32_t value)
{
    register_write(MEMORY, (uintptr_t)base + offset, value);
}

uint32_t mmio_read(const volatile void *base, uint32_t offset, [[maybe_unused]] unsigned width)
{
    return mmio_read_32(base, offset);
}

void mmio_write(volatile void *base, uint32_t offset, [[maybe_unused]] unsigned width,
                uint32_t value)
{
    mmio_write_32(base, offset, value);
}

uint64_t msr_read(uint32_t number)
{
    return register_read(MSR, number);
}

void msr_write(uint32_t number, uint64_t value)
{
    register_write(MSR, number, value);
}

volatile void *paging_map_device(paddr_t paddr, [[maybe_unused]] size_t len)
{
    return paddr == register_unmappable ? nullptr : (volatile void *)(uintptr_t)paddr;
}

#endif
