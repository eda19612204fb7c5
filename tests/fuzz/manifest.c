/* The manifest alone. */
#include "tests/fuzz/checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t text_len;
    uint8_t *text = fuzz_take_rest(&input, &text_len);
    check_manifest(text, text_len);
    free(text);
    /* The same as text without the NUL, which random changes seldom leave in its place. */
    text = fuzz_allocate(len + 1);
    if (len > 0)
        memcpy(text, bytes, len);
    check_manifest(text, len + 1);
    free(text);
    return 0;
}
