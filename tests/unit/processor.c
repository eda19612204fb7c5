/*
 * What the processor has, against the compiler's own opinion (its run-time library asks CPUID and
 * XCR0, too, in code that is not ours).
 */
#include "crypto/processor.h"

#include "tests/support/vectors.h"

static void test_features_are_what_the_compiler_finds(void **)
{
    __builtin_cpu_init();
    assert_int_equal(processor_has(PROCESSOR_BMI),
                     __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"));
    assert_int_equal(processor_has(PROCESSOR_SSE41), __builtin_cpu_supports("sse4.1") != 0);
    assert_int_equal(processor_has(PROCESSOR_AVX2), __builtin_cpu_supports("avx2") != 0);
    assert_int_equal(processor_has(PROCESSOR_AVX512),
                     __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"));
}

static void test_what_is_known_is_not_detected_again(void **)
{
    uint32_t found = processor_detect();
    assert_int_equal(processor_known, found);
    assert_int_not_equal(found, 0);
    /* A processor that has nothing: as if it had been detected so. */
    processor_known = found & ~(PROCESSOR_BMI | PROCESSOR_SSE41 | PROCESSOR_AVX2);
    assert_false(processor_has(PROCESSOR_BMI));
    assert_false(processor_has(PROCESSOR_SSE41));
    processor_known = 0;
    (void)processor_has(PROCESSOR_BMI);
    assert_int_equal(processor_known, found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_are_what_the_compiler_finds),
        cmocka_unit_test(test_what_is_known_is_not_detected_again),
    };
    return cmocka_run_group_tests_name("processor", tests, nullptr, nullptr);
}
