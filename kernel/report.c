#include "kernel/report.h"

#include "image/manifest.h"
#include "image/text.h"
#include "kernel/boot_info.h"
#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/mitigation.h"
#include "kernel/cpu/msr.h"
#include "kernel/dev/clock.h"
#include "kernel/generator.h"
#include "kernel/image.h"
#include "kernel/measured.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/paging.h"
#include "kernel/selftest.h"
#include "kernel/timeline.h"

#include <string.h>

/* Bounds of the manifest section, its NUL included (made by scripts/manifest-section). */
extern const uint8_t manifest_start[], manifest_end[];

#define SIGNER_SHORT_LEN 8u
#define PAGES_PER_MIB 256u

static void print_label(const char *label)
{
    console_printf("  %-12s", label);
}

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        console_printf("%02x", bytes[i]);
}

static void print_hex_row(const char *label, const uint8_t *bytes, size_t len)
{
    print_label(label);
    print_hex(bytes, len);
    console_printf("\n");
}

/* The value of a line of the manifest, up to its LF. It is the kernel's own, which whoever verified
 * the image has parsed: "" for a key that it has not. */
static struct manifest_text manifest_value(const char *key)
{
    const char *at = (const char *)manifest_start;
    const char *end = (const char *)manifest_end;
    size_t key_len = strlen(key);

    while (at < end) {
        const char *line = at;
        size_t len = text_find(line, (size_t)(end - line), '\n');

        if (len > key_len && text_starts(line, len, key) && line[key_len] == '=')
            return (struct manifest_text){line + key_len + 1, len - key_len - 1};
        at += len + 1;
    }
    return (struct manifest_text){"", 0};
}

static void print_manifest_row(const char *key)
{
    struct manifest_text value = manifest_value(key);

    print_label(key);
    console_printf("%.*s\n", (int)value.len, value.bytes);
}

/* In milliseconds. */
static void print_ticks(uint64_t ticks)
{
    uint64_t unit = clock_tsc_hz() / 1000;

    console_printf("%llu.%02llu", (unsigned long long)(ticks / unit),
                   (unsigned long long)(ticks % unit * 100 / unit));
}

static bool is_verified(void)
{
    const struct boot_info *info = boot_info();

    return info->start == BOOT_START_LOADER && (info->handoff.flags & NONOS_HANDOFF_VERIFIED) != 0;
}

static void print_version(void)
{
    struct manifest_text version = manifest_value("version");
    struct manifest_text profile = manifest_value("profile");
    struct manifest_text security_version = manifest_value("security-version");

    console_printf("NONOS %.*s, %s profile, security version %.*s\n", (int)version.len,
                   version.bytes,
                   text_is(profile.bytes, profile.len, "release") ? "release" : "development",
                   (int)security_version.len, security_version.bytes);
}

static void print_start(void)
{
    const struct boot_info *info = boot_info();
    uint32_t flags = info->handoff.flags;

    print_label("start");
    if (info->start != BOOT_START_LOADER) {
        console_printf("by a hypervisor (PVH); nothing was verified\n");
        return;
    }
    console_printf("by a loader that reports %s, Secure Boot %s\n",
                   (flags & NONOS_HANDOFF_VERIFIED) == 0      ? "no verification"
                   : (flags & NONOS_HANDOFF_DEVELOPMENT) != 0 ? "a verified development image"
                                                              : "a verified image",
                   (flags & NONOS_HANDOFF_SECURE_BOOT) != 0 ? "on" : "off");
}

static void print_measured(void)
{
    if (boot_info()->start != BOOT_START_LOADER)
        return;
    print_label("measured");
    measured_print_summary(boot_info());
}

static void print_processor(void)
{
    const struct cpu_features *cpu = features_get();

    print_label("processor");
    console_printf("%s%s%s%s\n", cpu->vendor, cpu->brand[0] != '\0' ? ", " : "", cpu->brand,
                   cpu->hypervisor ? ", in a virtual machine" : "");
}

/* As the processor has them switched on, not as it was asked to. */
static void print_protection(void)
{
    uint64_t cr4 = control_read_cr4();
    const struct {
        bool on;
        const char *name;
    } protections[] = {
        {(msr_read(MSR_EFER) & MSR_EFER_NXE) != 0, "NX"},
        {(control_read_cr0() & CR0_WP) != 0, "WP"},
        {(cr4 & CR4_SMEP) != 0, "SMEP"},
        {(cr4 & CR4_SMAP) != 0, "SMAP"},
        {(cr4 & CR4_UMIP) != 0, "UMIP"},
    };

    print_label("protection");
    for (size_t i = 0, count = 0; i < sizeof protections / sizeof protections[0]; i++) {
        if (protections[i].on)
            console_printf("%s%s", count++ == 0 ? "" : " ", protections[i].name);
    }
    for (unsigned i = 0; features_missing(i) != nullptr; i++)
        console_printf("%s%s", i == 0 ? "; the processor lacks " : ", ", features_missing(i));
    console_printf("\n");
}

static void print_clock(void)
{
    const struct calibration *calibration = clock_calibration();

    print_label("clock");
    console_printf("%llu kHz by %s", (unsigned long long)(clock_tsc_hz() / 1000),
                   calibration->source != nullptr ? calibration->source : "assumption");
    if (calibration->witness != nullptr)
        console_printf(", confirmed by %s", calibration->witness);
    console_printf("; %s\n", apic_mode_name());
}

static void print_memory(void)
{
    struct frames_statistics frames;

    frames_get_statistics(&frames);
    print_label("memory");
    console_printf("%llu of %llu MiB free\n",
                   (unsigned long long)(frames.free_pages / PAGES_PER_MIB),
                   (unsigned long long)(frames.total_pages / PAGES_PER_MIB));
}

static void print_image(void)
{
    const struct nonos_handoff *handoff = &boot_info()->handoff;
    struct mapping_statistics mapping;

    paging_get_statistics(&mapping);
    print_label("image");
    console_printf("%llu KiB at 0x%llx%s; pages both writable and executable: %llu\n",
                   (unsigned long long)(image_len() / 1024),
                   (unsigned long long)handoff->image_paddr,
                   (handoff->flags & NONOS_HANDOFF_MOVED) != 0 ? " (moved)" : "",
                   (unsigned long long)mapping.writable_executable_pages);
}

void report_print_selftests(void)
{
    print_label("self-tests");
    console_printf("%zu passed:", selftest_passed_count());
    for (size_t i = 0; i < selftest_passed_count(); i++)
        console_printf(" %s", selftest_name(i));
    console_printf("\n");
}

static void print_entropy(void)
{
    uint32_t sources = generator_sources();
    uint32_t failed = generator_failed();

    print_label("entropy");
    for (unsigned i = 0; i < GENERATOR_SOURCE_COUNT; i++) {
        if ((sources >> i & 1) != 0)
            console_printf("%s, ", generator_source_name(i));
    }
    console_printf("timing jitter");
    for (unsigned i = 0; i < GENERATOR_SOURCE_COUNT; i++) {
        if ((failed >> i & 1) != 0)
            console_printf("; %s fails its tests", generator_source_name(i));
    }
    console_printf("\n");
}

/* What the loader's steps took, and the kernel up to here. Nothing where it took no times. */
static void print_stages(void)
{
    const struct boot_info *info = boot_info();
    struct timeline_step steps[TIMELINE_MAX_STEPS];
    size_t count = timeline_list(info, steps);

    if (info->start == BOOT_START_LOADER && count >= NONOS_STAGE_COUNT) {
        print_label("loader took");
        for (size_t i = 0; i < NONOS_STAGE_COUNT - 1; i++) {
            console_printf("%s%s ", i == 0 ? "" : ", ", steps[i].name);
            print_ticks(steps[i].ticks);
        }
        console_printf(" ms\n");
    }
    print_label("kernel up");
    print_ticks(control_read_tsc() - info->entry_tsc);
    console_printf(" ms\n");
}

static void print_summary(void)
{
    print_version();
    print_start();
    print_measured();
    print_processor();
    print_protection();
    print_clock();
    print_memory();
    print_image();
    report_print_selftests();
    print_entropy();
}

void report_print(void)
{
    print_summary();
    print_stages();
    if (!is_verified())
        return;
    console_printf("NONOS: the loader reports a verified boot, signer ");
    print_hex(boot_info()->handoff.signer_id, SIGNER_SHORT_LEN);
    console_printf("\n");
}

void report_print_info(void)
{
    const struct nonos_handoff *handoff = &boot_info()->handoff;

    print_summary();
    print_label("speculation");
    mitigation_print();
    if (is_verified()) {
        print_hex_row("signer", handoff->signer_id, sizeof handoff->signer_id);
        print_hex_row("digest", handoff->digest, sizeof handoff->digest);
    }
    print_manifest_row("source");
    print_manifest_row("commit");
    print_manifest_row("compiler");
    print_manifest_row("sbom");
    print_stages();
}

void report_print_memory(void)
{
    struct frames_statistics frames;
    struct heap_statistics heap;
    struct mapping_statistics mapping;

    frames_get_statistics(&frames);
    heap_get_statistics(&heap);
    paging_get_statistics(&mapping);
    print_label("frames");
    console_printf("%llu of %llu free, at most %llu were in use; %llu hold the books\n",
                   (unsigned long long)frames.free_pages, (unsigned long long)frames.total_pages,
                   (unsigned long long)frames.peak_used_pages,
                   (unsigned long long)frames.books_pages);
    print_label("");
    console_printf("largest free block %llu KiB; %llu usable frames left out\n",
                   4ull << frames.largest_free_order, (unsigned long long)frames.left_out_pages);
    print_label("heap");
    console_printf("%llu allocations, %llu bytes, at most %llu; %llu frames; %llu refused\n",
                   (unsigned long long)heap.allocations, (unsigned long long)heap.bytes,
                   (unsigned long long)heap.peak_bytes, (unsigned long long)heap.pages,
                   (unsigned long long)heap.failures);
    print_label("page tables");
    console_printf("%llu frames map %llu pages of 4 KiB, %llu of 2 MiB, %llu of 1 GiB\n",
                   (unsigned long long)mapping.tables, (unsigned long long)mapping.pages_4k,
                   (unsigned long long)mapping.pages_2m, (unsigned long long)mapping.pages_1g);
    print_label("");
    console_printf("%llu executable, %llu both writable and executable, %llu for user mode\n",
                   (unsigned long long)mapping.executable_pages,
                   (unsigned long long)mapping.writable_executable_pages,
                   (unsigned long long)mapping.user_pages);
}

void report_print_mappings(void)
{
    struct audit audit;
    const struct audit_plan *plan = paging_audit(&audit);

    console_printf("  %-33s %-6s %7s %7s %7s  what\n", "virtual addresses", "rights", "4 KiB",
                   "2 MiB", "1 GiB");
    for (size_t i = 0; i < plan->class_count; i++) {
        const struct audit_class *class = &plan->classes[i];

        console_printf("  %016llx-%016llx R%c%c%c   %7llu %7llu %7llu  %s: %s\n",
                       (unsigned long long)class->first, (unsigned long long)class->last,
                       (class->rights & MAPPING_WRITE) != 0 ? 'W' : '-',
                       (class->rights & MAPPING_EXECUTE) != 0 ? 'X' : '-',
                       (class->rights & MAPPING_USER) != 0 ? 'U' : '-',
                       (unsigned long long)audit.pages[i][MAPPING_SIZE_4K],
                       (unsigned long long)audit.pages[i][MAPPING_SIZE_2M],
                       (unsigned long long)audit.pages[i][MAPPING_SIZE_1G], class->group,
                       class->name);
    }
    console_printf("  writable and executable %llu, open to programs %llu, aliases of the image "
                   "%llu, foreign %llu\n",
                   (unsigned long long)audit.writable_executable_pages,
                   (unsigned long long)audit.user_pages, (unsigned long long)audit.alias_pages,
                   (unsigned long long)audit.foreign_pages);
    paging_check();
}

static void print_step(const char *part, const char *name, uint64_t ticks, uint64_t total)
{
    uint64_t permille = total == 0 ? 0 : ticks * 1000 / total;

    console_printf("  %-8s %-12s %14llu %3llu.%llu %%\n", part, name, (unsigned long long)ticks,
                   (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
}

void report_print_timeline(void)
{
    struct timeline_step steps[TIMELINE_MAX_STEPS];
    size_t count = timeline_list(boot_info(), steps);
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += steps[i].ticks;
    for (size_t i = 0; i < count; i++)
        print_step(steps[i].part, steps[i].name, steps[i].ticks, total);
    print_step("all", "", total, total);
}

void report_print_measured(void)
{
    measured_print(boot_info());
}

void report_print_manifest(void)
{
    console_write((const char *)manifest_start, (size_t)(manifest_end - manifest_start) - 1);
}
