/*
 * BLAKE3: the official vectors in every mode, at many split sizes and with vectors of every width,
 * and the program b3sum.
 */
#include "crypto/blake3.h"

#include "crypto/processor.h"
#include "crypto/wide/blake3_wide.h"
#include "tests/support/vectors.h"

#include <unistd.h>

enum mode { HASH, KEYED, DERIVE };

/* The widths of crypto/wide/, the widest first, down to none; each is tested where this processor
 * has it. */
static const struct {
    const char *name;
    uint32_t without;
} widths[] = {
    {"AVX-512", 0},
    {"AVX2", PROCESSOR_AVX512},
    {"SSE4.1", PROCESSOR_AVX512 | PROCESSOR_AVX2},
    {"no vectors", PROCESSOR_AVX512 | PROCESSOR_AVX2 | PROCESSOR_SSE41},
};
#define WIDTH_COUNT (sizeof widths / sizeof *widths)

static void use_width(size_t i)
{
    processor_known = processor_detect() & ~widths[i].without;
}

/* The vectors' input: 0, 1, .. 250, 0, 1, .. */
static uint8_t *make_input(size_t len)
{
    uint8_t *input = test_allocate(len);
    for (size_t i = 0; i < len; i++)
        input[i] = (uint8_t)(i % 251);
    return input;
}

static void start(struct blake3 *state, enum mode mode, const json_t *root)
{
    if (mode == HASH)
        blake3_init(state);
    else if (mode == KEYED)
        blake3_init_keyed(state, (const uint8_t *)vectors_text(root, "key"));
    else
        blake3_init_derive_key(state, vectors_text(root, "context_string"));
}

static void check_output(const struct blake3 *state, const uint8_t *wanted, size_t len)
{
    uint8_t *out = test_allocate(len);
    blake3_final(state, out, len);
    assert_memory_equal(out, wanted, len);
    free(out);
}

/* Feeds input in pieces of split bytes; 0: pieces of changing sizes. */
static void feed(struct blake3 *state, const uint8_t *input, size_t len, size_t split)
{
    size_t done = 0;
    while (done < len) {
        size_t take = split ? split : 1 + test_random_below(3000);
        if (take > len - done)
            take = len - done;
        blake3_update(state, input + done, take);
        done += take;
    }
}

static void check_vector(const json_t *root, const json_t *vector, enum mode mode)
{
    static const char *const names[] = {"hash", "keyed_hash", "derive_key"};
    static const size_t splits[] = {0, 1, 7, 63, 64, 65, 1023, 1024, 1025, 4096, SIZE_MAX};
    size_t len = (size_t)vectors_integer(vector, "input_len"), wanted_len;
    uint8_t *input = make_input(len);
    uint8_t *wanted = vectors_bytes(vector, names[mode], &wanted_len);
    assert_true(wanted_len > 2 * BLAKE3_BLOCK_LEN);
    for (size_t i = 0; i < WIDTH_COUNT * (sizeof splits / sizeof *splits); i++) {
        struct blake3 state;
        use_width(i % WIDTH_COUNT);
        start(&state, mode, root);
        feed(&state, input, len, splits[i / WIDTH_COUNT]);
        check_output(&state, wanted, wanted_len);
        check_output(&state, wanted, BLAKE3_OUT_LEN);
    }
    free(input);
    free(wanted);
}

static void check_all_vectors(enum mode mode)
{
    json_t *root = vectors_load("blake3-official.json");
    json_t *vector;
    size_t i;
    assert_int_equal(json_array_size(vectors_array(root, "cases")), 35);
    assert_int_equal(strlen(vectors_text(root, "key")), BLAKE3_KEY_LEN);
    json_array_foreach(vectors_array(root, "cases"), i, vector) check_vector(root, vector, mode);
    json_decref(root);
}

static void test_official_vectors_hash(void **)
{
    check_all_vectors(HASH);
}

static void test_official_vectors_keyed(void **)
{
    check_all_vectors(KEYED);
}

static void test_official_vectors_derive_key(void **)
{
    check_all_vectors(DERIVE);
}

/* Every offset and length of the extended output, in all 35 cases. */
static void test_official_vectors_extended_output(void **)
{
    json_t *root = vectors_load("blake3-official.json");
    json_t *vector;
    size_t i;
    json_array_foreach(vectors_array(root, "cases"), i, vector)
    {
        size_t len = (size_t)vectors_integer(vector, "input_len"), wanted_len;
        uint8_t *input = make_input(len);
        uint8_t *wanted = vectors_bytes(vector, "hash", &wanted_len);
        struct blake3 state;
        blake3_init(&state);
        blake3_update(&state, input, len);
        for (size_t offset = 0; offset < wanted_len; offset += 13) {
            size_t out_len = test_random_below(wanted_len - offset + 1);
            uint8_t *out = test_allocate(out_len);
            blake3_final_at(&state, offset, out, out_len);
            assert_memory_equal(out, wanted + offset, out_len);
            free(out);
        }
        free(input);
        free(wanted);
    }
    json_decref(root);
}

static void test_one_call_functions_are_the_same(void **)
{
    json_t *root = vectors_load("blake3-official.json");
    json_t *vector;
    size_t i;
    json_array_foreach(vectors_array(root, "cases"), i, vector)
    {
        size_t len = (size_t)vectors_integer(vector, "input_len"), wanted_len;
        uint8_t *input = make_input(len), out[BLAKE3_OUT_LEN];
        uint8_t *wanted = vectors_bytes(vector, "hash", &wanted_len);
        blake3_hash(input, len, out);
        assert_memory_equal(out, wanted, sizeof out);
        free(wanted);
        wanted = vectors_bytes(vector, "derive_key", &wanted_len);
        blake3_derive_key(vectors_text(root, "context_string"), input, len, out);
        assert_memory_equal(out, wanted, sizeof out);
        free(wanted);
        free(input);
    }
    json_decref(root);
}

/* Past the 2^32nd block of output the counter's upper half counts. */
static void test_extended_output_far_away(void **)
{
    struct blake3 state;
    uint8_t low[64], high[64], across[64];
    blake3_init(&state);
    uint64_t offset = (UINT64_C(1) << 32) * BLAKE3_BLOCK_LEN;
    blake3_final_at(&state, 0, low, sizeof low);
    blake3_final_at(&state, offset, high, sizeof high);
    blake3_final_at(&state, offset - 32, across, sizeof across);
    assert_memory_not_equal(low, high, sizeof low);
    assert_memory_equal(across + 32, high, 32);
}

/* Taking the output does not end the input. */
static void test_state_goes_on_after_output(void **)
{
    size_t len = 5000;
    uint8_t *input = make_input(len), out[32], wanted[32];
    struct blake3 state;
    blake3_init(&state);
    for (size_t i = 0; i < len; i += 100) {
        blake3_update(&state, input + i, 100);
        blake3_final(&state, out, sizeof out);
        blake3_hash(input, i + 100, wanted);
        assert_memory_equal(out, wanted, sizeof out);
    }
    free(input);
}

static void test_empty_updates_change_nothing(void **)
{
    uint8_t out[32], wanted[32];
    struct blake3 state;
    blake3_init(&state);
    blake3_update(&state, nullptr, 0);
    blake3_update(&state, "text", 4);
    blake3_update(&state, nullptr, 0);
    blake3_final(&state, out, sizeof out);
    blake3_hash("text", 4, wanted);
    assert_memory_equal(out, wanted, sizeof out);
}

/* What b3sum, the BLAKE3 team's program, says about a file of these bytes. */
static void b3sum(const uint8_t *input, size_t len, uint8_t out[32])
{
    char path[] = "/tmp/nonos-blake3-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, input, len), len);
    assert_int_equal(close(file), 0);
    char command[64], line[65] = {0};
    int command_len = snprintf(command, sizeof command, "b3sum --no-names %s", path);
    assert_true(command_len > 0 && (size_t)command_len < sizeof command);
    /* The command is all ours, so that the shell has nothing to misread. */
    FILE *program = popen(command, "r"); // NOLINT(cert-env33-c)
    if (!program) {
        fail_msg("b3sum cannot be run");
        return;
    }
    size_t have = fread(line, 1, 64, program);
    int status = pclose(program);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(status, 0);
    assert_int_equal(have, 64);
    hex_decode_to(line, out, 32);
}

static void test_every_width_is_chosen_where_it_can_be(void **)
{
    uint32_t found = processor_detect();
    for (size_t i = 0; i < WIDTH_COUNT; i++) {
        use_width(i);
        print_message("widest: %s; used: %s\n", widths[i].name,
                      blake3_wide_choose() == blake3_wide_avx512  ? "AVX-512"
                      : blake3_wide_choose() == blake3_wide_avx2  ? "AVX2"
                      : blake3_wide_choose() == blake3_wide_sse41 ? "SSE4.1"
                                                                  : "no vectors");
    }
    use_width(0);
    assert_int_equal(blake3_wide_choose() == blake3_wide_avx512, (found & PROCESSOR_AVX512) != 0);
    use_width(1);
    assert_int_equal(blake3_wide_choose() == blake3_wide_avx2, (found & PROCESSOR_AVX2) != 0);
    use_width(2);
    assert_int_equal(blake3_wide_choose() == blake3_wide_sse41, (found & PROCESSOR_SSE41) != 0);
    use_width(3);
    assert_null(blake3_wide_choose());
}

/* Lengths around every size of a subtree and beyond the largest; all widths, against no vectors. */
static void test_all_widths_agree_on_long_inputs(void **)
{
    const size_t max_len = 600 * BLAKE3_CHUNK_LEN;
    uint8_t *input = test_allocate(max_len), out[32], wanted[32];
    test_random(input, max_len);
    for (size_t chunks = 1; chunks <= 600; chunks = chunks * 2 + chunks / 7) {
        for (size_t more = 0; more < 3; more++) {
            size_t len = chunks * BLAKE3_CHUNK_LEN - 1 + more;
            if (len > max_len)
                continue;
            use_width(WIDTH_COUNT - 1);
            blake3_hash(input, len, wanted);
            for (size_t width = 0; width + 1 < WIDTH_COUNT; width++) {
                use_width(width);
                blake3_hash(input, len, out);
                assert_memory_equal(out, wanted, sizeof out);
                struct blake3 state;
                blake3_init(&state);
                feed(&state, input, len, 5000);
                blake3_final(&state, out, sizeof out);
                assert_memory_equal(out, wanted, sizeof out);
            }
        }
    }
    free(input);
}

/* Lane counters have two halves, and a carry between them in the middle of a group. */
static void test_wide_counters_reach_beyond_32_bits(void **)
{
    static const uint64_t counters[] = {0, UINT32_MAX - 5, UINT64_C(1) << 40, UINT64_MAX - 40};
    static const uint32_t key[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t *input = test_allocate(20 * BLAKE3_BLOCK_LEN);
    uint8_t wanted[20 * 32], out[20 * 32];
    test_random(input, 20 * BLAKE3_BLOCK_LEN);
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        struct blake3_wide work = {input, 20, 1, key, counters[i], 1, 7, 8, 16, wanted};
        bool have_wanted = false;
        for (size_t width = 0; width < WIDTH_COUNT; width++) {
            use_width(width);
            blake3_wide_function *hash = blake3_wide_choose();
            if (!hash)
                continue;
            work.out = have_wanted ? out : wanted;
            hash(&work);
            if (have_wanted)
                assert_memory_equal(out, wanted, sizeof out);
            have_wanted = true;
        }
        /* Each lane has a counter of its own: one input alone gives the same. */
        use_width(0);
        for (size_t n = 0; have_wanted && n < 20; n++) {
            struct blake3_wide one = {
                input + n * BLAKE3_BLOCK_LEN, 1, 1, key, counters[i] + n, 1, 7, 8, 16, out};
            blake3_wide_choose()(&one);
            assert_memory_equal(out, wanted + 32 * n, 32);
        }
    }
    free(input);
}

/* Chunks so far into an input that their counters need the upper half, too: all widths, against no
 * vectors. */
static void test_widths_agree_far_into_an_input(void **)
{
    const size_t len = 200 * BLAKE3_CHUNK_LEN;
    uint8_t *input = test_allocate(len), wanted[32], out[32];
    test_random(input, len);
    for (size_t width = WIDTH_COUNT; width-- > 0;) {
        struct blake3 state;
        use_width(width);
        blake3_init(&state);
        state.chunk_counter = UINT64_C(1) << 33;
        blake3_update(&state, input, len);
        blake3_final(&state, out, sizeof out);
        if (width == WIDTH_COUNT - 1)
            memcpy(wanted, out, sizeof wanted);
        assert_memory_equal(out, wanted, sizeof out);
    }
    free(input);
}

static void test_same_as_b3sum(void **)
{
    static const size_t lens[] = {0, 1, 64, 65, 1024, 1025, 2048, 2049, 200000, 1 << 20};
    use_width(0);
    for (size_t i = 0; i < sizeof lens / sizeof *lens + 10; i++) {
        size_t len = i < sizeof lens / sizeof *lens ? lens[i] : test_random_below(300000);
        uint8_t *input = test_allocate(len), out[32], wanted[32];
        test_random(input, len);
        struct blake3 state;
        blake3_init(&state);
        feed(&state, input, len, 0);
        blake3_final(&state, out, sizeof out);
        b3sum(input, len, wanted);
        assert_memory_equal(out, wanted, sizeof out);
        free(input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_official_vectors_hash),
        cmocka_unit_test(test_official_vectors_keyed),
        cmocka_unit_test(test_official_vectors_derive_key),
        cmocka_unit_test(test_official_vectors_extended_output),
        cmocka_unit_test(test_one_call_functions_are_the_same),
        cmocka_unit_test(test_extended_output_far_away),
        cmocka_unit_test(test_state_goes_on_after_output),
        cmocka_unit_test(test_empty_updates_change_nothing),
        cmocka_unit_test(test_every_width_is_chosen_where_it_can_be),
        cmocka_unit_test(test_all_widths_agree_on_long_inputs),
        cmocka_unit_test(test_wide_counters_reach_beyond_32_bits),
        cmocka_unit_test(test_widths_agree_far_into_an_input),
        cmocka_unit_test(test_same_as_b3sum),
    };
    return cmocka_run_group_tests_name("blake3", tests, nullptr, nullptr);
}
