/*
 * main.c - the loader's ten steps (docs/boot.md), from top to bottom.
 *
 * Each step prints one line, or refuses. There is no way from a step to the jump but through all
 * of those between.
 */
#include "boot/boot.h"
#include "boot/canary.h"
#include "boot/cpu.h"
#include "boot/departure.h"
#include "boot/handoff.h"
#include "boot/kernel_file.h"
#include "boot/kernel_space.h"
#include "boot/measure.h"
#include "boot/place.h"
#include "boot/policy.h"
#include "boot/progress.h"
#include "boot/refusal.h"
#include "boot/render.h"
#include "boot/trampoline.h"
#include "boot/verify_stack.h"
#include "crypto/bytes.h"
#include "image/text.h"

#include <string.h>

efi_status EFIAPI efi_main(efi_handle image, struct efi_system_table *system);

#define SIGNER_SHORT_LEN 8u /* bytes of an id in the lines */

static struct boot boot;

/* What firmware calls itself, cut off and made printable. */
static void copy_vendor(char *out, size_t size)
{
    const efi_char16 *vendor = firmware->firmware_vendor;
    size_t len = 0;
    for (; vendor != nullptr && len + 1 < size && vendor[len] != 0; len++) {
        if (vendor[len] >= ' ' && vendor[len] <= '~')
            out[len] = (char)vendor[len];
        else
            out[len] = '?';
    }
    out[len] = '\0';
}

/* Step 1. */
static void start_console(void)
{
    char vendor[33];
    uint32_t revision = firmware->header.revision;
    progress_init();
    /* Five minutes after it started us, firmware would reset the machine (UEFI 2.10 §7.5.1). */
    (void)firmware_boot->set_watchdog_timer(0, 0, 0, nullptr);
    copy_vendor(vendor, sizeof(vendor));
    progress_step(1, "UEFI %u.%u, %s", revision >> 16, (revision & 0xFFFF) / 10, vendor);
    boot.stage_tsc[NONOS_STAGE_CONSOLE] = cpu_read_tsc();
}

static bool is_development_loader(void)
{
    return boot_profile != NONOS_PROFILE_RELEASE || boot_policy.allow_dev;
}

/* Whoever signed this file for Secure Boot has seen the first of the two alone. */
static bool is_profile_of_policy(void)
{
    return boot_profile ==
           (uint32_t)(boot_policy.allow_dev ? NONOS_PROFILE_DEV : NONOS_PROFILE_RELEASE);
}

/* Step 2. */
static void check_policy(void)
{
    bool is_development = is_development_loader();
    if (is_development)
        progress_line("DEVELOPMENT loader: it starts kernels signed with a development key");
    if (boot_policy.trusted_count == 0)
        refuse("the loader", NONOS_E_POLICY_EMPTY);
    if (boot_policy.wanted != NONOS_IMAGE_KERNEL || !is_profile_of_policy())
        refuse("the loader", NONOS_E_INTERNAL);
    progress_step(2, "%s, %u trusted, %u revoked, security version %u or higher",
                  is_development ? "development" : "release", (uint32_t)boot_policy.trusted_count,
                  (uint32_t)boot_policy.revoked_count, boot_policy.security_version_floor);
}

/* Step 3. */
static void examine_hardware(void)
{
    const struct hardware *hardware = &boot.hardware;
    const char *missing;
    enum nonos_error error = hardware_examine(&boot.hardware, &missing);
    require(missing, error);
    refusal_wipes(boot.entropy, sizeof(boot.entropy));
    require("the machine", entropy_collect(hardware, boot.entropy, &boot.entropy_sources));
    require("measuring", measure_begin(&boot.has_tpm));
    progress_step(3, "NX, SYSCALL%s%s, random from%s%s%s; Secure Boot %s; TPM %s",
                  hardware->has_smep ? ", SMEP" : "", hardware->has_smap ? ", SMAP" : "",
                  boot.entropy_sources & NONOS_ENTROPY_FIRMWARE ? " firmware" : "",
                  boot.entropy_sources & NONOS_ENTROPY_RDRAND ? " RDRAND" : "",
                  boot.entropy_sources & NONOS_ENTROPY_RDSEED ? " RDSEED" : "",
                  hardware->has_secure_boot ? "on" : "off", boot.has_tpm ? "2.0" : "none");
    progress_fact(BOOT_SCREEN_MACHINE, "%s loader; Secure Boot %s; TPM %s",
                  is_development_loader() ? "DEVELOPMENT" : "release",
                  hardware->has_secure_boot ? "on" : "off", boot.has_tpm ? "2.0" : "none");
    boot.stage_tsc[NONOS_STAGE_HARDWARE] = cpu_read_tsc();
}

/* Step 4. */
static void read_image(void)
{
    require(KERNEL_FILE_NAME, kernel_file_read(&boot.file, &boot.file_len));
    boot.stage_tsc[NONOS_STAGE_READ] = cpu_read_tsc();
    progress_step(4, KERNEL_FILE_NAME ", %u bytes", (uint32_t)boot.file_len);
}

static const char *profile_name(uint32_t profile)
{
    return profile == NONOS_PROFILE_DEV ? "development" : "release";
}

static void report_digest(const struct image_verdict *so_far)
{
    char hex[2 * NONOS_DIGEST_LEN];
    text_write_hex(so_far->d1, NONOS_DIGEST_LEN, hex);
    progress_step(5, "%.*s", (int)sizeof(hex), hex);
    progress_fact(BOOT_SCREEN_DIGEST, "%.*s", (int)sizeof(hex), hex);
}

static void report_first_signature(const struct image_verdict *so_far)
{
    char hex[2 * SIGNER_SHORT_LEN];
    text_write_hex(so_far->signer->id, SIGNER_SHORT_LEN, hex);
    progress_step(6, "by identity %.*s", (int)sizeof(hex), hex);
}

static void report_second_signature(const struct image_verdict *so_far)
{
    const struct identity *signer = so_far->signer;
    char hex[2 * sizeof(signer->id)];
    text_write_hex(signer->id, sizeof(signer->id), hex);
    progress_step(7, "by the same identity, %s", signer->name);
    progress_fact(BOOT_SCREEN_SIGNER, "%s, %s", signer->name, profile_name(signer->profile));
    progress_fact(BOOT_SCREEN_ID, "%.*s", (int)sizeof(hex), hex);
}

static void report_manifest(const struct manifest *manifest)
{
    char text[160];
    render_format(text, sizeof(text), "%.*s %.*s, security version %u, %s", (int)manifest->name.len,
                  manifest->name.bytes, (int)manifest->version.len, manifest->version.bytes,
                  manifest->security_version, profile_name((uint32_t)manifest->profile));
    progress_step(8, "%s", text);
    progress_fact(BOOT_SCREEN_IMAGE, "%s", text);
}

/* Steps 5 to 8, each as it has succeeded. */
static void observe(void *context, enum image_step step, const struct image_verdict *so_far)
{
    static const enum nonos_boot_stage stages[] = {
        [IMAGE_STEP_DIGEST] = NONOS_STAGE_DIGEST,
        [IMAGE_STEP_ED25519] = NONOS_STAGE_ED25519,
        [IMAGE_STEP_MLDSA65] = NONOS_STAGE_MLDSA65,
        [IMAGE_STEP_PARSED] = NONOS_STAGE_PARSED,
    };
    (void)context;
    switch (step) {
    case IMAGE_STEP_DIGEST:
        report_digest(so_far);
        break;
    case IMAGE_STEP_ED25519:
        report_first_signature(so_far);
        break;
    case IMAGE_STEP_MLDSA65:
        report_second_signature(so_far);
        break;
    case IMAGE_STEP_PARSED:
        report_manifest(&so_far->manifest);
        break;
    }
    boot.stage_tsc[stages[step]] = cpu_read_tsc();
}

/* After measuring, so that nobody reads it whose TPM then refuses. */
static void report_verified(void)
{
    if (boot.verdict.signer->profile == NONOS_PROFILE_DEV)
        progress_result(BOOT_SCREEN_VERIFIED_DEVELOPMENT,
                        "Both signatures are by one identity that this loader trusts. That "
                        "identity is for development: not for use outside of it.");
    else if (is_development_loader())
        progress_result(BOOT_SCREEN_VERIFIED_DEVELOPMENT,
                        "Both signatures are by one identity that this loader trusts. The loader "
                        "also starts what is signed for development: not for use outside of it.");
    else
        progress_result(BOOT_SCREEN_VERIFIED,
                        "Both signatures are by one identity that this loader trusts.");
}

/* Steps 5 to 8. */
static void verify_image(void)
{
    char what[64];
    require("the loader", verify_stack_init());
    enum nonos_error error =
        image_verify(boot.file, boot.file_len, &boot_policy, observe, nullptr, &boot.verdict);
    if (error == NONOS_OK && image_is_verified(&boot.verdict))
        return;
    if (boot.verdict.manifest_line != 0)
        render_format(what, sizeof(what), "%s, manifest line %u", KERNEL_FILE_NAME,
                      boot.verdict.manifest_line);
    else
        render_format(what, sizeof(what), "%s", KERNEL_FILE_NAME);
    refuse(what, error != NONOS_OK ? error : NONOS_E_INTERNAL);
}

/* Step 9, before a byte of the image is where it may run. */
static void measure(void)
{
    const char *what;
    enum nonos_error error = measure_image(&boot.verdict, &boot_policy, boot_profile, &what);
    require(what, error);
    boot.stage_tsc[NONOS_STAGE_MEASURED] = cpu_read_tsc();
}

/* What the handoff needs memory for, all of it before the map is read for the last time. */
static enum nonos_error allocate_handoff(void)
{
    enum nonos_error error = firmware_allocate(sizeof(struct nonos_handoff), FIRMWARE_ANYWHERE,
                                               EFI_LOADER_DATA, &boot.handoff_paddr);
    if (error == NONOS_OK)
        error = firmware_allocate(NONOS_HANDOFF_STACK_LEN, FIRMWARE_ANYWHERE, EFI_LOADER_DATA,
                                  &boot.stack_paddr);
    if (error == NONOS_OK)
        error = trampoline_allocate(&boot.trampoline_paddr);
    if (error != NONOS_OK)
        return error;
    uint64_t regions_paddr;
    boot.map.capacity = memory_map_capacity(
        boot.firmware_map.size / boot.firmware_map.descriptor_len, DEPARTURE_PAINTED_COUNT);
    error = firmware_allocate(boot.map.capacity * sizeof(struct nonos_memory_region),
                              FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &regions_paddr);
    boot.map.regions = firmware_pointer(regions_paddr);
    return error;
}

static enum nonos_error build_tables(void)
{
    enum nonos_error error = departure_read_map(&boot);
    if (error != NONOS_OK)
        return error;
    struct kernel_space space = {
        .elf = &boot.verdict.elf,
        .map = &boot.map,
        .image_paddr = boot.image_paddr,
        .stack_paddr = boot.stack_paddr,
        .stack_len = NONOS_HANDOFF_STACK_LEN,
        .trampoline_paddr = boot.trampoline_paddr,
    };
    struct page_tables tables;
    size_t count = kernel_space_page_count(&space, boot.hardware.has_gib_pages);
    error = firmware_allocate(count * PAGE_TABLES_PAGE_LEN, FIRMWARE_BELOW_4G, EFI_LOADER_DATA,
                              &boot.tables_paddr);
    if (error == NONOS_OK)
        error = page_tables_init(&tables, firmware_pointer(boot.tables_paddr), boot.tables_paddr,
                                 count, boot.hardware.has_gib_pages);
    return error == NONOS_OK ? kernel_space_build(&space, &tables) : error;
}

/* Step 9. */
static void place_image(void)
{
    const struct image_elf *elf = &boot.verdict.elf;
    require("the memory map", firmware_map_allocate(&boot.firmware_map));
    require("the kernel", place_kernel(boot.file, elf, &boot.firmware_map, &boot.image_paddr));
    require("the handoff", allocate_handoff());
    require("the page tables", build_tables());
    boot.stage_tsc[NONOS_STAGE_PLACED] = cpu_read_tsc();
    progress_step(9, "%u segments, %u KiB at 0x%llx%s; %s", elf->segment_count,
                  (uint32_t)(elf->memory_len / 1024), (unsigned long long)boot.image_paddr,
                  boot.image_paddr != elf->memory_paddr ? ", moved" : "",
                  boot.has_tpm ? "measured into PCR 11" : "not measured");
}

/* Step 10: the end of what is measured, and its log for the kernel. */
static void end_measuring(struct nonos_handoff *handoff)
{
    const char *what;
    enum nonos_error error = measure_end(&boot.log, &what);
    require(what, error);
    if (!boot.has_tpm)
        return;
    handoff->flags |= NONOS_HANDOFF_MEASURED;
    handoff->measurement_log_paddr = boot.log.paddr;
    handoff->measurement_log_len = boot.log.len;
    if (boot.log.why_none != nullptr)
        progress_line("the event log is not handed over: %s", boot.log.why_none);
}

/* Step 10. */
[[noreturn]] static void hand_off(void)
{
    struct nonos_handoff *handoff = firmware_pointer(boot.handoff_paddr);
    struct trampoline_jump jump = {
        .tables_paddr = boot.tables_paddr,
        .entry_vaddr = boot.verdict.elf.entry,
        .stack_top_vaddr = KERNEL_SPACE_STACK_VADDR + NONOS_HANDOFF_STACK_LEN,
        .handoff_vaddr = NONOS_DIRECT_MAP_VADDR + boot.handoff_paddr,
    };
    handoff_fill(handoff, &boot);
    bytes_wipe(boot.entropy, sizeof(boot.entropy));
    refusal_wipes(handoff->entropy, sizeof(handoff->entropy));
    trampoline_prepare(boot.trampoline_paddr, &jump);
    progress_step(10, "%s", "");

    end_measuring(handoff);
    require("leaving boot services", departure_leave(&boot));
    cpu_disable_interrupts();
    handoff->memory_map_count = (uint32_t)boot.map.count;
    handoff->stage_tsc[NONOS_STAGE_JUMP] = cpu_read_tsc();
    if (!image_is_verified(&boot.verdict))
        refuse(KERNEL_FILE_NAME, NONOS_E_INTERNAL);
    trampoline_enter(boot.trampoline_paddr);
}

/* Not a part of efi_main, which has no canary. */
[[noreturn]] __attribute__((noinline)) static void run(void)
{
    start_console();
    check_policy();
    examine_hardware();
    read_image();
    verify_image();
    measure();
    report_verified();
    place_image();
    hand_off();
}

__attribute__((no_stack_protector)) efi_status EFIAPI efi_main(efi_handle image,
                                                               struct efi_system_table *system)
{
    boot.stage_tsc[NONOS_STAGE_ENTRY] = cpu_read_tsc();
    firmware_init(image, system);
    canary_init();
    run();
}
