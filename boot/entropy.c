#include "boot/entropy.h"

#include "abi/handoff.h"
#include "boot/cpu.h"
#include "boot/firmware.h"
#include "crypto/blake3.h"
#include "crypto/bytes.h"

#include <string.h>

#define CONTEXT "NONOS:HANDOFF:ENTROPY:v1"

/* Per source. RDRAND reseeds from the conditioner every 511 values at the latest (SDM vol. 1
 * §7.3.17); 64 bytes hold 256 bits of entropy with room to spare. */
#define SAMPLE_LEN 64u
#define RDRAND_TRIES 10u /* SDM vol. 1 §7.3.17.1 */
#define RDSEED_TRIES 1000u

/* Broken generators are known that return one value for ever, mostly all ones. */
static bool looks_stuck(const uint8_t sample[SAMPLE_LEN])
{
    for (size_t i = 8; i < SAMPLE_LEN; i += 8) {
        if (load_le64(sample + i) != load_le64(sample))
            return false;
    }
    return true;
}

static bool sample_firmware(uint8_t sample[SAMPLE_LEN])
{
    struct efi_rng *rng = firmware_find_protocol(&efi_rng_guid);
    return rng != nullptr && !efi_failed(rng->get_rng(rng, nullptr, SAMPLE_LEN, sample));
}

static bool sample_cpu(bool (*instruction)(uint64_t *), unsigned tries, uint8_t sample[SAMPLE_LEN])
{
    for (size_t i = 0; i < SAMPLE_LEN; i += 8) {
        uint64_t value = 0;
        bool ready = false;
        for (unsigned t = 0; t < tries && !ready; t++) {
            ready = instruction(&value);
            if (!ready)
                cpu_pause();
        }
        if (!ready)
            return false;
        store_le64(sample + i, value);
    }
    return true;
}

/* What came is mixed in even when it does not count. */
static void mix(struct blake3 *state, uint8_t sample[SAMPLE_LEN], bool delivered, uint32_t source,
                uint32_t *sources)
{
    uint8_t head[12];
    if (delivered && !looks_stuck(sample))
        *sources |= source;
    store_le32(head, source);
    store_le64(head + 4, cpu_read_tsc());
    blake3_update(state, head, sizeof(head));
    blake3_update(state, sample, SAMPLE_LEN);
    bytes_wipe(sample, SAMPLE_LEN);
}

enum nonos_error entropy_collect(const struct hardware *hardware, uint8_t out[ENTROPY_LEN],
                                 uint32_t *sources)
{
    struct blake3 state;
    uint8_t sample[SAMPLE_LEN] = {};
    *sources = 0;
    blake3_init_derive_key(&state, CONTEXT);
    mix(&state, sample, sample_firmware(sample), NONOS_ENTROPY_FIRMWARE, sources);
    mix(&state, sample, hardware->has_rdrand && sample_cpu(cpu_rdrand, RDRAND_TRIES, sample),
        NONOS_ENTROPY_RDRAND, sources);
    mix(&state, sample, hardware->has_rdseed && sample_cpu(cpu_rdseed, RDSEED_TRIES, sample),
        NONOS_ENTROPY_RDSEED, sources);
    blake3_final(&state, out, ENTROPY_LEN);
    bytes_wipe(&state, sizeof(state));
    if (*sources != 0)
        return NONOS_OK;
    bytes_wipe(out, ENTROPY_LEN);
    return NONOS_E_NO_ENTROPY;
}
