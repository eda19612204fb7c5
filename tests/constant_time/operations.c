/*
 * operations.c - runs every operation on secrets with the secrets marked undefined, under valgrind.
 *
 * memcheck follows undefined bits through registers and memory and reports a conditional jump or an
 * address that depends on one. So: no error, no branch and no table index on a secret. An operation
 * whose output is defined has not seen the secret, and fails too. What is declared public on the
 * way is in declassify.c and memcheck.supp. Not seen: instructions that take longer for some
 * operands (division), and what the processor does on its own.
 *
 * ML-DSA key generation is not here: its rejection of bytes of the seed's hash (FIPS 204, algorithm
 * 31) is one branch on a secret after another, by design.
 */
#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "crypto/chacha20.h"
#include "crypto/ed25519.h"
#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "crypto/pqc_random.h"
#include "crypto/random.h"
#include "crypto/workspace.h"
#include "tests/constant_time/planted.h"

#include <stdio.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

/* Offsets of what is secret in the two post-quantum keys. ML-KEM (FIPS 203 §6.1): s at the start,
 * z at the end. ML-DSA (FIPS 204, algorithm 24): rho || K || tr || s1, s2, t0. */
#define MLKEM_S_LEN 1152u
#define MLKEM_Z_LEN 32u
#define MLDSA_K_OFFSET 32u
#define MLDSA_K_LEN 32u
#define MLDSA_S1_OFFSET 128u
/* Of so many messages some take several rounds of the rejection loop. */
#define MLDSA_SIGNATURE_COUNT 3u

struct output {
    const void *bytes;
    size_t len;
};

struct operation {
    const char *name;
    struct output (*run)(void);
    bool leaks;
};

static uint8_t message[3000];

void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    function(argument);
}

void pqc_random_failed(void)
{
    static const char why[] = "constant-time: randomness that was not given\n";

    (void)!write(STDERR_FILENO, why, sizeof why - 1);
    _exit(1);
}

static void fill(void *bytes, size_t len, uint8_t start)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(start + 29 * i);
}

static void make_secret(void *bytes, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, len);
}

static void fill_secret(void *bytes, size_t len, uint8_t start)
{
    fill(bytes, len, start);
    make_secret(bytes, len);
}

/* An operation that failed has no output; whether it did is never a secret. */
static struct output output_unless(bool failed, const void *bytes, size_t len)
{
    return failed ? (struct output){nullptr, 0} : (struct output){bytes, len};
}

static struct output run_equal(void)
{
    static uint8_t a[64], b[64];
    static bool equal;

    fill_secret(a, sizeof a, 1);
    fill_secret(b, sizeof b, 1);
    equal = bytes_equal(a, b, sizeof a);
    return (struct output){&equal, sizeof equal};
}

static struct output run_zero(void)
{
    static uint8_t a[64];
    static bool zero;

    fill_secret(a, sizeof a, 1);
    zero = bytes_are_zero(a, sizeof a);
    return (struct output){&zero, sizeof zero};
}

static struct output run_chacha20(void)
{
    static uint8_t key[CHACHA20_KEY_LEN], out[CHACHA20_BLOCK_LEN];
    static const uint8_t nonce[CHACHA20_NONCE_LEN];

    fill_secret(key, sizeof key, 2);
    chacha20_block(key, 1, nonce, out);
    return (struct output){out, sizeof out};
}

static struct output run_random(void)
{
    static uint8_t entropy[48], out[2 * RANDOM_BUFFER_LEN + 7];
    static struct random generator;

    fill_secret(entropy, sizeof entropy, 3);
    random_seed(&generator, entropy, sizeof entropy, true);
    bool failed = random_bytes(&generator, out, 5) != NONOS_OK;
    random_seed(&generator, entropy, sizeof entropy, false);
    failed |= random_bytes(&generator, out, sizeof out) != NONOS_OK;
    return output_unless(failed, out, sizeof out);
}

static struct output run_blake3_keyed(void)
{
    static uint8_t key[BLAKE3_KEY_LEN], out[2 * BLAKE3_BLOCK_LEN];
    static struct blake3 state;

    fill_secret(key, sizeof key, 4);
    blake3_init_keyed(&state, key);
    blake3_update(&state, message, sizeof message);
    blake3_final(&state, out, sizeof out);
    return (struct output){out, sizeof out};
}

static struct output run_blake3_derive(void)
{
    static uint8_t material[BLAKE3_CHUNK_LEN + 1], out[BLAKE3_OUT_LEN];

    fill_secret(material, sizeof material, 5);
    blake3_derive_key("NONOS:CONSTANT-TIME:v1", material, sizeof material, out);
    return (struct output){out, sizeof out};
}

static struct output run_ed25519_public_key(void)
{
    static uint8_t seed[ED25519_SEED_LEN], public_key[ED25519_PUBLIC_KEY_LEN];

    fill_secret(seed, sizeof seed, 6);
    ed25519_public_key(seed, public_key);
    return (struct output){public_key, sizeof public_key};
}

static struct output run_ed25519_sign(void)
{
    static uint8_t seed[ED25519_SEED_LEN], signature[ED25519_SIGNATURE_LEN];

    fill_secret(seed, sizeof seed, 7);
    ed25519_sign(seed, message, sizeof message, signature);
    return (struct output){signature, sizeof signature};
}

static uint8_t mlkem_seed[MLKEM768_SEED_LEN];
static uint8_t mlkem_ek[MLKEM768_ENCAPSULATION_KEY_LEN];
static uint8_t mlkem_dk[MLKEM768_DECAPSULATION_KEY_LEN];
static uint8_t mlkem_ciphertext[MLKEM768_CIPHERTEXT_LEN];
static uint8_t mlkem_secret[MLKEM768_SHARED_SECRET_LEN];

static struct output run_mlkem_generate(void)
{
    fill_secret(mlkem_seed, sizeof mlkem_seed, 8);
    bool failed = mlkem768_generate_key(mlkem_seed, mlkem_ek, mlkem_dk) != NONOS_OK;
    return output_unless(failed, mlkem_dk, MLKEM_S_LEN);
}

/* Keys of which nothing is marked, and a ciphertext for them. */
static bool prepare_mlkem(void)
{
    static uint8_t m[MLKEM768_MESSAGE_LEN];

    fill(m, sizeof m, 9);
    fill(mlkem_seed, sizeof mlkem_seed, 10);
    (void)VALGRIND_MAKE_MEM_DEFINED(m, sizeof m);
    (void)VALGRIND_MAKE_MEM_DEFINED(mlkem_seed, sizeof mlkem_seed);
    return mlkem768_generate_key(mlkem_seed, mlkem_ek, mlkem_dk) == NONOS_OK &&
           mlkem768_encapsulate(mlkem_ek, m, mlkem_ciphertext, mlkem_secret) == NONOS_OK;
}

static struct output run_mlkem_encapsulate(void)
{
    static uint8_t m[MLKEM768_MESSAGE_LEN];
    bool failed = !prepare_mlkem();

    fill_secret(m, sizeof m, 11);
    failed |= mlkem768_encapsulate(mlkem_ek, m, mlkem_ciphertext, mlkem_secret) != NONOS_OK;
    return output_unless(failed, mlkem_secret, sizeof mlkem_secret);
}

static struct output decapsulate(uint8_t change)
{
    bool failed = !prepare_mlkem();

    mlkem_ciphertext[100] ^= change;
    make_secret(mlkem_dk, MLKEM_S_LEN);
    make_secret(mlkem_dk + sizeof mlkem_dk - MLKEM_Z_LEN, MLKEM_Z_LEN);
    failed |= mlkem768_decapsulate(mlkem_dk, mlkem_ciphertext, mlkem_secret) != NONOS_OK;
    return output_unless(failed, mlkem_secret, sizeof mlkem_secret);
}

static struct output run_mlkem_decapsulate(void)
{
    return decapsulate(0);
}

static struct output run_mlkem_reject(void)
{
    return decapsulate(1);
}

static struct output run_mldsa_sign(void)
{
    static uint8_t seed[MLDSA65_SEED_LEN], rnd[MLDSA65_RND_LEN];
    static uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN], secret_key[MLDSA65_SECRET_KEY_LEN];
    static uint8_t signature[MLDSA65_SIGNATURE_LEN];

    fill(seed, sizeof seed, 12);
    bool failed = mldsa65_generate_key(seed, public_key, secret_key) != NONOS_OK;
    make_secret(secret_key + MLDSA_K_OFFSET, MLDSA_K_LEN);
    make_secret(secret_key + MLDSA_S1_OFFSET, sizeof secret_key - MLDSA_S1_OFFSET);
    for (uint8_t i = 0; i < MLDSA_SIGNATURE_COUNT; i++) {
        fill_secret(rnd, sizeof rnd, i);
        failed |= mldsa65_sign(secret_key, message, sizeof message, "context", 7, rnd, signature) !=
                  NONOS_OK;
    }
    return output_unless(failed, signature, sizeof signature);
}

static struct output run_planted_branch(void)
{
    static uint8_t a[16], b[16];
    static bool equal;

    fill_secret(a, sizeof a, 1);
    fill_secret(b, sizeof b, 1);
    b[7] ^= 1;
    equal = planted_equal(a, b, sizeof a);
    make_secret(&equal, sizeof equal);
    return (struct output){&equal, sizeof equal};
}

static struct output run_planted_index(void)
{
    static uint8_t secret, out;

    fill_secret(&secret, sizeof secret, 255);
    out = planted_substitute(secret);
    make_secret(&out, sizeof out);
    return (struct output){&out, sizeof out};
}

static const struct operation operations[] = {
    {"bytes_equal", run_equal, false},
    {"bytes_are_zero", run_zero, false},
    {"ChaCha20, block", run_chacha20, false},
    {"random generator", run_random, false},
    {"BLAKE3, keyed", run_blake3_keyed, false},
    {"BLAKE3, derive_key", run_blake3_derive, false},
    {"Ed25519, public key", run_ed25519_public_key, false},
    {"Ed25519, sign", run_ed25519_sign, false},
    {"ML-KEM-768, generate key", run_mlkem_generate, false},
    {"ML-KEM-768, encapsulate", run_mlkem_encapsulate, false},
    {"ML-KEM-768, decapsulate", run_mlkem_decapsulate, false},
    {"ML-KEM-768, implicit rejection", run_mlkem_reject, false},
    {"ML-DSA-65, sign", run_mldsa_sign, false},
    {"planted branch", run_planted_branch, true},
    {"planted table index", run_planted_index, true},
};

/* Whether memcheck holds any bit of it for undefined. Asking is no error. */
static bool depends_on_secret(struct output output)
{
    const uint8_t *bytes = output.bytes;

    for (size_t i = 0; i < output.len; i++) {
        uint8_t undefined = 0;
        if (VALGRIND_GET_VBITS(bytes + i, &undefined, 1) == 1 && undefined != 0)
            return true;
    }
    return false;
}

/* Runs it and prints its line; whether all was as it has to be. */
static bool check(const struct operation *operation)
{
    unsigned before = VALGRIND_COUNT_ERRORS;
    (void)VALGRIND_PRINTF("%s\n", operation->name);
    struct output output = operation->run();
    unsigned errors = VALGRIND_COUNT_ERRORS - before;
    const char *verdict = "ok";

    if (!output.bytes)
        verdict = "FAIL: the operation failed";
    else if (!depends_on_secret(output))
        verdict = "FAIL: no secret came through";
    else if (operation->leaks && errors == 0)
        verdict = "FAIL: a leak that is there was not seen";
    else if (operation->leaks)
        verdict = "ok, has to be seen";
    else if (errors > 0)
        verdict = "FAIL: depends on a secret";
    printf("%-32s %8u  %s\n", operation->name, errors, verdict);
    return verdict[0] == 'o';
}

int main(void)
{
    bool all = true;

    if (!RUNNING_ON_VALGRIND) {
        fputs("constant-time: this has to run under valgrind\n", stderr);
        return 1;
    }
    fill(message, sizeof message, 0);
    printf("%-32s %8s\n", "operation", "errors");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        all &= check(&operations[i]);
    return all ? 0 : 1;
}
