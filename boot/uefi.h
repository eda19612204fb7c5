/*
 * uefi.h - the part of the UEFI specification that the loader uses, and nothing else.
 *
 * Source: UEFI 2.10; the section stands beside each structure. Members that the loader never
 * touches keep their place as `unused`. The target x86_64-unknown-windows has the calling
 * convention of UEFI (§2.3.4), which EFIAPI states again so that host tests agree.
 */
#ifndef NONOS_BOOT_UEFI_H
#define NONOS_BOOT_UEFI_H

#include <stddef.h>
#include <stdint.h>

#define EFIAPI __attribute__((ms_abi))

typedef uint16_t efi_char16; /* §2.3.1: UCS-2 */
typedef void *efi_handle;
typedef void *efi_event;

/* Appendix D. The top bit marks an error. */
typedef uint64_t efi_status;
#define EFI_ERROR_BIT (UINT64_C(1) << 63)
#define EFI_SUCCESS UINT64_C(0)
#define EFI_INVALID_PARAMETER (EFI_ERROR_BIT | 2)
#define EFI_BUFFER_TOO_SMALL (EFI_ERROR_BIT | 5)
#define EFI_VOLUME_FULL (EFI_ERROR_BIT | 11)
#define EFI_NOT_FOUND (EFI_ERROR_BIT | 14)

static inline bool efi_failed(efi_status status)
{
    return (status & EFI_ERROR_BIT) != 0;
}

/* §2.3.1, Appendix A. */
struct efi_guid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};
static_assert(sizeof(struct efi_guid) == 16);

/* §4.2 */
struct efi_table_header {
    uint64_t signature;
    uint32_t revision; /* 2.10 is 2 << 16 | 100 */
    uint32_t header_size;
    uint32_t crc32;
    uint32_t reserved;
};
static_assert(sizeof(struct efi_table_header) == 24);

/* §8.3.1 GetTime() */
struct efi_time {
    uint16_t year;  /* 1900 to 9999 */
    uint8_t month;  /* 1 to 12 */
    uint8_t day;    /* 1 to 31 */
    uint8_t hour;   /* 0 to 23 */
    uint8_t minute; /* 0 to 59 */
    uint8_t second; /* 0 to 59 */
    uint8_t pad1;
    uint32_t nanosecond;
    int16_t time_zone; /* minutes, -1440 to 1440, or EFI_UNSPECIFIED_TIMEZONE */
    uint8_t daylight;
    uint8_t pad2;
};
static_assert(sizeof(struct efi_time) == 16);
#define EFI_UNSPECIFIED_TIMEZONE 0x07FF

/* §7.2.1 AllocatePages() */
enum efi_allocate_type {
    EFI_ALLOCATE_ANY_PAGES = 0,
    EFI_ALLOCATE_MAX_ADDRESS = 1,
    EFI_ALLOCATE_ADDRESS = 2,
};

enum efi_memory_type {
    EFI_RESERVED_MEMORY_TYPE = 0,
    EFI_LOADER_CODE = 1,
    EFI_LOADER_DATA = 2,
    EFI_BOOT_SERVICES_CODE = 3,
    EFI_BOOT_SERVICES_DATA = 4,
    EFI_RUNTIME_SERVICES_CODE = 5,
    EFI_RUNTIME_SERVICES_DATA = 6,
    EFI_CONVENTIONAL_MEMORY = 7,
    EFI_UNUSABLE_MEMORY = 8,
    EFI_ACPI_RECLAIM_MEMORY = 9,
    EFI_ACPI_MEMORY_NVS = 10,
    EFI_MEMORY_MAPPED_IO = 11,
    EFI_MEMORY_MAPPED_IO_PORT_SPACE = 12,
    EFI_PAL_CODE = 13,
    EFI_PERSISTENT_MEMORY = 14,
    EFI_UNACCEPTED_MEMORY_TYPE = 15,
};

/* §7.2.3 GetMemoryMap(). Firmware may use a larger descriptor than this one. */
struct efi_memory_descriptor {
    uint32_t type; /* enum efi_memory_type */
    uint32_t pad;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t number_of_pages; /* of 4096 bytes */
    uint64_t attribute;
};
static_assert(sizeof(struct efi_memory_descriptor) == 40);
#define EFI_PAGE_SIZE 4096u
#define EFI_MEMORY_XP UINT64_C(0x4000)
#define EFI_MEMORY_RO UINT64_C(0x20000)
#define EFI_MEMORY_SP UINT64_C(0x40000)
#define EFI_MEMORY_RUNTIME UINT64_C(0x8000000000000000)

/* §12.3.3 EFI_SIMPLE_TEXT_INPUT_PROTOCOL */
struct efi_input_key {
    uint16_t scan_code;
    efi_char16 unicode_char;
};

struct efi_simple_text_input {
    efi_status(EFIAPI *reset)(struct efi_simple_text_input *, uint8_t extended);
    efi_status(EFIAPI *read_key_stroke)(struct efi_simple_text_input *, struct efi_input_key *);
    efi_event wait_for_key;
};

/* §12.4.1 EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL */
struct efi_simple_text_output {
    void *unused_reset;
    efi_status(EFIAPI *output_string)(struct efi_simple_text_output *, const efi_char16 *);
    void *unused[7];
    void *unused_mode;
};

/* §10.2 EFI_DEVICE_PATH_PROTOCOL: a node of a path */
struct efi_device_path {
    uint8_t type;
    uint8_t sub_type;
    uint8_t len[2]; /* little-endian, this header included */
};
#define EFI_DEVICE_PATH_ACPI 2          /* §10.3.3 */
#define EFI_DEVICE_PATH_ACPI_HID 1      /* HID u32, UID u32 */
#define EFI_DEVICE_PATH_MESSAGING 3     /* §10.3.4 */
#define EFI_DEVICE_PATH_UART 14         /* §10.3.4.15 */
#define EFI_DEVICE_PATH_END 0x7F        /* §10.3.1 */
#define EFI_ACPI_HID_SERIAL 0x050141D0u /* PNP0501, a compressed EISA id */

/* §7.3.9 LocateHandle() */
#define EFI_LOCATE_BY_PROTOCOL 2

/* §4.4 EFI_BOOT_SERVICES */
struct efi_boot_services {
    struct efi_table_header header;
    void *unused_tpl[2];
    efi_status(EFIAPI *allocate_pages)(uint32_t how, uint32_t memory_type, uint64_t pages,
                                       uint64_t *paddr);
    efi_status(EFIAPI *free_pages)(uint64_t paddr, uint64_t pages);
    efi_status(EFIAPI *get_memory_map)(uint64_t *size, void *map, uint64_t *key,
                                       uint64_t *descriptor_size, uint32_t *descriptor_version);
    void *unused_allocate_pool;
    efi_status(EFIAPI *free_pool)(void *);
    void *unused_events[6];
    void *unused_install[3];
    efi_status(EFIAPI *handle_protocol)(efi_handle, const struct efi_guid *, void **interface);
    void *unused_reserved;
    void *unused_locate[4];
    void *unused_image[4];
    efi_status(EFIAPI *exit_boot_services)(efi_handle image, uint64_t map_key);
    void *unused_monotonic;
    efi_status(EFIAPI *stall)(uint64_t microseconds);
    efi_status(EFIAPI *set_watchdog_timer)(uint64_t seconds, uint64_t code, uint64_t data_size,
                                           const efi_char16 *data);
    void *unused_controllers[2];
    void *unused_open[3];
    void *unused_protocols;
    efi_status(EFIAPI *locate_handle_buffer)(uint32_t how, const struct efi_guid *, void *key,
                                             uint64_t *count, efi_handle **handles);
    efi_status(EFIAPI *locate_protocol)(const struct efi_guid *, void *registration,
                                        void **interface);
    void *unused_end[6];
};
static_assert(offsetof(struct efi_boot_services, allocate_pages) == 40);
static_assert(offsetof(struct efi_boot_services, handle_protocol) == 152);
static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232);
static_assert(offsetof(struct efi_boot_services, stall) == 248);
static_assert(offsetof(struct efi_boot_services, locate_handle_buffer) == 312);
static_assert(sizeof(struct efi_boot_services) == 376);

/* §8.5.1 ResetSystem() */
#define EFI_RESET_COLD 0

/* §4.5 EFI_RUNTIME_SERVICES */
struct efi_runtime_services {
    struct efi_table_header header;
    efi_status(EFIAPI *get_time)(struct efi_time *, void *capabilities);
    void *unused_time[3];
    void *unused_virtual[2];
    efi_status(EFIAPI *get_variable)(const efi_char16 *name, const struct efi_guid *vendor,
                                     uint32_t *attributes, uint64_t *data_size, void *data);
    void *unused_variables[3];
    void(EFIAPI *reset_system)(uint32_t type, efi_status, uint64_t data_size, const void *data);
};
static_assert(offsetof(struct efi_runtime_services, get_variable) == 72);
static_assert(offsetof(struct efi_runtime_services, reset_system) == 104);

/* §4.6 EFI_CONFIGURATION_TABLE */
struct efi_configuration_table {
    struct efi_guid guid;
    void *table;
};

/* §4.3 EFI_SYSTEM_TABLE */
struct efi_system_table {
    struct efi_table_header header;
    const efi_char16 *firmware_vendor;
    uint32_t firmware_revision;
    efi_handle console_in_handle;
    struct efi_simple_text_input *con_in;
    efi_handle console_out_handle;
    struct efi_simple_text_output *con_out;
    void *unused_error[2];
    struct efi_runtime_services *runtime;
    struct efi_boot_services *boot;
    uint64_t table_count;
    struct efi_configuration_table *tables;
};
static_assert(offsetof(struct efi_system_table, con_out) == 64);
static_assert(offsetof(struct efi_system_table, boot) == 96);
static_assert(sizeof(struct efi_system_table) == 120);

/* §9.1 EFI_LOADED_IMAGE_PROTOCOL */
struct efi_loaded_image {
    uint32_t revision;
    efi_handle parent;
    struct efi_system_table *system;
    efi_handle device; /* the volume that the image came from */
};

/* §13.5 EFI_FILE_PROTOCOL */
struct efi_file {
    uint64_t revision;
    efi_status(EFIAPI *open)(struct efi_file *, struct efi_file **out, const efi_char16 *name,
                             uint64_t mode, uint64_t attributes);
    efi_status(EFIAPI *close)(struct efi_file *);
    void *unused_delete;
    efi_status(EFIAPI *read)(struct efi_file *, uint64_t *size, void *buffer);
    void *unused[3];
    efi_status(EFIAPI *get_info)(struct efi_file *, const struct efi_guid *, uint64_t *size,
                                 void *info);
};
#define EFI_FILE_MODE_READ UINT64_C(1)
#define EFI_FILE_DIRECTORY UINT64_C(0x10)

/* §13.5.16 EFI_FILE_INFO; the name follows */
struct efi_file_info {
    uint64_t size; /* of this structure, the name included */
    uint64_t file_size;
    uint64_t physical_size;
    struct efi_time times[3];
    uint64_t attribute;
};
static_assert(sizeof(struct efi_file_info) == 80);

/* §13.4 EFI_SIMPLE_FILE_SYSTEM_PROTOCOL */
struct efi_file_system {
    uint64_t revision;
    efi_status(EFIAPI *open_volume)(struct efi_file_system *, struct efi_file **root);
};

/* §12.9 EFI_GRAPHICS_OUTPUT_PROTOCOL */
enum efi_pixel_format {
    EFI_PIXEL_RGBX = 0, /* PixelRedGreenBlueReserved8BitPerColor */
    EFI_PIXEL_BGRX = 1, /* PixelBlueGreenRedReserved8BitPerColor */
};

struct efi_graphics_info {
    uint32_t version;
    uint32_t horizontal;
    uint32_t vertical;
    uint32_t pixel_format; /* enum efi_pixel_format, or one that has no fixed layout */
    uint32_t masks[4];
    uint32_t pixels_per_scan_line;
};

struct efi_graphics_mode {
    uint32_t max_mode;
    uint32_t mode;
    struct efi_graphics_info *info;
    uint64_t size_of_info;
    uint64_t frame_buffer_base;
    uint64_t frame_buffer_size;
};

struct efi_graphics_output {
    void *unused[3];
    struct efi_graphics_mode *mode;
};

/* §37.5 EFI_RNG_PROTOCOL */
struct efi_rng {
    void *unused_info;
    efi_status(EFIAPI *get_rng)(struct efi_rng *, const struct efi_guid *algorithm, uint64_t len,
                                uint8_t *value);
};

/* §37.7 EFI_MEMORY_ATTRIBUTE_PROTOCOL */
struct efi_memory_attribute {
    void *unused_get;
    efi_status(EFIAPI *set)(struct efi_memory_attribute *, uint64_t base, uint64_t len,
                            uint64_t attributes);
    efi_status(EFIAPI *clear)(struct efi_memory_attribute *, uint64_t base, uint64_t len,
                              uint64_t attributes);
};

#define EFI_GUID(name, ...) static const struct efi_guid name [[maybe_unused]] = __VA_ARGS__

EFI_GUID(efi_loaded_image_guid, /* §9.1 */
         {0x5B1B31A1, 0x9562, 0x11D2, {0x8E, 0x3F, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}});
EFI_GUID(efi_device_path_guid, /* §10.2 */
         {0x09576E91, 0x6D3F, 0x11D2, {0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}});
EFI_GUID(efi_text_output_guid, /* §12.4.1 */
         {0x387477C2, 0x69C7, 0x11D2, {0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}});
EFI_GUID(efi_graphics_output_guid, /* §12.9.2 */
         {0x9042A9DE, 0x23DC, 0x4A38, {0x96, 0xFB, 0x7A, 0xDE, 0xD0, 0x80, 0x51, 0x6A}});
EFI_GUID(efi_file_system_guid, /* §13.4.1 */
         {0x964E5B22, 0x6459, 0x11D2, {0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}});
EFI_GUID(efi_file_info_guid, /* §13.5.16 */
         {0x09576E92, 0x6D3F, 0x11D2, {0x8E, 0x39, 0x00, 0xA0, 0xC9, 0x69, 0x72, 0x3B}});
EFI_GUID(efi_rng_guid, /* §37.5.1 */
         {0x3152BCA5, 0xEADE, 0x433D, {0x86, 0x2E, 0xC0, 0x1C, 0xDC, 0x29, 0x1F, 0x44}});
EFI_GUID(efi_memory_attribute_guid, /* §37.7.1 */
         {0xF4560CF6, 0x40EC, 0x4B4A, {0xA1, 0x92, 0xBF, 0x1D, 0x57, 0xD0, 0xB1, 0x89}});
EFI_GUID(efi_global_variable_guid, /* §3.3 */
         {0x8BE4DF61, 0x93CA, 0x11D2, {0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C}});
EFI_GUID(efi_acpi_20_guid, /* §4.6.1 */
         {0x8868E871, 0xE4F1, 0x11D3, {0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81}});
EFI_GUID(efi_acpi_10_guid, /* §4.6.1 */
         {0xEB9D2D30, 0x2D88, 0x11D3, {0x9A, 0x16, 0x00, 0x90, 0x27, 0x3F, 0xC1, 0x4D}});
EFI_GUID(efi_smbios_3_guid, /* §4.6.1 */
         {0xF2FD1544, 0x9794, 0x4A2C, {0x99, 0x2E, 0xE5, 0xBB, 0xCF, 0x20, 0xE3, 0x94}});
EFI_GUID(efi_smbios_guid, /* §4.6.1 */
         {0xEB9D2D31, 0x2D88, 0x11D3, {0x9A, 0x16, 0x00, 0x90, 0x27, 0x3F, 0xC1, 0x4D}});

#endif
