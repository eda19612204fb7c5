#include "kernel/console.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/dev/serial.h"
#include "kernel/format.h"
#include "kernel/sched/sched.h"

#include <stdint.h>

/* Half a second or so, and many times what a line takes. */
#define WAIT_TURNS 10000000u

/* The processor that writes a line; null: none. */
static struct cpu *writer;

void console_init(void)
{
    (void)serial_init();
}

/* Makes this processor the one that writes, and returns it; null: it is that already, and what was
 * interrupted goes on with its line afterwards, or there is no other. The thread stays here. */
static struct cpu *claim(void)
{
    for (unsigned turns = 0; cpu_count() > 1; turns++) {
        bool were_on = interrupts_disable();
        struct cpu *cpu = cpu_current();
        struct cpu *other = __atomic_load_n(&writer, __ATOMIC_RELAXED);
        bool is_claimed = (other == nullptr || (other != cpu && turns >= WAIT_TURNS)) &&
                          __atomic_compare_exchange_n(&writer, &other, cpu, false, __ATOMIC_ACQUIRE,
                                                      __ATOMIC_RELAXED);

        if (is_claimed)
            cpu->queue.stays = true;
        interrupts_restore(were_on);
        if (is_claimed)
            return cpu;
        if (other == cpu)
            return nullptr;
        __builtin_ia32_pause();
    }
    return nullptr;
}

/* Unless another one has given up waiting. */
static void release(struct cpu *cpu)
{
    struct cpu *old = cpu;
    bool were_on;

    if (cpu == nullptr)
        return;
    were_on = interrupts_disable();
    (void)__atomic_compare_exchange_n(&writer, &old, nullptr, false, __ATOMIC_RELEASE,
                                      __ATOMIC_RELAXED);
    cpu->queue.stays = false;
    sched_settle(were_on);
}

static void sink([[maybe_unused]] void *context, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            serial_write_byte('\r');
        serial_write_byte((uint8_t)text[i]);
    }
}

void console_write(const char *text, size_t len)
{
    while (len > 0) {
        struct cpu *cpu = claim();
        size_t line_len = 1;

        while (line_len < len && text[line_len - 1] != '\n')
            line_len++;
        sink(nullptr, text, line_len);
        release(cpu);
        text += line_len;
        len -= line_len;
    }
}

void console_print_list(const char *format, va_list arguments)
{
    struct cpu *cpu = claim();

    format_to_sink(sink, nullptr, format, arguments);
    release(cpu);
}

void console_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    console_print_list(format, arguments);
    va_end(arguments);
}

int console_read_byte(void)
{
    return serial_read_byte();
}
