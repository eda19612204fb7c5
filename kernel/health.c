#include "kernel/health.h"

static uint32_t fold(uint64_t word)
{
    return (uint32_t)(word ^ word >> 32);
}

static bool word_is_good(const struct health *health, uint64_t word)
{
    return word != 0 && word != UINT64_MAX && fold(word) != health->word;
}

static bool sample_is_good(struct health *health, uint8_t sample)
{
    health->repeats = sample == health->sample ? health->repeats + 1 : 1;
    health->sample = sample;
    if (health->position == 0) {
        health->first = sample;
        health->matches = 0;
    }
    health->matches += sample == health->first;
    health->position = (health->position + 1) % HEALTH_WINDOW_COUNT;
    return health->repeats < HEALTH_REPEAT_CUTOFF && health->matches < HEALTH_WINDOW_CUTOFF;
}

void health_feed(struct health *health, const uint64_t *words, size_t count)
{
    uint32_t batch = health->batch;

    for (size_t i = 0; i < count; i++) {
        bool good = word_is_good(health, words[i]) && (i != 0 || fold(words[0]) != batch);

        for (unsigned bit = 0; bit < 64; bit += 8)
            good &= sample_is_good(health, (uint8_t)(words[i] >> bit));
        if (!good)
            *health = (struct health){.failed = true};
        else if (health->good < HEALTH_START_COUNT)
            health->good += sizeof *words;
        health->word = fold(words[i]);
        health->batch = fold(words[0]);
        if (health_passes(health))
            health->failed = false;
    }
}

bool health_passes(const struct health *health)
{
    return health->good == HEALTH_START_COUNT;
}
