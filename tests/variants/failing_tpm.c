/* failing_tpm.c - a TPM 2.0 that says what it is given, and does not take the manifest. */
#include "boot/render.h"
#include "tests/variants/chain.h"
#include "tests/variants/stub_tpm.h"

efi_status stub_tpm_extend(unsigned number, const struct efi_tcg2_event *event)
{
    bool is_taken = number != 1;
    char line[64];
    render_format(line, sizeof(line), "TEST: PCR %u, type %u, starts with 0x%x, %s\r\n", event->pcr,
                  event->type, (uint32_t)event->data[0], is_taken ? "taken" : "not taken");
    chain_print(line);
    return is_taken ? EFI_SUCCESS : EFI_ERROR_BIT | 7;
}
