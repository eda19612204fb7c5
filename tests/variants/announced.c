/* announced.c - says where the loader was put, and waits for a key, so that a debugger can stop it.
 */
#include "boot/firmware.h"
#include "boot/render.h"
#include "tests/variants/chain.h"

#define POLL_US 10000u

/* UEFI 2.10 §9.1, as far as it is needed here. */
struct placed_image {
    struct efi_loaded_image head;
    void *unused[4];
    void *base;
};
static_assert(offsetof(struct placed_image, base) == 64);

bool chain_prepare(void)
{
    return true;
}

void chain_loaded(efi_handle loader)
{
    const struct placed_image *image = firmware_open_protocol(loader, &efi_loaded_image_guid);
    struct efi_simple_text_input *input = firmware->con_in;
    struct efi_input_key key;
    char line[64];
    if (image == nullptr)
        return;
    render_format(line, sizeof(line), "TEST: the loader is at 0x%llx\r\n",
                  (unsigned long long)(uintptr_t)image->base);
    chain_print(line);
    while (input->read_key_stroke(input, &key) != EFI_SUCCESS)
        (void)firmware_boot->stall(POLL_US);
}
