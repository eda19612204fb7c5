#include "kernel/timeline.h"

#include "kernel/cpu/control.h"
#include "kernel/selftest.h"

static const char *const stage_names[NONOS_STAGE_COUNT] = {
    [NONOS_STAGE_CONSOLE] = "console", [NONOS_STAGE_HARDWARE] = "hardware",
    [NONOS_STAGE_READ] = "read",       [NONOS_STAGE_DIGEST] = "BLAKE3",
    [NONOS_STAGE_ED25519] = "Ed25519", [NONOS_STAGE_MLDSA65] = "ML-DSA-65",
    [NONOS_STAGE_PARSED] = "parse",    [NONOS_STAGE_MEASURED] = "measure",
    [NONOS_STAGE_PLACED] = "place",    [NONOS_STAGE_JUMP] = "leave",
};

/* The self-tests' are in their own table. */
static const char *const mark_names[TIMELINE_COUNT] = {
    [TIMELINE_CONSOLE] = "console",     [TIMELINE_DESCRIPTORS] = "descriptors",
    [TIMELINE_PROCESSOR] = "processor", [TIMELINE_HANDOFF] = "handoff",
    [TIMELINE_FRAMES] = "frames",       [TIMELINE_TABLES] = "tables",
    [TIMELINE_STACKS] = "stacks",       [TIMELINE_CHECK] = "check",
    [TIMELINE_MEMORY] = "memory",       [TIMELINE_GENERATOR] = "generator",
    [TIMELINE_ACPI] = "ACPI",           [TIMELINE_CLOCK] = "clock",
    [TIMELINE_THREADS] = "threads",     [TIMELINE_PROCESSORS] = "startup",
    [TIMELINE_REPORT] = "report",
};

static uint64_t marks[TIMELINE_COUNT];

void timeline_mark(enum timeline_mark mark)
{
    if (marks[mark] == 0)
        marks[mark] = control_read_tsc();
}

static const char *mark_name(unsigned mark)
{
    return mark_names[mark] != nullptr ? mark_names[mark]
                                       : selftest_name(mark - TIMELINE_SELFTEST_1);
}

/* The loader's stages; *last becomes the time of the last one. */
static size_t list_loader(const uint64_t tsc[NONOS_STAGE_COUNT], struct timeline_step *steps,
                          uint64_t *last)
{
    size_t count = 0;

    for (unsigned i = NONOS_STAGE_ENTRY + 1; i < NONOS_STAGE_COUNT; i++) {
        if (tsc[i] < tsc[i - 1])
            return 0;
        steps[count++] = (struct timeline_step){"loader", stage_names[i], tsc[i] - tsc[i - 1]};
    }
    *last = tsc[NONOS_STAGE_JUMP];
    return count;
}

size_t timeline_list(const struct boot_info *info, struct timeline_step steps[TIMELINE_MAX_STEPS])
{
    const uint64_t *tsc = info->handoff.stage_tsc;
    uint64_t last = 0;
    size_t count = 0;

    if (info->start == BOOT_START_LOADER)
        count = list_loader(tsc, steps, &last);
    else
        last = tsc[NONOS_STAGE_ENTRY];
    if (last != 0 && last <= info->entry_tsc)
        steps[count++] = (struct timeline_step){"kernel", "entry", info->entry_tsc - last};
    else
        count = 0;
    last = info->entry_tsc;
    for (unsigned mark = 0; mark < TIMELINE_COUNT && marks[mark] >= last; mark++) {
        steps[count++] = (struct timeline_step){"kernel", mark_name(mark), marks[mark] - last};
        last = marks[mark];
    }
    return count;
}
