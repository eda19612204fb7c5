/*
 * measure_print.h - what `nonos measure` prints to standard output.
 */
#ifndef NONOS_TOOLS_MEASURE_PRINT_H
#define NONOS_TOOLS_MEASURE_PRINT_H

#include "tools/prediction.h"
#include "tools/replay.h"

struct measure_answer {
    const char *image_path;
    size_t image_len;
    const char *loader_path;
    size_t loader_len;
    const struct image_verdict *verdict; /* verified */
    const struct prediction *prediction;
};

void measure_print_prediction(const struct measure_answer *answer);
void measure_print_prediction_json(const struct measure_answer *answer);

/* Text that comes from the log is printed with control characters replaced. */
void measure_print_log(const char *path, size_t len, const struct replay *replay);
void measure_print_log_json(const char *path, size_t len, const struct replay *replay);

#endif
