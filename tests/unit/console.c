#include "kernel/console.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/dev/serial.h"
#include "kernel/sched/sched.h"
#include "tests/support/vectors.h"

static struct cpu cpus[3];
static struct cpu *current;
static uint32_t count;
static unsigned settled;
static char sent[256];
static size_t sent_len;
/* Called once, after so many bytes. */
static void (*interruption)(void);
static size_t interruption_at;

struct cpu *cpu_current(void)
{
    return current;
}

uint32_t cpu_count(void)
{
    return count;
}

bool serial_init(void)
{
    return true;
}

int serial_read_byte(void)
{
    return 'k';
}

/* The thread stays where it is for as long as there is somebody to mix with. */
void serial_write_byte(uint8_t byte)
{
    void (*now)(void) = sent_len == interruption_at ? interruption : nullptr;

    assert_true(sent_len < sizeof sent - 1);
    if (now != nullptr) {
        interruption = nullptr;
        now();
    }
    assert_int_equal(current->queue.stays, count > 1);
    sent[sent_len++] = (char)byte;
}

void sched_settle(bool were_on)
{
    assert_false(current->queue.stays);
    assert_false(interrupts_are_on());
    settled++;
    interrupts_restore(were_on);
}

static int setup([[maybe_unused]] void **state)
{
    memset(cpus, 0, sizeof cpus);
    memset(sent, 0, sizeof sent);
    current = &cpus[0];
    count = 2;
    settled = 0;
    sent_len = 0;
    interruption = nullptr;
    interrupts_enable();
    return 0;
}

static void test_lines_end_as_terminals_want_them([[maybe_unused]] void **state)
{
    console_init();
    console_printf("%u\n", 12u);
    console_write("a\n\nb", 4);
    console_write("", 0);
    assert_string_equal(sent, "12\r\na\r\n\r\nb");
    assert_true(interrupts_are_on());
    assert_int_equal(console_read_byte(), 'k');
}

/* A call of one line, three of console_write: between two lines others have their turn. */
static void test_what_is_due_comes_after_each_line([[maybe_unused]] void **state)
{
    console_printf("one %u %s\n", 1u, "two");
    assert_int_equal(settled, 1);
    console_write("a\n\nb", 4);
    assert_int_equal(settled, 4);
    assert_false(cpus[0].queue.stays);
}

static void test_a_processor_alone_claims_nothing([[maybe_unused]] void **state)
{
    count = 1;
    console_printf("alone\n");
    assert_string_equal(sent, "alone\r\n");
    assert_int_equal(settled, 0);
}

static void test_interrupts_stay_off_for_who_had_them_off([[maybe_unused]] void **state)
{
    (void)interrupts_disable();
    console_printf("off\n");
    assert_false(interrupts_are_on());
    assert_false(cpus[0].queue.stays);
}

static void write_into_it(void)
{
    console_printf("<panic>");
    assert_int_equal(settled, 0);
}

/* Nor does it let go of the line. */
static void
test_what_interrupts_a_line_on_its_processor_does_not_wait([[maybe_unused]] void **state)
{
    interruption_at = 3;
    interruption = write_into_it;
    console_printf("interrupted\n");
    assert_string_equal(sent, "int<panic>errupted\r\n");
    assert_int_equal(settled, 1);
    interruption_at = SIZE_MAX;
    console_printf("again\n");
    assert_int_equal(settled, 2);
}

static void write_from_another(void)
{
    current = &cpus[1];
    console_printf("<other>");
    assert_false(cpus[1].queue.stays);
    current = &cpus[2];
    console_printf("<third>"); /* had at once */
    current = &cpus[0];
    cpus[0].queue.stays = true; /* as it was */
}

/* One that is stuck in the middle of a line keeps nobody from writing; should it go on after all,
 * it neither takes the line of somebody else from that one nor keeps what it has lost. */
static void test_waiting_for_another_processor_has_an_end([[maybe_unused]] void **state)
{
    interruption_at = 2;
    interruption = write_from_another;
    console_printf("stuck\n");
    assert_string_equal(sent, "st<other><third>uck\r\n");
    assert_false(cpus[0].queue.stays);
    interruption_at = SIZE_MAX;
    current = &cpus[1];
    console_printf("later\n");
    assert_int_equal(settled, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines_end_as_terminals_want_them, setup),
        cmocka_unit_test_setup(test_what_is_due_comes_after_each_line, setup),
        cmocka_unit_test_setup(test_a_processor_alone_claims_nothing, setup),
        cmocka_unit_test_setup(test_interrupts_stay_off_for_who_had_them_off, setup),
        cmocka_unit_test_setup(test_what_interrupts_a_line_on_its_processor_does_not_wait, setup),
        cmocka_unit_test_setup(test_waiting_for_another_processor_has_an_end, setup),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
