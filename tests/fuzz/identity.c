/* The text of an identity: as it is, and again with the id that belongs to its keys. */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "image/identity.h"
#include "image/text.h"

static bool find_hex(const char *text, size_t len, const char *key, uint8_t *out, size_t out_len,
                     size_t *at)
{
    const char *found = memmem(text, len, key, strlen(key));
    if (found == nullptr)
        return false;
    *at = (size_t)(found - text) + strlen(key);
    return len - *at >= 2 * out_len && text_read_hex(text + *at, 2 * out_len, out, out_len);
}

/* Without it, a changed key is never seen by anything behind the comparison of ids. */
static bool mend_id(char *text, size_t len)
{
    static uint8_t ed25519[ED25519_PUBLIC_KEY_LEN], mldsa65[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t id[NONOS_IDENTITY_ID_LEN];
    size_t at;
    if (!find_hex(text, len, "\ned25519=", ed25519, sizeof ed25519, &at) ||
        !find_hex(text, len, "\nmldsa65=", mldsa65, sizeof mldsa65, &at) ||
        !find_hex(text, len, "\nid=", id, sizeof id, &at))
        return false;
    identity_compute_id(ed25519, mldsa65, id);
    text_write_hex(id, sizeof id, text + at);
    return true;
}

static void parse(const char *text, size_t len)
{
    struct identity identity;
    memset(&identity, 0xEE, sizeof identity);
    if (identity_parse(text, len, &identity) != NONOS_OK) {
        fuzz_require(bytes_are_zero(&identity, sizeof identity));
        return;
    }
    fuzz_require(identity_check(&identity) == NONOS_OK);
    fuzz_require(identity_name_is_valid(identity.name));
    fuzz_require(identity_check_set(&identity, 1) == NONOS_OK);
    /* An identity has one text. */
    char again[IDENTITY_TEXT_MAX_LEN];
    size_t again_len;
    fuzz_require(identity_format(&identity, again, sizeof again, &again_len) == NONOS_OK);
    fuzz_require(again_len == len && memcmp(again, text, len) == 0);
    fuzz_require(identity_format(&identity, again, len, &again_len) == NONOS_E_SIZE);
}

/* Nine tenths of the text are the digits of a key: half of the changes leave those out. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max_len, unsigned seed)
{
    const uint8_t *keys = memmem(bytes, len, "\nid=", 4);
    if (seed % 2 == 0 || keys == nullptr)
        return LLVMFuzzerMutate(bytes, len, max_len);
    size_t head_len = (size_t)(keys - bytes);
    size_t tail_len = len - head_len;
    uint8_t *tail = fuzz_allocate(tail_len);
    memcpy(tail, keys, tail_len);
    head_len = LLVMFuzzerMutate(bytes, head_len, max_len - tail_len);
    memcpy(bytes + head_len, tail, tail_len);
    free(tail);
    return head_len + tail_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t text_len;
    char *text = (char *)fuzz_take_rest(&input, &text_len);
    parse(text, text_len);
    if (mend_id(text, text_len))
        parse(text, text_len);
    free(text);
    return 0;
}
