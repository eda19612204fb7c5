/* Any two images compared, and any file asked for its symbols: a difference is found where there is
 * one, and nothing outside the files is read. */
#include "tests/fuzz/elf_mutator.h"

#include "tools/elf_symbols.h"
#include "tools/image_compare.h"
#include "tools/structure.h"

/* What stands behind both files in the input. */
struct choices {
    uint32_t first_len; /* the rest is the second file */
    uint32_t address;
};

static void check_symbol(const uint8_t *file, size_t len, uint64_t address)
{
    struct elf_symbols symbols;
    struct elf_symbol symbol;
    if (elf_symbols_open(file, len, &symbols) != NONOS_OK)
        return;
    if (!elf_symbols_find(&symbols, address, &symbol))
        return;
    fuzz_require((const uint8_t *)symbol.name > file && symbol.name_len > 0);
    fuzz_require((const uint8_t *)symbol.name + symbol.name_len < file + len);
    fuzz_require(symbol.offset <= address);
}

static void check_part(const struct image_part *part, const struct image_side *first,
                       const struct image_side *second)
{
    fuzz_require(part->first.is_there || part->second.is_there);
    fuzz_require(part->first.offset + part->first.len <= first->len || part->differing == 0);
    fuzz_require(part->second.offset + part->second.len <= second->len || part->differing == 0);
    fuzz_require(part->differing > 0 || part->first.len != part->second.len);
    if (part->differing == 0)
        return;
    fuzz_require(part->at < part->first.len && part->at < part->second.len);
    fuzz_require(first->bytes[part->first.offset + part->at] !=
                 second->bytes[part->second.offset + part->at]);
}

static void check_comparison(const struct image_side *first, const struct image_side *second)
{
    size_t len = first->len - NONOS_TRAILER_LEN;
    bool is_same = first->len == second->len && memcmp(first->bytes, second->bytes, len) == 0;
    struct image_comparison *result = fuzz_allocate(sizeof *result);
    image_compare(first, second, result);
    fuzz_require(result->is_same == is_same);
    fuzz_require((image_comparison_first(result) == nullptr) == is_same);
    fuzz_require(result->part_count <= IMAGE_COMPARE_MAX_PARTS);
    for (size_t i = 0; i < result->part_count; i++)
        check_part(&result->parts[i], first, second);
    free(result);
}

static void compare(const uint8_t *bytes, size_t first_len, size_t len)
{
    struct structure structures[2];
    if (first_len < NONOS_IMAGE_MIN_LEN || len - first_len < NONOS_IMAGE_MIN_LEN ||
        structure_read(bytes, first_len, &structures[0]) != NONOS_OK)
        return;
    struct image_side first = {bytes, first_len, &structures[0].elf};
    check_comparison(&first, &first);
    if (structure_read(bytes + first_len, len - first_len, &structures[1]) != NONOS_OK)
        return;
    struct image_side second = {bytes + first_len, len - first_len, &structures[1].elf};
    check_comparison(&first, &second);
    check_comparison(&second, &first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct choices choices;
    if (len < sizeof choices)
        return 0;
    len -= sizeof choices;
    memcpy(&choices, bytes + len, sizeof choices);
    uint8_t *files = fuzz_allocate(len);
    memcpy(files, bytes, len);
    compare(files, choices.first_len < len ? choices.first_len : len, len);
    check_symbol(files, len, UINT64_C(0xFFFFFFFF00000000) | choices.address);
    check_symbol(files, len, choices.address);
    free(files);
    return 0;
}
