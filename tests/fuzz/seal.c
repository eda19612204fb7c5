/* Any linked ELF file, made into an image: the result is one, and sealing it again changes
 * nothing. */
#include "tests/fuzz/checks.h"
#include "tests/fuzz/elf_mutator.h"

#include "tools/seal.h"

static void check_sealed(const struct file_bytes *image)
{
    struct image_elf elf;
    enum nonos_image_type type = NONOS_IMAGE_KERNEL;
    enum nonos_error error = image_parse_elf(image->bytes, image->len, type, &elf);
    if (error != NONOS_OK) {
        type = NONOS_IMAGE_CAPSULE;
        error = image_parse_elf(image->bytes, image->len, type, &elf);
    }
    fuzz_require(error == NONOS_OK);
    check_image(&elf, image->bytes, image->len, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    struct file_bytes image, again;
    unsigned line;
    size_t elf_len;
    uint8_t *elf = fuzz_take_rest(&input, &elf_len);
    if (seal_elf(elf, elf_len, &image, &line) == NONOS_OK) {
        check_sealed(&image);
        fuzz_require(seal_elf(image.bytes, image.len, &again, &line) == NONOS_OK);
        fuzz_require(again.len == image.len && memcmp(again.bytes, image.bytes, image.len) == 0);
        file_free(&again);
        file_free(&image);
    } else {
        fuzz_require(image.bytes == nullptr && image.len == 0);
    }
    free(elf);
    return 0;
}
