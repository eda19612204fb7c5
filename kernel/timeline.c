#include "kernel/timeline.h"

#include "image/text.h"
#include "kernel/cpu/control.h"
#include "kernel/selftest.h"

/* By enum nonos_stage, from the one behind the entry on (text_word). */
static const char stage_names[] = "console\0hardware\0read\0BLAKE3\0Ed25519\0ML-DSA-65\0parse\0"
                                  "measure\0place\0leave";
/* By enum timeline_mark, without the self-tests': those are in their own table. */
static const char mark_names[] =
    "console\0descriptors\0processor\0handoff\0frames\0tables\0stacks\0"
    "check\0memory\0ACPI\0generator\0clock\0threads\0startup\0report";

static uint64_t marks[TIMELINE_COUNT];

void timeline_mark(enum timeline_mark mark)
{
    if (marks[mark] == 0)
        marks[mark] = control_read_tsc();
}

static const char *mark_name(unsigned mark)
{
    if (mark >= TIMELINE_ACPI)
        return text_word(mark_names, mark - TIMELINE_SELFTEST_COUNT);
    return mark >= TIMELINE_SELFTEST_1 ? selftest_name(mark - TIMELINE_SELFTEST_1)
                                       : text_word(mark_names, mark);
}

/* The loader's stages; *last becomes the time of the last one. */
static size_t list_loader(const uint64_t tsc[NONOS_STAGE_COUNT], struct timeline_step *steps,
                          uint64_t *last)
{
    size_t count = 0;

    for (unsigned i = NONOS_STAGE_ENTRY + 1; i < NONOS_STAGE_COUNT; i++) {
        if (tsc[i] < tsc[i - 1])
            return 0;
        steps[count++] = (struct timeline_step){
            "loader", text_word(stage_names, i - NONOS_STAGE_ENTRY - 1), tsc[i] - tsc[i - 1]};
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
