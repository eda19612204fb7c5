#include "kernel/selftest.h"

#include "crypto/blake3.h"
#include "kernel/mem/heap.h"
#include "kernel/panic.h"
#include "kernel/selftest_vectors.h"
#include "tests/support/vectors.h"

/* The kernel around the self-tests: memory, and a panic that a test can expect. */
static jmp_buf panicked;
static unsigned heap_alive;
static bool heap_is_empty;

void panic(const char *format, ...)
{
    (void)format;
    longjmp(panicked, 1);
}

void panic_no_memory(const char *what)
{
    panic("%s", what);
}

void *heap_allocate(size_t len)
{
    if (heap_is_empty)
        return nullptr;
    heap_alive++;
    return calloc(1, len);
}

void heap_free(void *memory)
{
    heap_alive--;
    free(memory);
}

static void test_all_pass([[maybe_unused]] void **state)
{
    void *memory = test_allocate(SELFTEST_MEMORY_LEN);
    const char *failed = "not set";

    assert_int_equal(selftest_run_in(memory, &failed), NONOS_OK);
    assert_null(failed);
    assert_int_equal(selftest_passed_count(), 7);
    free(memory);
}

static void test_every_primitive_is_named_once([[maybe_unused]] void **state)
{
    static const char *const names[] = {"BLAKE3",  "SHA-512",    "SHA-3",    "ChaCha20",
                                        "Ed25519", "ML-KEM-768", "ML-DSA-65"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(selftest_name(i), names[i]);
    assert_null(selftest_name(sizeof names / sizeof names[0]));
    assert_null(selftest_name(SIZE_MAX));
}

static void test_run_gives_its_memory_back([[maybe_unused]] void **state)
{
    if (setjmp(panicked) != 0)
        fail_msg("a panic");
    selftest_run();
    assert_int_equal(heap_alive, 0);
}

static void test_run_panics_without_memory([[maybe_unused]] void **state)
{
    heap_is_empty = true;
    if (setjmp(panicked) == 0) {
        selftest_run();
        heap_is_empty = false;
        fail_msg("no panic");
    }
    heap_is_empty = false;
}

/* The case of a NIST vector file that kernel/selftest_vectors.h names. */
static json_t *acvp_case(json_t *root, const char *function, long long id)
{
    json_t *groups = vectors_array(root, "testGroups");
    json_t *group;
    json_t *test;
    size_t i;
    size_t j;

    json_array_foreach(groups, i, group)
    {
        json_t *of = json_object_get(group, "function");

        if (function != nullptr && (of == nullptr || strcmp(json_string_value(of), function) != 0))
            continue;
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            if (vectors_integer(test, "tcId") == id)
                return test;
        }
    }
    fail_msg("no case %lld", id);
    return nullptr;
}

static void check_member(const json_t *test, const char *key, const uint8_t *wanted, size_t len)
{
    uint8_t *bytes = vectors_bytes_of(test, key, len);

    assert_memory_equal(bytes, wanted, len);
    free(bytes);
}

static void check_digest(const json_t *test, const char *key, const uint8_t wanted[BLAKE3_OUT_LEN])
{
    uint8_t digest[BLAKE3_OUT_LEN];
    size_t len;
    uint8_t *bytes = vectors_bytes(test, key, &len);

    blake3_hash(bytes, len, digest);
    assert_memory_equal(digest, wanted, sizeof digest);
    free(bytes);
}

static void test_mlkem768_vectors_are_nists([[maybe_unused]] void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-keygen-ml-kem-768.json");
    json_t *test = acvp_case(root, nullptr, 26);

    check_member(test, "d", mlkem768_seed, 32);
    check_member(test, "z", mlkem768_seed + 32, 32);
    check_digest(test, "ek", mlkem768_ek_digest);
    check_digest(test, "dk", mlkem768_dk_digest);
    json_decref(root);
    root = vectors_load("acvp-ml-kem-encapdecap-ml-kem-768.json");
    check_member(acvp_case(root, "encapsulation", 26), "m", mlkem768_message, 32);
    json_decref(root);
}

static void test_mldsa65_vectors_are_nists([[maybe_unused]] void **state)
{
    json_t *root = vectors_load("acvp-ml-dsa-keygen-ml-dsa-65.json");
    json_t *test = acvp_case(root, nullptr, 26);

    check_member(test, "seed", mldsa65_seed, 32);
    check_digest(test, "pk", mldsa65_pk_digest);
    check_digest(test, "sk", mldsa65_sk_digest);
    json_decref(root);
}

static void test_blake3_vectors_are_official([[maybe_unused]] void **state)
{
    json_t *root = vectors_load("blake3-official.json");
    json_t *test;
    size_t i;
    unsigned found = 0;

    json_array_foreach(vectors_array(root, "cases"), i, test)
    {
        long long len = vectors_integer(test, "input_len");
        uint8_t *hash = vectors_bytes_of(test, "hash", 131);
        uint8_t *keyed = vectors_bytes_of(test, "keyed_hash", 131);
        uint8_t *derived = vectors_bytes_of(test, "derive_key", 131);

        if (len == BLAKE3_SHORT_LEN) {
            assert_memory_equal(hash, blake3_short_expected, 32);
            found++;
        } else if (len == BLAKE3_INPUT_LEN) {
            assert_memory_equal(hash, blake3_hash_expected, 32);
            assert_memory_equal(hash + BLAKE3_XOF_OFFSET, blake3_xof_expected, 32);
            assert_memory_equal(keyed, blake3_keyed_expected, 32);
            assert_memory_equal(derived, blake3_derive_expected, 32);
            found++;
        }
        free(hash);
        free(keyed);
        free(derived);
    }
    assert_int_equal(found, 2);
    assert_string_equal(vectors_text(root, "context_string"), BLAKE3_CONTEXT);
    assert_memory_equal(vectors_text(root, "key"), blake3_key, sizeof blake3_key);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pass),
        cmocka_unit_test(test_every_primitive_is_named_once),
        cmocka_unit_test(test_run_gives_its_memory_back),
        cmocka_unit_test(test_run_panics_without_memory),
        cmocka_unit_test(test_mlkem768_vectors_are_nists),
        cmocka_unit_test(test_mldsa65_vectors_are_nists),
        cmocka_unit_test(test_blake3_vectors_are_official),
    };

    return cmocka_run_group_tests_name("selftest", tests, nullptr, nullptr);
}
