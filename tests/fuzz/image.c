/* The structure of an image and its manifest, as if both signatures had held. */
#include "tests/fuzz/checks.h"
#include "tests/fuzz/elf_mutator.h"

static void parse(const uint8_t *file, size_t len, enum nonos_image_type type)
{
    struct image_elf elf;
    memset(&elf, 0xEE, sizeof elf);
    if (image_parse_elf(file, len, type, &elf) == NONOS_OK)
        check_image(&elf, file, len, type);
    else
        fuzz_require(bytes_are_zero(&elf, sizeof elf));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t file_len;
    uint8_t *file = fuzz_take_rest(&input, &file_len);
    parse(file, file_len, NONOS_IMAGE_KERNEL);
    parse(file, file_len, NONOS_IMAGE_CAPSULE);
    parse(file, file_len, NONOS_IMAGE_BUNDLE);
    free(file);
    return 0;
}
