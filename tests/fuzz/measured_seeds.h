/*
 * measured_seeds.h - what fuzzing of event logs and of loaders' files starts from.
 */
#ifndef NONOS_TESTS_FUZZ_MEASURED_SEEDS_H
#define NONOS_TESTS_FUZZ_MEASURED_SEEDS_H

#include "tests/support/loader_builder.h"
#include "tests/support/measured_log.h"

typedef void seed_writer(const char *target, const char *name, const void *bytes, size_t len);

static inline void write_event_log_seeds(seed_writer *write_seed)
{
    static struct built_log log;
    measured_log_fill(&log);
    write_seed("event_log", "open", log.bytes, log.len);
    measured_log_add(&log, 11, 4, "\0\0\0\0", 4);
    write_seed("event_log", "started", log.bytes, log.len);
    measured_log_begin(&log);
    measured_log_add(&log, 0, 3, "StartupLocality\0\3", 17);
    measured_log_add(&log, 0, 8, "firmware", 8);
    measured_log_add(&log, 11, 4, "\1\0\0\0", 4);
    write_seed("event_log", "refused", log.bytes, log.len);
}

/* Behind the byte that says where the target changes one. */
static inline void write_loader_seed(seed_writer *write_seed, const char *name,
                                     struct file_bytes file)
{
    uint8_t *seed = test_allocate(1 + file.len);
    seed[0] = 0x80;
    memcpy(seed + 1, file.bytes, file.len);
    write_seed("authenticode", name, seed, 1 + file.len);
    free(seed);
}

static inline void write_loader_seeds(seed_writer *write_seed)
{
    struct identity first = built_identity(1, "first", NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV);
    struct identity second = built_identity(2, "second", NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV);
    struct file_bytes loader = built_loader(&first, &second, NONOS_PROFILE_DEV, 1);
    struct file_bytes with = built_signed_loader(loader, 16);
    write_loader_seed(write_seed, "plain", loader);
    write_loader_seed(write_seed, "signed", with);
    file_free(&loader);
    file_free(&with);
}

static inline void write_measured_seeds(seed_writer *write_seed)
{
    write_event_log_seeds(write_seed);
    write_loader_seeds(write_seed);
}

#endif
