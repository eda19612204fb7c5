/*
 * What the kernel says of an event log, which firmware wrote and a loader handed over.
 */
#include "kernel/measured.h"

#include "kernel/console.h"
#include "kernel/format.h"
#include "tests/support/event_log_builder.h"

static char shown[32768];

/* In place of kernel/console.c. */
void console_printf(const char *format, ...)
{
    size_t len = strlen(shown);
    va_list arguments;
    va_start(arguments, format);
    assert_true(format_text_list(shown + len, sizeof(shown) - len, format, arguments) <
                sizeof(shown) - len);
    va_end(arguments);
}

static struct built_log built;
static struct boot_info info;

static int setup(void **state)
{
    (void)state;
    memset(shown, 0, sizeof(shown));
    memset(&built, 0, sizeof(built));
    log_begin(&built);
    info = (struct boot_info){.start = BOOT_START_LOADER,
                              .handoff.flags = NONOS_HANDOFF_VERIFIED | NONOS_HANDOFF_MEASURED,
                              .measurement_log = built.bytes};
    return 0;
}

static void add(uint32_t pcr, uint32_t type, const char *data, size_t len)
{
    log_add_event(&built, pcr, type, 0x11, 0xAB, data, len);
}

static const char *summary(void)
{
    memset(shown, 0, sizeof(shown));
    info.handoff.measurement_log_len = (uint32_t)built.len;
    measured_print_summary(&info);
    return shown;
}

static void test_summary_counts_what_extended_pcr_11(void **state)
{
    (void)state;
    add(4, 13, "another PCR", 11);
    add(11, 13, "kernel", 6);
    add(11, 3, "extends nothing", 15);
    add(11, 13, "manifest", 8);
    assert_string_equal(summary(), "PCR 11: 2 events, not capped\n");
    add(11, 4, "\0\0\0\0", 4);
    assert_string_equal(summary(), "PCR 11: 3 events, capped\n");
    add(4, 4, "\1\0\0\0", 4);
    assert_string_equal(summary(), "PCR 11: 3 events, capped\n");
}

static void test_summary_says_capped_of_the_end_of_a_boot_alone(void **state)
{
    (void)state;
    add(11, 4, "\1\0\0\0", 4);
    assert_string_equal(summary(), "PCR 11: 1 events, not capped\n");
    add(11, 4, "\0\0\0", 3);
    assert_string_equal(summary(), "PCR 11: 2 events, not capped\n");
    add(11, 13, "\0\0\0\0", 4);
    assert_string_equal(summary(), "PCR 11: 3 events, not capped\n");
    add(11, 4, "\0\0\0\0", 4);
    assert_string_equal(summary(), "PCR 11: 4 events, capped\n");
    add(11, 13, "after the end", 13);
    assert_string_equal(summary(), "PCR 11: 5 events, not capped\n");
}

static void test_summary_repeats_what_is_reported_without_a_log(void **state)
{
    (void)state;
    info.measurement_log = nullptr;
    assert_string_equal(summary(), "PCR 11, the loader reports; no event log\n");
    info.handoff.flags = NONOS_HANDOFF_VERIFIED;
    assert_string_equal(summary(), "no TPM\n");
}

static void test_summary_counts_nothing_of_a_malformed_log(void **state)
{
    (void)state;
    add(11, 4, "\0\0\0\0", 4);
    log_add_number(&built, 0, 3);
    assert_string_equal(summary(), "PCR 11, the loader reports; the event log is malformed\n");
    built.bytes[40] ^= 1;
    assert_string_equal(summary(), "PCR 11, the loader reports; the event log is malformed\n");
}

#define AB8 "abababababababab"
#define HEADING "  PCR  event          SHA-256\n"
#define END "as firmware logged them; a quote of the PCRs proves them\n"

static void list(void)
{
    info.handoff.measurement_log_len = (uint32_t)built.len;
    measured_print(&info);
}

static void test_list_has_every_event_and_the_text_of_ours(void **state)
{
    (void)state;
    add(0, 8, "CRTM", 4);
    add(4, 0x80000003, "path", 4);
    add(9, 0x8000FFFF, "", 0);
    add(11, 13, "nonos-kernel blake3:00", 22);
    add(11, 13, "first\nsecond\n", 13);
    add(11, 4, "\1\0\0\0", 4);
    list();
    assert_string_equal(shown, HEADING "    0  CRTM version   " AB8 AB8 AB8 AB8 "\n"
                                       "    4  application    " AB8 AB8 AB8 AB8 "\n"
                                       "    9  0x8000ffff     " AB8 AB8 AB8 AB8 "\n"
                                       "   11  IPL            " AB8 AB8 AB8 AB8 "\n"
                                       "         nonos-kernel blake3:00\n"
                                       "   11  IPL            " AB8 AB8 AB8 AB8 "\n"
                                       "         first\n"
                                       "         second\n"
                                       "   11  separator      " AB8 AB8 AB8 AB8 "\n"
                                       "         01000000\n"
                                       "  6 events, " END);
}

static void test_list_gives_no_terminal_a_byte_that_it_obeys(void **state)
{
    (void)state;
    char all[256];
    for (unsigned i = 0; i < 256; i++)
        all[i] = (char)i;
    add(11, 13, all, sizeof(all));
    list();
    size_t questions = 0;
    for (size_t i = 0; shown[i] != '\0'; i++) {
        assert_true(shown[i] == '\n' || (shown[i] >= ' ' && shown[i] <= '~'));
        questions += shown[i] == '?';
    }
    assert_int_equal(questions, 256 - 95 - 1 + 1); /* all but printable and LF; and itself */
    assert_non_null(strstr(shown, "  1 events, "));
}

static void test_list_ends_where_the_log_is_malformed(void **state)
{
    (void)state;
    add(11, 13, "one", 3);
    size_t end = built.len;
    add(11, 13, "two", 3);
    built.bytes[end + 8] = 3;
    list();
    char expected[64];
    snprintf(expected, sizeof(expected), "  malformed from byte %zu on\n", end);
    assert_non_null(strstr(shown, expected));
    assert_non_null(strstr(shown, "         one\n"));
    assert_null(strstr(shown, "two"));
    assert_non_null(strstr(shown, "  1 events, " END));
}

static void test_list_without_sha256_says_none(void **state)
{
    (void)state;
    log_begin_with(&built, (const uint16_t[][2]){{4, 20}}, 1);
    static const uint8_t event[] = {11, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'h', 'i'};
    log_add(&built, event, sizeof(event));
    list();
    assert_string_equal(shown, HEADING "   11  IPL            none\n         hi\n  1 events, " END);
}

static void test_list_without_a_log_is_the_summary(void **state)
{
    (void)state;
    info.measurement_log = nullptr;
    info.handoff.flags = 0;
    list();
    assert_string_equal(shown, "no TPM\n");
}

#define MEASURED_TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEASURED_TEST(test_summary_counts_what_extended_pcr_11),
        MEASURED_TEST(test_summary_says_capped_of_the_end_of_a_boot_alone),
        MEASURED_TEST(test_summary_repeats_what_is_reported_without_a_log),
        MEASURED_TEST(test_summary_counts_nothing_of_a_malformed_log),
        MEASURED_TEST(test_list_has_every_event_and_the_text_of_ours),
        MEASURED_TEST(test_list_gives_no_terminal_a_byte_that_it_obeys),
        MEASURED_TEST(test_list_ends_where_the_log_is_malformed),
        MEASURED_TEST(test_list_without_sha256_says_none),
        MEASURED_TEST(test_list_without_a_log_is_the_summary),
    };
    return cmocka_run_group_tests_name("measured", tests, nullptr, nullptr);
}
