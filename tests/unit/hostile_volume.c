/*
 * A boot disk that works against us: its file grows, shrinks, changes between two reads, lies about
 * its length, breaks off. What is verified is what was read, and what is placed is what was
 * verified: the file is opened once and each of its bytes is asked for once.
 */
#include "boot/kernel_file.h"
#include "boot/place.h"
#include "tests/support/fake_firmware.h"
#include "tests/support/verifying.h"

#define NEVER UINT64_MAX

static struct {
    struct efi_file_system volume;
    struct efi_file root;
    struct efi_file file;
    struct efi_loaded_image image;
    const uint8_t *before; /* what the file has in the reads up to turn_at ... */
    const uint8_t *after;  /* ... and what in those from there on */
    uint64_t turn_at;      /* position */
    uint64_t reported_len;
    uint64_t len;         /* what there is to read */
    uint64_t piece_len;   /* at most so many bytes a read */
    uint64_t fail_at;     /* position from which on reads fail */
    uint64_t over_report; /* a read claims so many bytes more than it was asked for */
    uint64_t info_len;    /* what get_info says it wrote */
    uint64_t position;
    unsigned open_count;
    unsigned close_count;
    unsigned read_count;
} disk;

static struct file_bytes first, second; /* two kernels, signed by alice; of one length */

static efi_status EFIAPI open_volume(struct efi_file_system *volume, struct efi_file **root)
{
    assert_ptr_equal(volume, &disk.volume);
    *root = &disk.root;
    return EFI_SUCCESS;
}

static efi_status EFIAPI open_file(struct efi_file *root, struct efi_file **file,
                                   const efi_char16 *name, uint64_t mode, uint64_t attributes)
{
    assert_ptr_equal(root, &disk.root);
    assert_true(name[0] == '\\' && mode == EFI_FILE_MODE_READ && attributes == 0);
    disk.open_count++;
    *file = &disk.file;
    return EFI_SUCCESS;
}

static efi_status EFIAPI close_file(struct efi_file *file)
{
    disk.close_count += file == &disk.file;
    return EFI_SUCCESS;
}

static efi_status EFIAPI get_info(struct efi_file *file, const struct efi_guid *guid,
                                  uint64_t *size, void *info)
{
    const struct efi_file_info filled = {.size = sizeof(filled), .file_size = disk.reported_len};
    assert_ptr_equal(file, &disk.file);
    assert_memory_equal(guid, &efi_file_info_guid, sizeof(*guid));
    assert_true(*size >= sizeof(filled));
    memcpy(info, &filled, sizeof(filled));
    *size = disk.info_len;
    return EFI_SUCCESS;
}

static uint8_t byte_at(uint64_t position)
{
    const uint8_t *bytes = position < disk.turn_at ? disk.before : disk.after;
    return position < first.len ? bytes[position] : 0;
}

/* Like a real one it goes on where it was; nothing can be read twice without another open(). */
static efi_status EFIAPI read_file(struct efi_file *file, uint64_t *size, void *buffer)
{
    assert_ptr_equal(file, &disk.file);
    disk.read_count++;
    if (disk.position >= disk.fail_at)
        return EFI_ERROR_BIT | 7;
    uint64_t left = disk.len - disk.position;
    uint64_t len = *size < left ? *size : left;
    len = len < disk.piece_len ? len : disk.piece_len;
    for (uint64_t i = 0; i < len; i++)
        ((uint8_t *)buffer)[i] = byte_at(disk.position + i);
    disk.position += len;
    *size = len + (disk.over_report > 0 ? *size - len + disk.over_report : 0);
    return EFI_SUCCESS;
}

/* A disk with this file on it, which behaves. */
static void insert(const uint8_t *before, const uint8_t *after, uint64_t len)
{
    static int device;
    fake_reset();
    memset(&disk, 0, sizeof(disk));
    disk.volume.open_volume = open_volume;
    disk.root.open = open_file;
    disk.root.close = close_file;
    disk.file.close = close_file;
    disk.file.get_info = get_info;
    disk.file.read = read_file;
    disk.image.device = &device;
    disk.before = before;
    disk.after = after;
    disk.turn_at = NEVER;
    disk.reported_len = disk.len = len;
    disk.piece_len = disk.fail_at = NEVER;
    disk.info_len = sizeof(struct efi_file_info) + 22;
    fake_add(firmware_image, &efi_loaded_image_guid, &disk.image);
    fake_add(&device, &efi_file_system_guid, &disk.volume);
}

static int make_kernels(void **state)
{
    make_identities(state);
    first = built_kernel(BUILT_KERNEL_RELEASE);
    second = built_copy(first);
    built_replace(second, "version=0.1.0", "version=0.2.0");
    memset(second.bytes + load_le64(built_program_header(second, BUILT_X) + 8), 0xCC,
           BUILT_TEXT_LEN);
    built_sign(first, NONOS_IMAGE_KERNEL, 1);
    built_sign(second, NONOS_IMAGE_KERNEL, 1);
    return 0;
}

static int free_kernels(void **)
{
    fake_free();
    file_free(&first);
    file_free(&second);
    return 0;
}

static void check_refused(enum nonos_error expected)
{
    const uint8_t *bytes = first.bytes;
    size_t len = 1;
    assert_int_equal(kernel_file_read(&bytes, &len), expected);
    assert_null(bytes);
    assert_int_equal(len, 0);
    assert_int_equal(fake.block_count, 0);
    assert_int_equal(disk.open_count, disk.close_count);
}

/* What the loader says of the file that is there. */
static enum nonos_error read_and_verify(void)
{
    struct image_policy policy = trust(&alice, 1);
    const uint8_t *bytes;
    size_t len;
    enum nonos_error error = kernel_file_read(&bytes, &len);
    assert_int_equal(disk.open_count, 1);
    assert_int_equal(disk.close_count, 1);
    if (error != NONOS_OK)
        return error;
    return verify((struct file_bytes){(uint8_t *)(uintptr_t)bytes, len}, &policy);
}

/* The length is asked for; then the file is another one, longer or shorter. */
static void test_length_that_changes_after_it_was_asked_for(void **)
{
    const uint64_t len = first.len;
    const uint64_t others[] = {0,
                               1,
                               4095,
                               4096,
                               len / 2,
                               len - 1,
                               len + 1,
                               len + 4096,
                               NONOS_IMAGE_MAX_LEN,
                               NONOS_IMAGE_MAX_LEN + 1,
                               NEVER / 2};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        insert(first.bytes, first.bytes, len);
        disk.len = others[i];
        check_refused(NONOS_E_IMAGE_CHANGED);
        assert_true(disk.position <= len + 1);
        insert(first.bytes, first.bytes, len);
        disk.reported_len = others[i];
        if (others[i] < NONOS_IMAGE_MIN_LEN)
            check_refused(NONOS_E_IMAGE_SHORT);
        else if (others[i] > NONOS_IMAGE_MAX_LEN)
            check_refused(NONOS_E_IMAGE_LONG);
        else
            check_refused(NONOS_E_IMAGE_CHANGED);
    }
}

/* Nothing is allocated for, or read from, a file that is too long or too short. */
static void test_length_at_its_limits(void **)
{
    static const struct {
        uint64_t len;
        enum nonos_error expected;
    } limits[] = {
        {0, NONOS_E_IMAGE_SHORT},
        {NONOS_IMAGE_MIN_LEN - 1, NONOS_E_IMAGE_SHORT},
        {NONOS_IMAGE_MIN_LEN, NONOS_OK},
        {NONOS_IMAGE_MAX_LEN, NONOS_OK},
        {NONOS_IMAGE_MAX_LEN + 1, NONOS_E_IMAGE_LONG},
        {UINT64_C(1) << 32, NONOS_E_IMAGE_LONG},
        {(UINT64_C(1) << 32) + 8192, NONOS_E_IMAGE_LONG},
        {UINT64_MAX, NONOS_E_IMAGE_LONG},
    };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const uint8_t *bytes;
        size_t len;
        insert(first.bytes, first.bytes, limits[i].len);
        assert_int_equal(kernel_file_read(&bytes, &len), limits[i].expected);
        assert_int_equal(len, limits[i].expected == NONOS_OK ? limits[i].len : 0);
        assert_int_equal(fake.block_count, limits[i].expected == NONOS_OK);
        assert_int_equal(disk.read_count > 0, limits[i].expected == NONOS_OK);
    }
}

static void test_reads_that_are_short_end_in_the_whole_file(void **)
{
    static const uint64_t pieces[] = {1, 2, 511, 512, 4095, 4096, 4097};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        insert(first.bytes, first.bytes, first.len);
        disk.piece_len = pieces[i];
        assert_int_equal(read_and_verify(), NONOS_OK);
        /* The last read is the one that finds nothing more. */
        assert_int_equal(disk.read_count, (first.len + pieces[i] - 1) / pieces[i] + 1);
    }
}

static void test_reads_that_fail_at_any_position(void **)
{
    for (uint64_t at = 0; at <= first.len; at += 1 + test_random_below(200)) {
        insert(first.bytes, first.bytes, first.len);
        disk.piece_len = 64;
        disk.fail_at = at;
        check_refused(NONOS_E_READ);
    }
}

static void test_reads_that_claim_more_than_was_asked_for(void **)
{
    static const uint64_t more[] = {1, 4096, UINT64_MAX / 2};
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        insert(first.bytes, first.bytes, first.len);
        disk.over_report = more[i];
        check_refused(NONOS_E_READ);
    }
    insert(first.bytes, first.bytes, first.len);
    disk.info_len = sizeof(struct efi_file_info) - 1;
    check_refused(NONOS_E_READ);
}

/* Two genuine kernels, the file changing from one to the other in the middle of being read: what
 * comes out is one of the two, or nothing. */
static void test_file_that_becomes_another_between_reads(void **)
{
    unsigned refused = 0;
    for (uint64_t at = 0; at <= first.len;
         at += at < first.len - 40 ? 1 + test_random_below(40) : 1) {
        insert(first.bytes, second.bytes, first.len);
        disk.piece_len = 512;
        disk.turn_at = at;
        bool is_first = memcmp(first.bytes + at, second.bytes + at, first.len - at) == 0;
        bool is_second = memcmp(first.bytes, second.bytes, at) == 0;
        enum nonos_error error = read_and_verify();
        assert_int_equal(error, is_first || is_second ? NONOS_OK : NONOS_E_ED25519);
        refused += error != NONOS_OK;
    }
    assert_true(refused > 100);
}

/* Each step of verification finds another file on the disk; nobody looks. */
static void swap_disk(void *context, enum image_step step, const struct image_verdict *so_far)
{
    static uint8_t evil[0x8000];
    unsigned *steps = context;
    assert_false(image_is_verified(so_far));
    memset(evil, 0xCC, sizeof(evil));
    disk.before = disk.after = evil;
    disk.position = 0;
    *steps |= 1u << step;
}

/* Firmware gives no memory at the address that the kernel is linked at: that is this program's. */
static efi_status EFIAPI allocate_elsewhere(uint32_t how, uint32_t type, uint64_t pages,
                                            uint64_t *paddr)
{
    if (how != EFI_ALLOCATE_ADDRESS)
        return fake_allocate_pages(how, type, pages, paddr);
    return *paddr == NONOS_KERNEL_PADDR ? EFI_NOT_FOUND : EFI_SUCCESS;
}

static void check_placed(const uint8_t *placed, const struct image_elf *elf)
{
    uint8_t *wanted = calloc(1, elf->memory_len);
    assert_non_null(wanted);
    for (unsigned i = 0; i < elf->segment_count; i++)
        memcpy(wanted + (elf->segments[i].paddr - elf->memory_paddr),
               first.bytes + elf->segments[i].offset, elf->segments[i].file_len);
    assert_memory_equal(placed, wanted, elf->memory_len);
    free(wanted);
}

static void test_what_is_placed_is_what_was_verified(void **)
{
    struct image_policy policy = trust(&alice, 1);
    const uint8_t *bytes;
    size_t len;
    unsigned steps = 0;
    uint8_t *memory = aligned_alloc(2 << 20, 4 << 20);
    assert_non_null(memory);
    insert(first.bytes, first.bytes, first.len);
    fake.boot.allocate_pages = allocate_elsewhere;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory, 1024);

    assert_int_equal(kernel_file_read(&bytes, &len), NONOS_OK);
    unsigned read_count = disk.read_count;
    assert_int_equal(image_verify(bytes, len, &policy, swap_disk, &steps, &verdict), NONOS_OK);
    assert_int_equal(steps, 0xF);
    assert_true(image_is_verified(&verdict));
    struct firmware_map map;
    uint64_t paddr;
    assert_int_equal(firmware_map_allocate(&map), NONOS_OK);
    assert_int_equal(place_kernel(bytes, &verdict.elf, &map, &paddr), NONOS_OK);
    assert_int_equal(disk.read_count, read_count);
    assert_int_equal(disk.open_count, 1);
    check_placed(firmware_pointer(paddr), &verdict.elf);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length_that_changes_after_it_was_asked_for),
        cmocka_unit_test(test_length_at_its_limits),
        cmocka_unit_test(test_reads_that_are_short_end_in_the_whole_file),
        cmocka_unit_test(test_reads_that_fail_at_any_position),
        cmocka_unit_test(test_reads_that_claim_more_than_was_asked_for),
        cmocka_unit_test(test_file_that_becomes_another_between_reads),
        cmocka_unit_test(test_what_is_placed_is_what_was_verified),
    };
    return cmocka_run_group_tests_name("hostile_volume", tests, make_kernels, free_kernels);
}
