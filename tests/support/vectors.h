/*
 * vectors.h - what the unit tests share: test vectors, hexadecimal, seeded random bytes.
 *
 * Every function here runs inside a cmocka test: what it cannot do fails that test. The vectors
 * lie in the folder that NONOS_VECTORS names, else in ../shared/vectors; where that folder is
 * absent a test is skipped and says so. A random test prints its seed; NONOS_TEST_SEED=<seed>
 * repeats it.
 */
#ifndef NONOS_TESTS_SUPPORT_VECTORS_H
#define NONOS_TESTS_SUPPORT_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

/* malloc that fails the test instead of returning null. Exactly len bytes (one for none), so that
 * the sanitizer sees the first byte behind them. */
static inline uint8_t *test_allocate(size_t len)
{
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    assert_non_null(bytes);
    return bytes;
}

/* The folder of the vectors. */
static inline const char *vectors_folder(void)
{
    const char *folder = getenv("NONOS_VECTORS");
    return folder && *folder ? folder : "../shared/vectors";
}

/* Loads the JSON file of that name; the caller gives it back with json_decref. Without the folder
 * the test ends here, skipped. A folder without the file is a failure. */
static inline json_t *vectors_load(const char *name)
{
    struct stat status;
    if (stat(vectors_folder(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        print_message("skipped: no test vectors in %s (set NONOS_VECTORS)\n", vectors_folder());
        skip();
    }
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", vectors_folder(), name);
    assert_true(len > 0 && (size_t)len < sizeof path);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root)
        fail_msg("%s, line %d: %s", path, error.line, error.text);
    return root;
}

/* The member of that name, which must be there. */
static inline json_t *vectors_member(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);
    if (!member)
        fail_msg("a vector without \"%s\"", key);
    return member;
}

/* An array that is not empty; a loop over vectors that runs zero times proves nothing. */
static inline json_t *vectors_array(const json_t *object, const char *key)
{
    json_t *array = vectors_member(object, key);
    assert_true(json_is_array(array));
    assert_true(json_array_size(array) > 0);
    return array;
}

static inline const char *vectors_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(vectors_member(object, key));
    assert_non_null(text);
    return text;
}

static inline long long vectors_integer(const json_t *object, const char *key)
{
    json_t *member = vectors_member(object, key);
    assert_true(json_is_integer(member));
    return json_integer_value(member);
}

static inline bool vectors_bool(const json_t *object, const char *key)
{
    json_t *member = vectors_member(object, key);
    assert_true(json_is_boolean(member));
    return json_is_true(member);
}

static inline unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    fail_msg("not a hexadecimal digit: 0x%02x", (unsigned)(unsigned char)c);
    return 0;
}

/* Decodes hex into a new buffer (free it) of exactly *len bytes. */
static inline uint8_t *hex_decode(const char *hex, size_t *len)
{
    size_t digits = strlen(hex);
    assert_int_equal(digits % 2, 0);
    uint8_t *bytes = test_allocate(digits / 2);
    for (size_t i = 0; i < digits / 2; i++)
        bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    *len = digits / 2;
    return bytes;
}

/* Decodes hex that stands for exactly len bytes into out. */
static inline void hex_decode_to(const char *hex, uint8_t *out, size_t len)
{
    size_t have;
    uint8_t *bytes = hex_decode(hex, &have);
    assert_int_equal(have, len);
    memcpy(out, bytes, len);
    free(bytes);
}

/* The bytes of a member that is hexadecimal text (free them). */
static inline uint8_t *vectors_bytes(const json_t *object, const char *key, size_t *len)
{
    return hex_decode(vectors_text(object, key), len);
}

/* The same, where the length is known. */
static inline uint8_t *vectors_bytes_of(const json_t *object, const char *key, size_t wanted_len)
{
    size_t len;
    uint8_t *bytes = vectors_bytes(object, key, &len);
    if (len != wanted_len)
        fail_msg("\"%s\" has %zu bytes and not %zu", key, len, wanted_len);
    return bytes;
}

/* The seed of this run: from NONOS_TEST_SEED, else fresh. Printed once. */
static inline uint64_t test_seed(void)
{
    static uint64_t seed;
    static bool known;
    if (known)
        return seed;
    const char *wanted = getenv("NONOS_TEST_SEED");
    if (wanted && *wanted) {
        char *end;
        seed = strtoull(wanted, &end, 0);
        if (*end != '\0')
            fail_msg("NONOS_TEST_SEED is not a number: %s", wanted);
    } else {
        assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
    }
    known = true;
    print_message("random tests: NONOS_TEST_SEED=0x%016llx repeats them\n",
                  (unsigned long long)seed);
    return seed;
}

/* The next 64 bits (SplitMix64, which shares nothing with the code under test). */
static inline uint64_t test_random_u64(void)
{
    static uint64_t state;
    static bool started;
    if (!started) {
        state = test_seed();
        started = true;
    }
    state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline void test_random(void *out, size_t len)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(test_random_u64() >> 32);
}

/* 0 to bound - 1; bound is small, so the bias of the remainder does not matter. */
static inline size_t test_random_below(size_t bound)
{
    return (size_t)(test_random_u64() % bound);
}

#endif
