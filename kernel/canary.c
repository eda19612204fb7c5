#include "kernel/canary.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/rdrand.h"

/* What guards the few functions that run, and return, before canary_init. */
uintptr_t __stack_chk_guard = 0x595E9FBD94FDA700;

/* Its own frame lives while the value changes. The hash keeps the canary, which may leak, from
 * telling anything about the entropy, which seeds the generator as well. */
[[clang::no_stack_protector]] void canary_init(const void *entropy, size_t len)
{
    struct blake3 state;
    uint8_t out[BLAKE3_OUT_LEN];
    uint64_t words[2] = {control_read_tsc(), 0};

    if (features_get()->rdrand)
        (void)rdrand_attempt(&words[1]);
    blake3_init_derive_key(&state, "NONOS:CANARY:v1");
    blake3_update(&state, entropy, len);
    blake3_update(&state, words, sizeof words);
    blake3_final(&state, out, sizeof out);
    __stack_chk_guard = load_le64(out) & ~UINT64_C(0xFF);
    bytes_wipe(&state, sizeof state);
    bytes_wipe(out, sizeof out);
    bytes_wipe(words, sizeof words);
}
