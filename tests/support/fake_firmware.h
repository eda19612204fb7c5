/*
 * fake_firmware.h - UEFI services for host tests, as far as the loader uses them.
 *
 * fake_reset() makes firmware (boot/firmware.h) stand for a machine with the memory map, handles
 * and protocols that the test then puts in. Nothing outlives the next fake_reset(). One test
 * program includes it once.
 */
#ifndef NONOS_TESTS_SUPPORT_FAKE_FIRMWARE_H
#define NONOS_TESTS_SUPPORT_FAKE_FIRMWARE_H

#include "boot/firmware.h"
#include "tests/support/vectors.h"

#define FAKE_MAX 64u
#define FAKE_MAX_DESCRIPTORS 5000u

struct fake_protocol {
    efi_handle handle;
    const struct efi_guid *guid;
    void *interface;
};

static struct {
    struct efi_system_table system;
    struct efi_boot_services boot;
    struct efi_runtime_services runtime;

    struct fake_protocol protocols[FAKE_MAX];
    size_t protocol_count;

    void *blocks[FAKE_MAX]; /* what allocate_pages gave */
    uint64_t block_pages[FAKE_MAX];
    size_t block_count;
    bool is_out_of_memory;
    uint64_t last_limit;

    struct efi_memory_descriptor map[FAKE_MAX_DESCRIPTORS];
    size_t map_count;
    uint64_t map_key;
    unsigned map_changes; /* how many times it still changes behind a reader's back */
    unsigned exit_calls;
    efi_status exit_status; /* other than EFI_SUCCESS: what a call with the right key returns */

    uint64_t stalled_us;
} fake;

static inline efi_status EFIAPI fake_allocate_pages(uint32_t how, uint32_t type, uint64_t pages,
                                                    uint64_t *paddr)
{
    (void)type;
    if (fake.is_out_of_memory || fake.block_count == FAKE_MAX || how != EFI_ALLOCATE_MAX_ADDRESS)
        return EFI_ERROR_BIT | 9;
    fake.last_limit = *paddr;
    void *block = aligned_alloc(4096, pages * 4096);
    assert_non_null(block);
    memset(block, 0xA5, pages * 4096);
    fake.block_pages[fake.block_count] = pages;
    fake.blocks[fake.block_count++] = block;
    *paddr = (uintptr_t)block;
    return EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_free_pages(uint64_t paddr, uint64_t pages)
{
    for (size_t i = 0; i < fake.block_count; i++) {
        if ((uintptr_t)fake.blocks[i] != paddr)
            continue;
        assert_int_equal(fake.block_pages[i], pages);
        free(fake.blocks[i]);
        fake.blocks[i] = fake.blocks[--fake.block_count];
        fake.block_pages[i] = fake.block_pages[fake.block_count];
        return EFI_SUCCESS;
    }
    fail_msg("memory is freed that was not allocated");
    return EFI_NOT_FOUND;
}

static inline efi_status EFIAPI fake_free_pool(void *pool)
{
    free(pool);
    return EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_get_memory_map(uint64_t *size, void *map, uint64_t *key,
                                                    uint64_t *descriptor_len, uint32_t *version)
{
    uint64_t len = fake.map_count * sizeof(fake.map[0]);
    *descriptor_len = sizeof(fake.map[0]);
    *version = 1;
    if (*size < len) {
        *size = len;
        return EFI_BUFFER_TOO_SMALL;
    }
    memcpy(map, fake.map, len);
    *size = len;
    *key = fake.map_key;
    if (fake.map_changes > 0) {
        fake.map_changes--;
        fake.map_key++;
    }
    return EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_handle_protocol(efi_handle handle, const struct efi_guid *guid,
                                                     void **interface)
{
    for (size_t i = 0; i < fake.protocol_count; i++) {
        if (fake.protocols[i].handle == handle &&
            memcmp(fake.protocols[i].guid, guid, sizeof(*guid)) == 0) {
            *interface = fake.protocols[i].interface;
            return EFI_SUCCESS;
        }
    }
    *interface = nullptr;
    return EFI_NOT_FOUND;
}

static inline efi_status EFIAPI fake_locate_protocol(const struct efi_guid *guid,
                                                     void *registration, void **interface)
{
    (void)registration;
    for (size_t i = 0; i < fake.protocol_count; i++) {
        if (memcmp(fake.protocols[i].guid, guid, sizeof(*guid)) == 0) {
            *interface = fake.protocols[i].interface;
            return EFI_SUCCESS;
        }
    }
    *interface = nullptr;
    return EFI_NOT_FOUND;
}

static inline efi_status EFIAPI fake_locate_handle_buffer(uint32_t how, const struct efi_guid *guid,
                                                          void *search_key, uint64_t *count,
                                                          efi_handle **handles)
{
    assert_int_equal(how, EFI_LOCATE_BY_PROTOCOL);
    assert_null(search_key);
    *count = 0;
    *handles = calloc(FAKE_MAX, sizeof(**handles));
    assert_non_null(*handles);
    for (size_t i = 0; i < fake.protocol_count; i++) {
        if (memcmp(fake.protocols[i].guid, guid, sizeof(*guid)) == 0)
            (*handles)[(*count)++] = fake.protocols[i].handle;
    }
    if (*count > 0)
        return EFI_SUCCESS;
    free(*handles);
    return EFI_NOT_FOUND;
}

static inline efi_status EFIAPI fake_exit_boot_services(efi_handle image, uint64_t key)
{
    assert_ptr_equal(image, firmware_image);
    fake.exit_calls++;
    return key == fake.map_key ? fake.exit_status : EFI_INVALID_PARAMETER;
}

static inline efi_status EFIAPI fake_stall(uint64_t microseconds)
{
    fake.stalled_us += microseconds;
    return EFI_SUCCESS;
}

static inline void fake_free(void)
{
    for (size_t i = 0; i < fake.block_count; i++)
        free(fake.blocks[i]);
    fake.block_count = 0;
}

static inline void fake_reset(void)
{
    fake_free();
    memset(&fake, 0, sizeof(fake));
    fake.system.boot = &fake.boot;
    fake.system.runtime = &fake.runtime;
    fake.boot.allocate_pages = fake_allocate_pages;
    fake.boot.get_memory_map = fake_get_memory_map;
    fake.boot.free_pages = fake_free_pages;
    fake.boot.free_pool = fake_free_pool;
    fake.boot.handle_protocol = fake_handle_protocol;
    fake.boot.locate_protocol = fake_locate_protocol;
    fake.boot.locate_handle_buffer = fake_locate_handle_buffer;
    fake.boot.exit_boot_services = fake_exit_boot_services;
    fake.boot.stall = fake_stall;
    fake.map_key = 100;
    static int image;
    firmware_init(&image, &fake.system);
    firmware_is_left = false;
}

static inline void fake_add(efi_handle handle, const struct efi_guid *guid, void *interface)
{
    assert_true(fake.protocol_count < FAKE_MAX);
    fake.protocols[fake.protocol_count++] =
        (struct fake_protocol){.handle = handle, .guid = guid, .interface = interface};
}

static inline void fake_add_memory(uint32_t type, uint64_t paddr, uint64_t pages)
{
    assert_true(fake.map_count < FAKE_MAX_DESCRIPTORS);
    fake.map[fake.map_count++] = (struct efi_memory_descriptor){
        .type = type, .physical_start = paddr, .number_of_pages = pages};
}

/* For cmocka: every test starts with a new machine, and the last leaves nothing allocated. */
static inline int fake_setup(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static inline int fake_teardown(void **state)
{
    (void)state;
    fake_free();
    return 0;
}

#define FAKE_TEST(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

#endif
