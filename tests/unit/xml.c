/*
 * Text inside of XML: nothing that goes in can end the place where it stands.
 */
#include "tools/xml.h"

#include "tests/support/vectors.h"
#include "tests/support/xml_check.h"

/* What xml_put_text writes; free it. */
static char *written(const char *text, size_t len, size_t max_len)
{
    char *out = nullptr;
    size_t out_len = 0;
    FILE *stream = open_memstream(&out, &out_len);
    assert_non_null(stream);
    xml_put_text(stream, text, len, max_len);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strlen(out), out_len);
    return out;
}

static void assert_written(const char *text, size_t max_len, const char *expected)
{
    char *out = written(text, strlen(text), max_len);
    assert_string_equal(out, expected);
    free(out);
}

static void test_xml_escapes_what_has_a_meaning(void **state)
{
    (void)state;
    assert_written("", 10, "");
    assert_written("plain ~", 10, "plain ~");
    assert_written("<a b='c'>&\"", 20, "&lt;a b=&apos;c&apos;&gt;&amp;&quot;");
    assert_written("&amp;", 10, "&amp;amp;");
}

static void test_xml_replaces_what_is_not_printable(void **state)
{
    (void)state;
    assert_written("\x01\t\n\x1F\x7F\x80\xC3\xB8\xFF", 20, "?????????");
    char *out = written("a\0b", 3, 10);
    assert_string_equal(out, "a?b");
    free(out);
}

static void test_xml_cuts_before_it_escapes(void **state)
{
    (void)state;
    assert_written("12345", 5, "12345");
    assert_written("123456", 5, "12...");
    assert_written("<<<<<<", 5, "&lt;&lt;...");
    assert_written("1234", 3, "...");
}

static void test_xml_put_string_ends_at_the_nul(void **state)
{
    (void)state;
    char *out = nullptr;
    size_t out_len = 0;
    FILE *stream = open_memstream(&out, &out_len);
    assert_non_null(stream);
    xml_put_string(stream, "a<", 10);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(out, "a&lt;");
    free(out);
}

static void test_xml_is_well_formed_for_random_bytes(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        char text[40], document[1024];
        test_random(text, sizeof text);
        char *out = written(text, sizeof text, 4 + test_random_below(60));
        snprintf(document, sizeof document, "<a b=\"%s\">%s</a>\n", out, out);
        assert_true(xml_is_well_formed(document));
        free(out);
    }
}

/* The fuzz target relies on the checker: it has to see each of these. */
static void test_xml_checker_refuses_what_is_not_well_formed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a></a></a>",
        "<a><b></a></b>",
        "<a b></a>",
        "<a b=c></a>",
        "<a b=\"<\"></a>",
        "<a b=\"\" b=\"\"></a>",
        "<a b=\"></a>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a>\x01</a>",
        "<a>\xC3\xB8</a>",
        "<a/><b/>",
        "<a><!-- --></a>",
        "< a></a>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (xml_is_well_formed(wrong[i]))
            fail_msg("taken for well-formed: %s", wrong[i]);
    assert_true(xml_is_well_formed("<a b=\"c\" d=\"e\">x<f/>y<g>&lt;</g></a>\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_escapes_what_has_a_meaning),
        cmocka_unit_test(test_xml_replaces_what_is_not_printable),
        cmocka_unit_test(test_xml_cuts_before_it_escapes),
        cmocka_unit_test(test_xml_put_string_ends_at_the_nul),
        cmocka_unit_test(test_xml_is_well_formed_for_random_bytes),
        cmocka_unit_test(test_xml_checker_refuses_what_is_not_well_formed),
    };
    return cmocka_run_group_tests_name("xml", tests, nullptr, nullptr);
}
