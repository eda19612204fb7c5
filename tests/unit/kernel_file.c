#include "boot/kernel_file.h"

#include "abi/image.h"
#include "tests/support/fake_firmware.h"

/* A file whose reported length, content and behaviour the test chooses. */
static struct {
    struct efi_file_system volume;
    struct efi_file root;
    struct efi_file file;
    struct efi_loaded_image image;
    char name[64];
    uint64_t reported_len;
    uint64_t attribute;
    uint64_t actual_len;
    uint64_t position;
    uint64_t piece_len; /* at most so many bytes a read */
    uint64_t fail_at;   /* reads from here on fail */
    unsigned open_count;
    unsigned close_count;
    efi_status open_status;
    efi_status info_status;
} disk;

static uint8_t byte_at(uint64_t position)
{
    return (uint8_t)(position * 7 + position / 251);
}

static efi_status EFIAPI disk_open_volume(struct efi_file_system *volume, struct efi_file **root)
{
    assert_ptr_equal(volume, &disk.volume);
    disk.open_count++;
    *root = &disk.root;
    return EFI_SUCCESS;
}

static efi_status EFIAPI disk_open(struct efi_file *root, struct efi_file **out,
                                   const efi_char16 *name, uint64_t mode, uint64_t attributes)
{
    assert_ptr_equal(root, &disk.root);
    assert_true(mode == EFI_FILE_MODE_READ && attributes == 0);
    size_t i = 0;
    for (; name[i] != 0 && i < sizeof(disk.name) - 1; i++)
        disk.name[i] = (char)name[i];
    disk.name[i] = '\0';
    if (disk.open_status != EFI_SUCCESS)
        return disk.open_status;
    disk.open_count++;
    *out = &disk.file;
    return EFI_SUCCESS;
}

static efi_status EFIAPI disk_close(struct efi_file *file)
{
    assert_true(file == &disk.file || file == &disk.root);
    disk.close_count++;
    return EFI_SUCCESS;
}

static efi_status EFIAPI disk_get_info(struct efi_file *file, const struct efi_guid *guid,
                                       uint64_t *size, void *info)
{
    assert_ptr_equal(file, &disk.file);
    assert_memory_equal(guid, &efi_file_info_guid, sizeof(*guid));
    assert_true(*size >= sizeof(struct efi_file_info) + 22);
    struct efi_file_info filled = {
        .size = sizeof(filled) + 22, .file_size = disk.reported_len, .attribute = disk.attribute};
    memcpy(info, &filled, sizeof(filled));
    *size = sizeof(filled) + 22;
    return disk.info_status;
}

static efi_status EFIAPI disk_read(struct efi_file *file, uint64_t *size, void *buffer)
{
    assert_ptr_equal(file, &disk.file);
    if (disk.position >= disk.fail_at)
        return EFI_ERROR_BIT | 7;
    uint64_t left = disk.actual_len - disk.position;
    uint64_t len = *size < left ? *size : left;
    len = len < disk.piece_len ? len : disk.piece_len;
    for (uint64_t i = 0; i < len; i++)
        ((uint8_t *)buffer)[i] = byte_at(disk.position + i);
    disk.position += len;
    *size = len;
    return EFI_SUCCESS;
}

static int setup(void **state)
{
    static int device;
    fake_setup(state);
    memset(&disk, 0, sizeof(disk));
    disk.volume.open_volume = disk_open_volume;
    disk.root.open = disk_open;
    disk.root.close = disk_close;
    disk.file.close = disk_close;
    disk.file.get_info = disk_get_info;
    disk.file.read = disk_read;
    disk.piece_len = UINT64_MAX;
    disk.fail_at = UINT64_MAX;
    disk.image.device = &device;
    fake_add(firmware_image, &efi_loaded_image_guid, &disk.image);
    fake_add(&device, &efi_file_system_guid, &disk.volume);
    return 0;
}

static void set_len(uint64_t len)
{
    disk.reported_len = len;
    disk.actual_len = len;
}

static void assert_refused(enum nonos_error expected)
{
    const uint8_t *bytes = (const uint8_t *)1;
    size_t len = 17;
    assert_int_equal(kernel_file_read(&bytes, &len), expected);
    assert_null(bytes);
    assert_int_equal(len, 0);
    assert_int_equal(disk.open_count, disk.close_count);
    assert_int_equal(fake.block_count, 0);
}

static void assert_read(uint64_t expected_len)
{
    const uint8_t *bytes;
    size_t len;
    assert_int_equal(kernel_file_read(&bytes, &len), NONOS_OK);
    assert_int_equal(len, expected_len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(bytes[i], byte_at(i));
    assert_int_equal(disk.open_count, disk.close_count);
}

static void test_read_takes_the_file_from_the_volume_of_the_loader(void **state)
{
    (void)state;
    set_len(5000);
    assert_read(5000);
    assert_string_equal(disk.name, "\\EFI\\nonos\\kernel.bin");
}

static void test_read_goes_on_after_short_reads(void **state)
{
    (void)state;
    set_len(10000);
    disk.piece_len = 777;
    assert_read(10000);
}

static void test_read_refuses_a_file_that_grew(void **state)
{
    (void)state;
    set_len(8192);
    disk.actual_len = 8193;
    assert_refused(NONOS_E_IMAGE_CHANGED);
}

static void test_read_refuses_a_file_that_shrank(void **state)
{
    (void)state;
    set_len(8192);
    disk.actual_len = 8191;
    assert_refused(NONOS_E_IMAGE_CHANGED);
    disk.position = 0;
    disk.actual_len = 0;
    assert_refused(NONOS_E_IMAGE_CHANGED);
}

static void test_read_keeps_to_the_bounds_of_an_image(void **state)
{
    (void)state;
    set_len(NONOS_IMAGE_MIN_LEN - 1);
    assert_refused(NONOS_E_IMAGE_SHORT);
    set_len(0);
    assert_refused(NONOS_E_IMAGE_SHORT);
    set_len(NONOS_IMAGE_MAX_LEN + 1);
    assert_refused(NONOS_E_IMAGE_LONG);
    set_len(UINT64_MAX);
    assert_refused(NONOS_E_IMAGE_LONG);
    assert_int_equal(fake.block_count, 0);
    set_len(NONOS_IMAGE_MIN_LEN);
    assert_read(NONOS_IMAGE_MIN_LEN);
}

static void test_read_accepts_the_longest_image(void **state)
{
    (void)state;
    const uint8_t *bytes;
    size_t len;
    set_len(NONOS_IMAGE_MAX_LEN);
    assert_int_equal(kernel_file_read(&bytes, &len), NONOS_OK);
    assert_int_equal(len, NONOS_IMAGE_MAX_LEN);
    assert_int_equal(bytes[len - 1], byte_at(len - 1));
}

static void test_read_tells_a_missing_file_from_an_unreadable_one(void **state)
{
    (void)state;
    set_len(5000);
    disk.open_status = EFI_NOT_FOUND;
    assert_refused(NONOS_E_NOT_FOUND);
    disk.open_status = EFI_ERROR_BIT | 7;
    assert_refused(NONOS_E_READ);
}

static void test_read_refuses_a_folder(void **state)
{
    (void)state;
    set_len(5000);
    disk.attribute = EFI_FILE_DIRECTORY;
    assert_refused(NONOS_E_READ);
}

static void test_read_reports_errors_of_the_disk(void **state)
{
    (void)state;
    set_len(5000);
    disk.fail_at = 0;
    assert_refused(NONOS_E_READ);
    disk.piece_len = 1000;
    disk.position = 0;
    disk.fail_at = 3000;
    assert_refused(NONOS_E_READ);
    disk.info_status = EFI_ERROR_BIT | 7;
    assert_refused(NONOS_E_READ);
}

static void test_read_reports_missing_memory(void **state)
{
    (void)state;
    set_len(5000);
    fake.is_out_of_memory = true;
    assert_refused(NONOS_E_NO_MEMORY);
}

static void test_read_needs_a_volume(void **state)
{
    (void)state;
    disk.image.device = nullptr;
    assert_refused(NONOS_E_NOT_FOUND);
    fake.protocol_count = 0;
    assert_refused(NONOS_E_FIRMWARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_takes_the_file_from_the_volume_of_the_loader,
                                        setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_goes_on_after_short_reads, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_refuses_a_file_that_grew, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_refuses_a_file_that_shrank, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_keeps_to_the_bounds_of_an_image, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_accepts_the_longest_image, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_tells_a_missing_file_from_an_unreadable_one,
                                        setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_refuses_a_folder, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_reports_errors_of_the_disk, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_reports_missing_memory, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_read_needs_a_volume, setup, fake_teardown),
    };
    return cmocka_run_group_tests_name("kernel_file", tests, nullptr, nullptr);
}
