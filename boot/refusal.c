#include "boot/refusal.h"

#include "boot/cpu.h"
#include "boot/firmware.h"
#include "boot/measure.h"
#include "boot/progress.h"
#include "crypto/bytes.h"
#include "image/error.h"

#define WAIT_S 30u
#define POLL_US 10000u

static void *secret;
static size_t secret_len;

void refusal_wipes(void *bytes, size_t len)
{
    secret = bytes;
    secret_len = len;
}

static void wait_for_key(void)
{
    struct efi_simple_text_input *input = firmware->con_in;
    struct efi_input_key key;
    if (input != nullptr)
        (void)input->reset(input, 0); /* forgets keys pressed before the refusal */
    for (unsigned i = 0; i < WAIT_S * (1000000u / POLL_US); i++) {
        if (input != nullptr && input->read_key_stroke(input, &key) == EFI_SUCCESS)
            return;
        (void)firmware_boot->stall(POLL_US);
    }
}

void refuse(const char *what, enum nonos_error error)
{
    if (secret != nullptr)
        bytes_wipe(secret, secret_len);
    bool is_capped = measure_refusal();
    progress_line("refused: %s: %s (%s, code %u)", what, error_text(error), error_name(error),
                  (uint32_t)error);
    if (!is_capped)
        progress_line(
            "the TPM did not take the mark of this refusal: PCR 11 is open until the reset");
    progress_result(BOOT_SCREEN_REFUSED, "%s, code %u: %s: %s. %s", error_name(error),
                    (uint32_t)error, what, error_text(error),
                    firmware_is_left ? "The machine has stopped."
                                     : "Press a key to reset the machine.");
    if (firmware_is_left)
        cpu_stop();
    progress_line("press a key to reset the machine; it resets by itself in %u s", WAIT_S);
    wait_for_key();
    firmware->runtime->reset_system(EFI_RESET_COLD, EFI_SUCCESS, 0, nullptr);
    cpu_stop();
}

void require(const char *what, enum nonos_error error)
{
    if (error != NONOS_OK)
        refuse(what, error);
}
