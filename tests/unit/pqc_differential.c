#include "crypto/bytes.h"
#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "tests/support/vectors.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our adapters against @noble/post-quantum, run by node: tests/differential/noble.mjs. Keys that
 * must be refused (FIPS 203 §7.2) are not compared: version 0.4.1 takes them all. */
#define SCRIPT "tests/differential/noble.mjs"
#define ROUND_COUNT 20u
#define MUTATION_COUNT 5u

struct bytes {
    const void *bytes;
    size_t len;
};

static struct {
    pid_t process;
    FILE *requests;
    FILE *answers;
    char *line; /* the last answer, without its line feed */
    size_t capacity;
} noble;

/* Whether there was another answer. */
static bool read_answer(void)
{
    ssize_t len = getline(&noble.line, &noble.capacity, noble.answers);

    if (len <= 0 || noble.line[len - 1] != '\n')
        return false;
    noble.line[len - 1] = '\0';
    return true;
}

static int start_noble(void **state)
{
    int requests[2];
    int answers[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(requests), 0);
    assert_int_equal(pipe(answers), 0);
    noble.process = fork();
    assert_true(noble.process >= 0);
    if (noble.process == 0) {
        (void)dup2(requests[0], STDIN_FILENO);
        (void)dup2(answers[1], STDOUT_FILENO);
        (void)close(requests[1]);
        (void)close(answers[0]);
        (void)execlp("node", "node", SCRIPT, (char *)nullptr);
        (void)dprintf(STDOUT_FILENO, "absent node is not installed\n");
        _exit(127);
    }
    (void)close(requests[0]);
    (void)close(answers[1]);
    noble.requests = fdopen(requests[1], "w");
    noble.answers = fdopen(answers[0], "r");
    if (!noble.requests || !noble.answers)
        return -1;
    if (!read_answer())
        fail_msg("%s does not start", SCRIPT);
    print_message("noble: %s\n", noble.line);
    return 0;
}

static int stop_noble(void **state)
{
    int status;

    (void)state;
    (void)fclose(noble.requests);
    (void)fclose(noble.answers);
    (void)waitpid(noble.process, &status, 0);
    free(noble.line);
    return 0;
}

static void skip_without_noble(void)
{
    static bool ready;

    if (!ready && strncmp(noble.line, "ready ", 6) != 0) {
        print_message("skipped: %s\n", noble.line);
        skip();
    }
    ready = true;
}

/* Asks for an operation on count arguments; the answer is in noble.line. */
static void ask(const char *operation, size_t count, const struct bytes *arguments)
{
    assert_true(fprintf(noble.requests, "%s", operation) > 0);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = arguments[i].bytes;

        (void)fputs(arguments[i].len == 0 ? " -" : " ", noble.requests);
        for (size_t j = 0; j < arguments[i].len; j++)
            (void)fprintf(noble.requests, "%02x", bytes[j]);
    }
    assert_true(fputc('\n', noble.requests) == '\n');
    assert_int_equal(fflush(noble.requests), 0);
    if (!read_answer())
        fail_msg("no answer to %s", operation);
}

/* The next word of the answer, which must be these bytes. */
static void assert_word(char **rest, const uint8_t *bytes, size_t len)
{
    char *word = strsep(rest, " ");
    size_t word_len;

    if (!word || strncmp(noble.line, "error", 5) == 0) {
        fail_msg("noble answers: %s", noble.line);
        return;
    }
    uint8_t *theirs = hex_decode(word, &word_len);
    assert_int_equal(word_len, len);
    assert_memory_equal(theirs, bytes, len);
    free(theirs);
}

/* The answer is exactly these one or two byte strings (b may be left out: len 0). */
static void assert_answer(struct bytes a, struct bytes b)
{
    char *rest = noble.line;

    assert_word(&rest, a.bytes, a.len);
    if (b.len > 0)
        assert_word(&rest, b.bytes, b.len);
    assert_null(rest);
}

static void test_ml_kem_agrees(void **state)
{
    (void)state;
    skip_without_noble();
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint8_t seed[MLKEM768_SEED_LEN];
        uint8_t message[MLKEM768_MESSAGE_LEN];
        uint8_t ek[MLKEM768_ENCAPSULATION_KEY_LEN];
        uint8_t dk[MLKEM768_DECAPSULATION_KEY_LEN];
        uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
        uint8_t secret[MLKEM768_SHARED_SECRET_LEN];
        const struct bytes none = {nullptr, 0};

        test_random(seed, sizeof seed);
        test_random(message, sizeof message);
        assert_int_equal(mlkem768_generate_key(seed, ek, dk), NONOS_OK);
        ask("kem-keygen", 1, (struct bytes[]){{seed, sizeof seed}});
        assert_answer((struct bytes){ek, sizeof ek}, (struct bytes){dk, sizeof dk});

        assert_int_equal(mlkem768_encapsulate(ek, message, ciphertext, secret), NONOS_OK);
        ask("kem-encapsulate", 2, (struct bytes[]){{ek, sizeof ek}, {message, sizeof message}});
        assert_answer((struct bytes){ciphertext, sizeof ciphertext},
                      (struct bytes){secret, sizeof secret});

        for (unsigned i = 0; i < MUTATION_COUNT; i++) {
            assert_int_equal(mlkem768_decapsulate(dk, ciphertext, secret), NONOS_OK);
            ask("kem-decapsulate", 2,
                (struct bytes[]){{dk, sizeof dk}, {ciphertext, sizeof ciphertext}});
            assert_answer((struct bytes){secret, sizeof secret}, none);
            ciphertext[test_random_below(sizeof ciphertext)] ^=
                (uint8_t)(1u << test_random_below(8));
        }
    }
}

struct signed_message {
    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret_key[MLDSA65_SECRET_KEY_LEN];
    uint8_t message[1000];
    size_t len;
    uint8_t context[MLDSA65_CONTEXT_MAX_LEN];
    size_t context_len;
    uint8_t signature[MLDSA65_SIGNATURE_LEN];
};

static void make_random_message(struct signed_message *m)
{
    uint8_t seed[MLDSA65_SEED_LEN];

    test_random(seed, sizeof seed);
    assert_int_equal(mldsa65_generate_key(seed, m->public_key, m->secret_key), NONOS_OK);
    ask("dsa-keygen", 1, (struct bytes[]){{seed, sizeof seed}});
    assert_answer((struct bytes){m->public_key, sizeof m->public_key},
                  (struct bytes){m->secret_key, sizeof m->secret_key});

    m->len = test_random_below(sizeof m->message);
    m->context_len = test_random_below(sizeof m->context + 1);
    test_random(m->message, m->len);
    test_random(m->context, m->context_len);
}

static void assert_same_signature(struct signed_message *m, const uint8_t *rnd)
{
    const struct bytes arguments[] = {{m->secret_key, sizeof m->secret_key},
                                      {m->message, m->len},
                                      {m->context, m->context_len},
                                      {rnd, MLDSA65_RND_LEN}};

    assert_int_equal(mldsa65_sign(m->secret_key, m->message, m->len, m->context, m->context_len,
                                  rnd, m->signature),
                     NONOS_OK);
    ask("dsa-sign", rnd ? 4 : 3, arguments);
    assert_answer((struct bytes){m->signature, sizeof m->signature}, (struct bytes){nullptr, 0});
}

static bool both_accept(const struct signed_message *m)
{
    const struct bytes arguments[] = {{m->public_key, sizeof m->public_key},
                                      {m->message, m->len},
                                      {m->context, m->context_len},
                                      {m->signature, sizeof m->signature}};
    crypto_verdict verdict =
        mldsa65_verify(m->public_key, m->message, m->len, m->context, m->context_len, m->signature);

    ask("dsa-verify", 4, arguments);
    assert_true(verdict == CRYPTO_VALID || verdict == CRYPTO_INVALID);
    assert_string_equal(noble.line, verdict == CRYPTO_VALID ? "true" : "false");
    return verdict == CRYPTO_VALID;
}

static void test_ml_dsa_agrees(void **state)
{
    /* c~ has 48 bytes, z 5 x 640, the hint 55 indices and 6 ends (FIPS 204 §7.2, table 1). */
    const size_t hint_offset = 48 + 5 * 640;
    static struct signed_message m;

    (void)state;
    skip_without_noble();
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        uint8_t rnd[MLDSA65_RND_LEN];

        test_random(rnd, sizeof rnd);
        make_random_message(&m);
        assert_same_signature(&m, nullptr);
        assert_true(both_accept(&m));
        assert_same_signature(&m, rnd);
        assert_true(both_accept(&m));

        for (unsigned i = 0; i < MUTATION_COUNT; i++) {
            /* Every other change is in the hint, whose encoding has the most rules. */
            size_t where = i % 2 == 0
                               ? test_random_below(sizeof m.signature)
                               : hint_offset + test_random_below(sizeof m.signature - hint_offset);
            uint8_t old = m.signature[where];

            m.signature[where] = (uint8_t)(old + 1 + test_random_below(255));
            assert_false(both_accept(&m));
            m.signature[where] = old;
        }
        m.public_key[test_random_below(sizeof m.public_key)] ^= 0x01;
        assert_false(both_accept(&m));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_kem_agrees),
        cmocka_unit_test(test_ml_dsa_agrees),
    };

    return cmocka_run_group_tests_name("pqc_differential", tests, start_noble, stop_noble);
}
