/*
 * handoff.h - what the loader tells the kernel, version 3 (docs/boot.md).
 *
 * The loader calls kernel_main(const struct nonos_handoff *) with the System V ABI, interrupts
 * off, on a stack of NONOS_HANDOFF_STACK_LEN bytes or more with an unmapped page below it. The
 * pointer is a direct-map address. Every address in here is physical unless its name ends in
 * _vaddr; lengths are bytes unless named otherwise; unused fields and reserved ones are zero.
 *
 * Nothing in here is proof: any loader could fill it in. The kernel checks the structure
 * (kernel/handoff_check.h) before it uses a field, and repeats what is reported as "reported".
 */
#ifndef NONOS_ABI_HANDOFF_H
#define NONOS_ABI_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#define NONOS_HANDOFF_MAGIC UINT32_C(0x4E4F4E4F)
#define NONOS_HANDOFF_VERSION 3u
#define NONOS_HANDOFF_STACK_LEN (64u * 1024)
#define NONOS_HANDOFF_MAX_REGIONS 4096u
#define NONOS_HANDOFF_MAX_LOG_LEN (64u * 1024)

/* Where the loader maps all of RAM, never executable. The kernel's own tables have less of it there
 * (docs/kernel.md). */
#define NONOS_DIRECT_MAP_VADDR UINT64_C(0xFFFF800000000000)

/* flags */
#define NONOS_HANDOFF_VERIFIED (1u << 0)        /* the loader verified the image */
#define NONOS_HANDOFF_SECURE_BOOT (1u << 1)     /* firmware reports Secure Boot on */
#define NONOS_HANDOFF_DEVELOPMENT (1u << 2)     /* the signer has the dev profile */
#define NONOS_HANDOFF_HAS_FRAMEBUFFER (1u << 3) /* framebuffer is filled in */
#define NONOS_HANDOFF_HAS_WALL_CLOCK (1u << 4)  /* wall_clock is filled in */
#define NONOS_HANDOFF_MOVED (1u << 5)           /* the image is not at its linked LMA */
#define NONOS_HANDOFF_MEASURED (1u << 6)        /* PCR 11 has this boot, and is capped */
#define NONOS_HANDOFF_ALL_FLAGS 0x7Fu

/* entropy_sources */
#define NONOS_ENTROPY_FIRMWARE (1u << 0) /* EFI_RNG_PROTOCOL */
#define NONOS_ENTROPY_RDRAND (1u << 1)
#define NONOS_ENTROPY_RDSEED (1u << 2)
#define NONOS_ENTROPY_ALL 0x7u

enum nonos_memory_type {
    NONOS_MEMORY_USABLE = 1,
    NONOS_MEMORY_LOADER = 2, /* usable once the kernel has left the loader's tables and stack */
    NONOS_MEMORY_KERNEL = 3, /* the image, .bss included */
    NONOS_MEMORY_ACPI_RECLAIM = 4,
    NONOS_MEMORY_ACPI_NVS = 5,
    NONOS_MEMORY_RUNTIME = 6, /* UEFI runtime services, code and data */
    NONOS_MEMORY_RESERVED = 7,
    NONOS_MEMORY_MMIO = 8,
    NONOS_MEMORY_BAD = 9,
};

/* One range of physical memory. A map is sorted by paddr, disjoint, page-aligned, and adjacent
 * ranges have different types. */
struct nonos_memory_region {
    uint64_t paddr;      /*  0 */
    uint64_t page_count; /*  8: pages of 4096 bytes, at least 1 */
    uint32_t type;       /* 16: enum nonos_memory_type */
    uint32_t reserved;   /* 20 */
};
static_assert(sizeof(struct nonos_memory_region) == 24);

enum nonos_pixel_format {
    NONOS_PIXEL_RGBX = 1, /* byte 0 red, 1 green, 2 blue, 3 unused */
    NONOS_PIXEL_BGRX = 2,
};

struct nonos_framebuffer {
    uint64_t paddr;         /*  0 */
    uint64_t len;           /*  8 */
    uint32_t width_pixels;  /* 16 */
    uint32_t height_pixels; /* 20 */
    uint32_t stride_pixels; /* 24: pixels from one line to the next, >= width */
    uint32_t format;        /* 28: enum nonos_pixel_format */
};
static_assert(sizeof(struct nonos_framebuffer) == 32);

/* TSC values, in the order of the loader's steps (docs/boot.md): each taken when it was done. */
enum nonos_boot_stage {
    NONOS_STAGE_ENTRY,
    NONOS_STAGE_CONSOLE,
    NONOS_STAGE_HARDWARE,
    NONOS_STAGE_READ,
    NONOS_STAGE_DIGEST,
    NONOS_STAGE_ED25519,
    NONOS_STAGE_MLDSA65,
    NONOS_STAGE_PARSED,
    NONOS_STAGE_MEASURED,
    NONOS_STAGE_PLACED,
    NONOS_STAGE_JUMP,
    NONOS_STAGE_COUNT,
};

struct nonos_handoff {
    uint32_t magic;   /*   0: NONOS_HANDOFF_MAGIC */
    uint32_t version; /*   4: NONOS_HANDOFF_VERSION */
    uint32_t size;    /*   8: sizeof(struct nonos_handoff) */
    uint32_t flags;   /*  12: NONOS_HANDOFF_* */

    uint64_t image_paddr; /*  16: where the first segment was placed, 4 KiB aligned */
    uint64_t image_len;   /*  24: memory of all segments, .bss included, whole pages */
    uint64_t image_vaddr; /*  32: linked address of the first segment */
    uint64_t stack_paddr; /*  40: lowest byte of the stack */
    uint64_t stack_len;   /*  48 */
    uint64_t stack_vaddr; /*  56: where the lowest byte is mapped; the page below is not */

    uint64_t memory_map_paddr; /*  64: struct nonos_memory_region[] */
    uint32_t memory_map_count; /*  72: regions, 1 to NONOS_HANDOFF_MAX_REGIONS */
    uint32_t reserved0;        /*  76 */

    struct nonos_framebuffer framebuffer; /*  80 */

    uint64_t acpi_rsdp_paddr; /* 112: 0 = none */
    uint64_t smbios_paddr;    /* 120: entry point, 0 = none */

    uint8_t digest[32];    /* 128: D1, as verified */
    uint8_t signer_id[32]; /* 160: id of the identity that signed */

    /* The TCG event log (image/event_log.h) as of the jump: there with MEASURED alone. */
    uint64_t measurement_log_paddr; /* 192: 0 = none */
    uint32_t measurement_log_len;   /* 200: at most NONOS_HANDOFF_MAX_LOG_LEN */
    uint32_t entropy_sources;       /* 204: NONOS_ENTROPY_* */
    uint8_t entropy[64];            /* 208: secret; the kernel wipes it once used */

    uint64_t stage_tsc[NONOS_STAGE_COUNT]; /* 272 */
    uint64_t tsc_hz;                       /* 360: 0 = unknown */
    int64_t wall_clock;                    /* 368: seconds since 1970-01-01 UTC, at the jump */
};

static_assert(offsetof(struct nonos_handoff, flags) == 12);
static_assert(offsetof(struct nonos_handoff, image_paddr) == 16);
static_assert(offsetof(struct nonos_handoff, image_len) == 24);
static_assert(offsetof(struct nonos_handoff, image_vaddr) == 32);
static_assert(offsetof(struct nonos_handoff, stack_paddr) == 40);
static_assert(offsetof(struct nonos_handoff, stack_len) == 48);
static_assert(offsetof(struct nonos_handoff, stack_vaddr) == 56);
static_assert(offsetof(struct nonos_handoff, memory_map_paddr) == 64);
static_assert(offsetof(struct nonos_handoff, memory_map_count) == 72);
static_assert(offsetof(struct nonos_handoff, framebuffer) == 80);
static_assert(offsetof(struct nonos_handoff, acpi_rsdp_paddr) == 112);
static_assert(offsetof(struct nonos_handoff, smbios_paddr) == 120);
static_assert(offsetof(struct nonos_handoff, digest) == 128);
static_assert(offsetof(struct nonos_handoff, signer_id) == 160);
static_assert(offsetof(struct nonos_handoff, measurement_log_paddr) == 192);
static_assert(offsetof(struct nonos_handoff, entropy_sources) == 204);
static_assert(offsetof(struct nonos_handoff, entropy) == 208);
static_assert(offsetof(struct nonos_handoff, stage_tsc) == 272);
static_assert(offsetof(struct nonos_handoff, tsc_hz) == 360);
static_assert(offsetof(struct nonos_handoff, wall_clock) == 368);
static_assert(sizeof(struct nonos_handoff) == 376);

#endif
