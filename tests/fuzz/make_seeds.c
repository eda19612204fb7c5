/*
 * make_seeds FOLDER - writes the inputs that fuzzing starts from, FOLDER/<target>/<name>: one or
 * more that are accepted for each target, built from the headers that define their form.
 */
#include "tests/fuzz/acpi_seeds.h"
#include "tests/fuzz/measured_seeds.h"
#include "tests/support/image_builder.h"

#include "abi/handoff.h"
#include "boot/uefi.h"
#include "kernel/pvh_map.h"
#include "tools/message.h"

#include <errno.h>

static const char *folder;

static void write_seed(const char *target, const char *name, const void *bytes, size_t len)
{
    char path[4096];
    int path_len = snprintf(path, sizeof path, "%s/%s", folder, target);
    assert_true(path_len > 0 && (size_t)path_len + 64 < sizeof path);
    assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
    snprintf(path + path_len, sizeof path - (size_t)path_len, "/%s", name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void write_image_seeds(void)
{
    static const char hostile_name[] = "/<a b='c'>&amp;\"]]>\x01\xC3\xB8";
    static_assert(sizeof hostile_name <= NONOS_SIG_LEN);
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV);
    struct file_bytes capsule_elf = built_elf_at(BUILT_CAPSULE_DEV, 0x400000, 0);
    struct file_bytes kernel = built_kernel(BUILT_KERNEL_DEV);
    struct file_bytes capsule = built_capsule(BUILT_CAPSULE_DEV);
    write_seed("seal", "linked-kernel", elf.bytes, elf.len);
    write_seed("seal", "linked-capsule", capsule_elf.bytes, capsule_elf.len);
    write_seed("seal", "sealed-kernel", kernel.bytes, kernel.len);
    write_seed("image", "kernel", kernel.bytes, kernel.len);
    write_seed("image", "capsule", capsule.bytes, capsule.len);
    write_seed("image", "linked-kernel", elf.bytes, elf.len);
    write_seed("svg", "linked-kernel", elf.bytes, elf.len);
    write_seed("svg", "kernel", kernel.bytes, kernel.len);
    write_seed("svg", "capsule", capsule.bytes, capsule.len);
    /* Where the target takes the file's name and its choices from. */
    memcpy(kernel.bytes + kernel.len - NONOS_SIG_LEN, hostile_name, sizeof hostile_name);
    write_seed("svg", "signed-kernel", kernel.bytes, kernel.len);
    write_seed("manifest", "kernel", BUILT_KERNEL_DEV, sizeof BUILT_KERNEL_DEV);
    write_seed("manifest", "capsule", BUILT_CAPSULE_DEV, sizeof BUILT_CAPSULE_DEV);
    file_free(&elf);
    file_free(&capsule_elf);
    file_free(&kernel);
    file_free(&capsule);
}

/* Two files, and behind them where the second starts (tests/fuzz/compare.c). */
static void write_compare_seed(const char *name, struct file_bytes first, struct file_bytes second)
{
    size_t len = first.len + second.len;
    uint8_t *seed = test_allocate(len + 8);
    memcpy(seed, first.bytes, first.len);
    memcpy(seed + first.len, second.bytes, second.len);
    store_le32(seed + len, (uint32_t)first.len);
    store_le32(seed + len + 4, (uint32_t)NONOS_KERNEL_PADDR);
    write_seed("compare", name, seed, len + 8);
    free(seed);
    file_free(&first);
    file_free(&second);
}

/* A linked file whose ".comment" is a table of one symbol. */
static struct file_bytes elf_with_symbol(void)
{
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV);
    uint8_t *header = elf.bytes + 0x6000 + 7 * 64, *symbol = elf.bytes + load_le64(header + 24);
    store_le32(header + 4, 2);
    store_le64(header + 32, 24);
    store_le32(header + 40, 8);
    store_le64(header + 56, 24);
    memset(symbol, 0, 24);
    store_le32(symbol, 1);
    symbol[4] = 2;
    symbol[6] = 1;
    store_le64(symbol + 8, NONOS_KERNEL_PADDR);
    store_le64(symbol + 16, BUILT_RODATA_LEN);
    return elf;
}

static void write_compare_seeds(void)
{
    struct file_bytes other = built_kernel(BUILT_KERNEL_DEV);
    other.bytes[load_le64(built_section_header(other, BUILT_TEXT) + 24) + 3] ^= 1;
    write_compare_seed("another-byte", built_kernel(BUILT_KERNEL_DEV), other);
    write_compare_seed("another-size", built_kernel(BUILT_KERNEL_DEV),
                       built_kernel(BUILT_KERNEL_RELEASE));
    write_compare_seed("symbols", elf_with_symbol(), built_kernel(BUILT_KERNEL_DEV));
}

/* An image, and behind it what tests/fuzz/verify.c is to do with it (struct choices there). */
static void write_verify_seed(const char *name, struct file_bytes image, const uint8_t choices[18])
{
    uint8_t *seed = test_allocate(image.len + 18);
    memcpy(seed, image.bytes, image.len);
    memcpy(seed + image.len, choices, 18);
    write_seed("verify", name, seed, image.len + 18);
    free(seed);
    file_free(&image);
}

static void write_verify_seeds(void)
{
    /* wanted, signed for, halves, signers, trusted, revoked, dev, floor, keys, rights */
    static const uint8_t kernel[18] = {0, 0, 3, 0, 0, 1, 0, 0, 1, 0, 9, 18, 27, 36, 45, 17, 17, 17};
    static const uint8_t capsule[18] = {1, 1, 3,  1,  1,  2,  1,  1,  1,
                                        0, 9, 18, 27, 36, 45, 10, 10, 10};
    static const uint8_t revoked[18] = {0, 0, 3, 0, 0, 1, 3, 0, 1, 0, 9, 18, 27, 36, 0, 17, 17, 17};
    static const uint8_t half[18] = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 9, 18, 27, 36, 45, 17, 17, 17};
    write_verify_seed("kernel", built_kernel(BUILT_KERNEL_RELEASE), kernel);
    write_verify_seed("capsule", built_capsule(BUILT_CAPSULE_DEV), capsule);
    write_verify_seed("revoked", built_kernel(BUILT_KERNEL_RELEASE), revoked);
    write_verify_seed("half", built_kernel(BUILT_KERNEL_RELEASE), half);
}

static void write_signature_seeds(void)
{
    write_seed("signature", "ed25519", "\0", 1);
    write_seed("signature", "mldsa65", "\1", 1);
    write_seed("signature", "mldsa65-hints", "\1\260\14\1\265\14\1", 7);
}

static void write_identity_seeds(void)
{
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t len;
    struct identity kernel = built_identity(1, "first", NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV);
    struct identity all =
        built_identity(2, "second-2", NONOS_IMAGE_KERNEL | NONOS_IMAGE_CAPSULE | NONOS_IMAGE_BUNDLE,
                       NONOS_PROFILE_RELEASE);
    assert_int_equal(identity_format(&kernel, text, sizeof text, &len), NONOS_OK);
    write_seed("identity", "kernel-dev", text, len);
    assert_int_equal(identity_format(&all, text, sizeof text, &len), NONOS_OK);
    write_seed("identity", "all-release", text, len);
}

#define PAGES(n) (NONOS_KERNEL_PADDR + (uint64_t)(n) * 4096)

static void write_handoff_seeds(void)
{
    struct {
        uint64_t paddr;
        struct nonos_handoff handoff;
        struct nonos_memory_region map[5];
    } seed = {.paddr = PAGES(64),
              .handoff = {.magic = NONOS_HANDOFF_MAGIC,
                          .version = NONOS_HANDOFF_VERSION,
                          .size = sizeof(struct nonos_handoff),
                          .flags = NONOS_HANDOFF_VERIFIED | NONOS_HANDOFF_HAS_FRAMEBUFFER |
                                   NONOS_HANDOFF_HAS_WALL_CLOCK | NONOS_HANDOFF_MEASURED,
                          .image_paddr = NONOS_KERNEL_PADDR,
                          .image_len = 0x10000,
                          .image_vaddr = NONOS_KERNEL_PADDR + NONOS_KERNEL_VIRTUAL_OFFSET,
                          .stack_paddr = PAGES(72),
                          .stack_len = NONOS_HANDOFF_STACK_LEN,
                          .stack_vaddr = UINT64_C(0xFFFFFFFFC0001000),
                          .memory_map_paddr = PAGES(65),
                          .memory_map_count = 5,
                          .framebuffer = {.paddr = 0x80000000,
                                          .len = 0x400000,
                                          .width_pixels = 1000,
                                          .height_pixels = 768,
                                          .stride_pixels = 1024,
                                          .format = NONOS_PIXEL_BGRX},
                          .acpi_rsdp_paddr = 0xF5000,
                          .measurement_log_paddr = PAGES(90),
                          .measurement_log_len = 3000,
                          .entropy_sources = NONOS_ENTROPY_ALL,
                          .wall_clock = 1800000000},
              .map = {{.paddr = 0, .page_count = 0x9F, .type = NONOS_MEMORY_USABLE},
                      {.paddr = PAGES(0), .page_count = 16, .type = NONOS_MEMORY_KERNEL},
                      {.paddr = PAGES(16), .page_count = 48, .type = NONOS_MEMORY_USABLE},
                      {.paddr = PAGES(64), .page_count = 32, .type = NONOS_MEMORY_LOADER},
                      {.paddr = 0x80000000, .page_count = 1024, .type = NONOS_MEMORY_MMIO}}};
    write_seed("handoff", "loader", &seed, sizeof seed);
    seed.handoff.flags = 0;
    seed.handoff.measurement_log_paddr = 0;
    seed.handoff.measurement_log_len = 0;
    seed.handoff.framebuffer = (struct nonos_framebuffer){0};
    seed.handoff.wall_clock = 0;
    seed.handoff.entropy_sources = 0;
    write_seed("handoff", "pvh", &seed, sizeof seed);
}

static void write_pvh_map_seed(void)
{
    struct {
        uint32_t image_page;
        uint32_t image_page_count;
        struct pvh_memory entries[6];
    } seed = {.image_page = 0x100,
              .image_page_count = 64,
              .entries = {{.paddr = 0, .len = 0x9FC00, .type = 1},
                          {.paddr = 0x9FC00, .len = 0x400, .type = 2},
                          {.paddr = 0xF0000, .len = 0x10000, .type = 2},
                          {.paddr = 0x100000, .len = 0x7EE0000, .type = 1},
                          {.paddr = 0x7FE0000, .len = 0x20000, .type = 3},
                          {.paddr = 0xFEFFC000, .len = 0x4000, .type = 2}}};
    write_seed("pvh_map", "qemu", &seed, sizeof seed);
}

/* As many regions as there is room for: one entry more is one too many. */
static void write_full_pvh_map_seed(void)
{
    struct {
        uint32_t image_page;
        uint32_t image_page_count;
        struct pvh_memory entries[PVH_MAP_MAX_REGIONS / 2];
    } seed = {.image_page = 0x100, .image_page_count = 64};
    struct pvh_map map;
    seed.entries[0] = (struct pvh_memory){.paddr = 0x100000, .len = 0x10000000, .type = 1};
    for (unsigned i = 1; i < PVH_MAP_MAX_REGIONS / 2; i++)
        seed.entries[i] =
            (struct pvh_memory){.paddr = 0x200000 + i * 0x2000, .len = 0x1000, .type = 2};
    assert_int_equal(pvh_map_build(seed.entries, PVH_MAP_MAX_REGIONS / 2, 0x100000, 0x40000, &map),
                     NONOS_OK);
    assert_int_equal(map.count, PVH_MAP_MAX_REGIONS);
    write_seed("pvh_map", "full", &seed, sizeof seed);
}

static void write_memory_map_seed(void)
{
    struct {
        uint8_t parameters[64];
        struct efi_memory_descriptor descriptors[6];
    } seed = {
        .parameters = {1, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8},
        .descriptors = {
            {.type = EFI_BOOT_SERVICES_CODE, .physical_start = 0, .number_of_pages = 1},
            {.type = EFI_CONVENTIONAL_MEMORY, .physical_start = 0x1000, .number_of_pages = 0x9F},
            {.type = EFI_CONVENTIONAL_MEMORY, .physical_start = 0x100000, .number_of_pages = 0x700},
            {.type = EFI_LOADER_DATA, .physical_start = 0x800000, .number_of_pages = 0x80},
            {.type = EFI_RUNTIME_SERVICES_DATA,
             .physical_start = 0x880000,
             .number_of_pages = 0x10,
             .attribute = EFI_MEMORY_RUNTIME},
            {.type = EFI_MEMORY_MAPPED_IO, .physical_start = 0x80000000, .number_of_pages = 0x400},
        }};
    write_seed("memory_map", "machine", &seed, sizeof seed);
}

/* The choices, two files (mode, length, 32 bytes each), the source. */
static void write_key_seed(const char *name, uint8_t how, uint8_t profile, const char *source)
{
    uint8_t seed[2 + 2 * 34 + 128] = {how, profile};
    size_t len = strlen(source);
    assert_true(len <= 128);
    memset(seed + 4, 0x11, 32);
    memset(seed + 38, 0x22, 32);
    memcpy(seed + 70, source, len);
    write_seed("key", name, seed, 70 + len);
}

static void write_key_seeds(void)
{
    static const char digits[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    write_key_seed("digits", 0, 0, digits);
    write_key_seed("digits-release", 0, 1, digits);
    write_key_seed("variable-file", 0, 0, "key");
    write_key_seed("variable-file-release", 0, 1, "./key");
    write_key_seed("variable-none", 0, 0, "a/name/of/no/file");
    write_key_seed("variable-pkcs11", 0, 0, "pkcs11:token=x");
    write_key_seed("argument-file", 1, 0, "key");
    write_key_seed("argument-digits", 1, 0, digits);
    write_key_seed("argument-dev-release", 1, 1, "./dev_signing_key.bin");
    write_key_seed("argument-pkcs11", 1, 0, "pkcs11:token=x");
    write_key_seed("pair-file", 3, 0, "key");
    write_key_seed("pair-file-release", 3, 1, "./key");
    write_key_seed("pair-digits", 3, 0, digits);
    write_key_seed("pair-pkcs11", 3, 0, "pkcs11:token=x");
    write_key_seed("default", 2, 0, "");
    write_key_seed("default-release", 2, 1, "");
}

static void write_pkcs11_uri_seed(const char *name, const char *uri)
{
    write_seed("pkcs11_uri", name, uri, strlen(uri));
}

static void write_pkcs11_uri_seeds(void)
{
    write_pkcs11_uri_seed("object", "pkcs11:token=nonos;object=release");
    write_pkcs11_uri_seed("all", "pkcs11:token=a%20b;manufacturer=c;model=d;serial=e;slot-id=7;"
                                 "object=f;id=%00%01;type=private");
    write_pkcs11_uri_seed("query", "pkcs11:id=a?module-path=/usr/lib/b.so&pin-source=file:///c");
    write_pkcs11_uri_seed("type", "pkcs11:type=private?pin-source=d");
}

static void write_message_seeds(void)
{
    static const enum message_half halves[] = {MESSAGE_MLDSA65, MESSAGE_ED25519};
    static const enum nonos_image_type types[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE,
                                                  NONOS_IMAGE_BUNDLE};
    static const char *const names[] = {"kernel-pq", "kernel",    "capsule-pq",
                                        "capsule",   "bundle-pq", "bundle"};
    for (size_t i = 0; i < 6; i++) {
        const uint8_t digest[NONOS_DIGEST_LEN] = {0x11, 0x22};
        struct message message;
        message_make(halves[i % 2], types[i / 2], digest, &message);
        write_seed("message", names[i], message.bytes, message.len);
    }
}

static void write_keys_typed(const char *target, const char *name, const char *keys)
{
    write_seed(target, name, keys, strlen(keys));
}

static void write_console_seeds(void)
{
    write_keys_typed("line", "control", "one two three\x17\1x\5y\2\6\4\13\25\14\3");
    write_keys_typed("line", "history",
                     "one\rtwo\r\nthree\n\x10\x10\x0e\x0e"
                     "draft\x1b[A\x1b[A\x1b[B\x1b[B\r");
    write_keys_typed("line", "sequences",
                     "abc\x1b[D\x1b[C\x1b[H\x1b[F\x1bOH\x1bOF\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[D"
                     "\x1b[3~\x7f\x08");
    write_keys_typed("prompt", "plain", "help\rinfo\rmanifest\rselftest\rmemory\r");
    write_keys_typed("prompt", "arguments", "  help  \rhelp me\rnothing\r\r\n \r");
    write_keys_typed("prompt", "random", "random\rrandom 1\rrandom 4096\rrandom 4097\rrandom x\r");
    write_keys_typed("prompt", "panic", "panic null\r\x1b[A\x1b[B\rpanic\r");
    write_keys_typed("prompt", "reboot", "reboot\r");
    write_keys_typed("prompt", "poweroff", "poweroff\n");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    write_image_seeds();
    write_compare_seeds();
    write_verify_seeds();
    write_signature_seeds();
    write_identity_seeds();
    write_handoff_seeds();
    write_pvh_map_seed();
    write_full_pvh_map_seed();
    write_memory_map_seed();
    write_acpi_seeds(write_seed);
    write_key_seeds();
    write_pkcs11_uri_seeds();
    write_keys_typed("virtio", "pci", "\3\2\1\7");
    write_keys_typed("virtio", "memory", "\1\2\2\2\7\16\24\32\40\48\56\64\3");
    write_keys_typed("wrapped_key", "same", "\1\3abc\3abc\1");
    write_keys_typed("trust", "rotation", "\2\5\1\2\6\1\1\5\1\1\6\1");
    write_keys_typed("wrapped_key", "file", "\2NONOS-WRAPPED 1\n\1");
    write_message_seeds();
    write_measured_seeds(write_seed);
    write_console_seeds();
    return 0;
}
