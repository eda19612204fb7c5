/* What a signer is asked to sign: any bytes, and only those that a message is made of are taken. */
#include "tests/fuzz/fuzz.h"

#include "tools/message.h"

/* Made again from what was understood, it is what was read: nothing else would be signed. */
static void check_taken(const struct message *message, const uint8_t *bytes, size_t len)
{
    struct message again;
    fuzz_require(message->half == MESSAGE_MLDSA65 || message->half == MESSAGE_ED25519);
    fuzz_require(message->type == NONOS_IMAGE_KERNEL || message->type == NONOS_IMAGE_CAPSULE);
    message_make(message->half, message->type, message->digest, &again);
    fuzz_require(again.len == len && memcmp(again.bytes, bytes, len) == 0);
    fuzz_require(message->len == len && memcmp(message->bytes, bytes, len) == 0);
    fuzz_require((bytes[0] == 0) == (message->half == MESSAGE_MLDSA65));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct message message;
    struct fuzz_input input = {bytes, len};
    size_t exact_len = 0;
    uint8_t *exact = fuzz_take_rest(&input, &exact_len);
    enum nonos_error error = message_read(exact, exact_len, &message);
    fuzz_require(error == NONOS_OK || error == NONOS_E_MESSAGE);
    if (error == NONOS_OK)
        check_taken(&message, exact, exact_len);
    else
        fuzz_require(message.len == 0 && message.bytes[0] == 0 && message.digest[0] == 0);
    free(exact);
    return 0;
}
