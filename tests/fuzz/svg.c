/* The map of any file long enough to be an image: regions that tile it, and a picture that is
 * well-formed XML whatever names are in it. */
#include "tests/fuzz/elf_mutator.h"
#include "tests/support/xml_check.h"

#include "tools/image_svg.h"

/* Enough for a picture of all the regions and segments that an image can have. */
#define PICTURE_MAX_LEN (256u * 1024)

static void check_map(const struct image_map *map, const uint8_t *file, size_t len)
{
    uint64_t end = 0;
    fuzz_require(map->count >= 3 && map->count <= IMAGE_MAP_MAX_REGIONS);
    for (size_t i = 0; i < map->count; i++) {
        const struct image_region *region = &map->regions[i];
        fuzz_require(region->offset == end && region->len > 0);
        end += region->len;
        if (region->kind == IMAGE_REGION_PADDING)
            fuzz_require(bytes_are_zero(file + region->offset, (size_t)region->len));
    }
    fuzz_require(end == len);
    fuzz_require(map->regions[map->count - 2].len == NONOS_PQSIG_LEN);
    fuzz_require(map->regions[map->count - 1].len == NONOS_SIG_LEN);
}

static void check_names(const struct image_map *map, const uint8_t *file, size_t len)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *name = map->regions[i].name;
        if (name == nullptr)
            continue;
        fuzz_require((const uint8_t *)name > file && (const uint8_t *)name < file + len);
        fuzz_require(map->regions[i].name_len < len);
    }
}

static void draw(const struct image_picture *picture)
{
    char *text = nullptr;
    size_t text_len = 0;
    FILE *stream = open_memstream(&text, &text_len);
    fuzz_require(stream != nullptr);
    image_svg_write(stream, picture);
    fuzz_require(fclose(stream) == 0 && text_len == strlen(text) && text_len < PICTURE_MAX_LEN);
    fuzz_require(xml_is_well_formed(text));
    free(text);
}

/* The end of the file, which no rule of the structure looks at, says what else is drawn. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t file_len;
    uint8_t *file = fuzz_take_rest(&input, &file_len);
    if (file_len >= NONOS_IMAGE_MIN_LEN) {
        const uint8_t *end = file + file_len - NONOS_SIG_LEN;
        char name[NONOS_SIG_LEN + 1] = {0};
        memcpy(name, end, NONOS_SIG_LEN);
        struct structure structure;
        struct image_map map;
        enum nonos_error error = structure_read(file, file_len, &structure);
        const struct image_elf *elf = error == NONOS_OK ? &structure.elf : nullptr;
        image_map_make(file, file_len, elf, &map);
        check_map(&map, file, file_len);
        check_names(&map, file, file_len);
        struct identity signer = {.name = "signer", .profile = NONOS_PROFILE_DEV};
        struct image_verdict verdict = {.error = NONOS_E_MLDSA65, .signer = &signer};
        struct image_picture picture = {
            .file = name,
            .len = file_len,
            .map = &map,
            .structure = error == NONOS_OK ? &structure : nullptr,
            .error = error,
            .mldsa65_present = (end[0] & 1) != 0,
            .ed25519_present = (end[0] & 2) != 0,
            .digest = (end[0] & 4) != 0 ? end : nullptr,
            .verdict = (end[0] & 8) != 0 ? &verdict : nullptr,
        };
        draw(&picture);
    }
    free(file);
    return 0;
}
