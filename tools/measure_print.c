#include "tools/measure_print.h"

#include "image/text.h"
#include "tools/json.h"
#include "tools/print.h"
#include "tools/report.h"

#include <string.h>

/* What the tables show; the JSON has SHA-512 as well, which few TPMs have. */
#define SHOWN_BANK_COUNT 2u
static_assert(PCR_SHA256 < SHOWN_BANK_COUNT && PCR_SHA384 < SHOWN_BANK_COUNT);

static void print_hex(const struct pcr_value *value, unsigned bank)
{
    char hex[2 * PCR_MAX_LEN + 1] = {0};
    text_write_hex(value->bytes, pcr_bank_info(bank)->len, hex);
    fputs(hex, stdout);
}

static void print_value(const char *label, unsigned bank, unsigned pcr,
                        const struct pcr_value *value, const char *note)
{
    printf("%-10s %s:%u=", label, pcr_bank_info(bank)->name, pcr);
    print_hex(value, bank);
    printf("%s\n", note);
}

/* Lines of text, indented; what is not printable is replaced. */
static void print_text(const char *label, const char *text, size_t len)
{
    printf("%s\n", label);
    while (len > 0) {
        size_t line_len = text_find(text, len, '\n');
        printf("%-10s ", "");
        for (size_t i = 0; i < line_len; i++)
            putchar(text[i] >= 0x20 && text[i] <= 0x7E ? text[i] : '?');
        putchar('\n');
        size_t step = line_len < len ? line_len + 1 : line_len;
        text += step;
        len -= step;
    }
}

static void print_file(const char *label, const char *path, size_t len)
{
    printf("%-10s ", label);
    report_text(stdout, path);
    printf(", %zu bytes\n", len);
}

static void print_events(const struct prediction *prediction)
{
    puts("events");
    for (size_t i = 0; i < PREDICTION_COUNT; i++) {
        const struct prediction_event *event = &prediction->events[i];
        for (unsigned bank = 0; bank < SHOWN_BANK_COUNT; bank++) {
            printf("%-10s PCR %-2u %-12s %s:", "", (unsigned)event->pcr,
                   bank == 0 ? event->what : "", pcr_bank_info(bank)->name);
            print_hex(&event->digests[bank], bank);
            putchar('\n');
        }
    }
}

/* PCR 7 is the machine's own: nobody can predict it from these files. */
static void print_seal(const struct prediction *prediction)
{
    printf("%-10s sha256:4,7,11 (PCR 7, the state of Secure Boot, is read on the machine)\n"
           "%-10s --tpm2-pcrs=7+%u:sha256=",
           "seal to", "", PREDICTION_FIRMWARE_PCR);
    print_hex(&prediction->firmware[PCR_SHA256], PCR_SHA256);
    printf("+%u:sha256=", MEASUREMENT_PCR);
    print_hex(&prediction->started[PCR_SHA256], PCR_SHA256);
    putchar('\n');
}

void measure_print_prediction(const struct measure_answer *answer)
{
    const struct prediction *prediction = answer->prediction;
    print_image(answer->image_path, answer->image_len);
    print_digest("digest", answer->verdict->d1);
    print_file("loader", answer->loader_path, answer->loader_len);
    print_text("policy", prediction->policy, strlen(prediction->policy));
    print_events(prediction);
    for (unsigned bank = 0; bank < SHOWN_BANK_COUNT; bank++) {
        print_value("started", bank, PREDICTION_FIRMWARE_PCR, &prediction->firmware[bank],
                    " (by firmware)");
        print_value("", bank, MEASUREMENT_PCR, &prediction->started[bank], "");
    }
    for (unsigned bank = 0; bank < SHOWN_BANK_COUNT; bank++) {
        print_value("refused", bank, MEASUREMENT_PCR, &prediction->refused_before[bank],
                    " (nothing measured)");
        print_value("", bank, MEASUREMENT_PCR, &prediction->refused_after[bank], " (all measured)");
    }
    print_seal(prediction);
}

static void put_banks(struct json_output *json, const char *key, const struct pcr_value *values)
{
    json_begin_object(json, key);
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++)
        json_put_hex(json, pcr_bank_info(bank)->name, values[bank].bytes, pcr_bank_info(bank)->len);
    json_end_object(json);
}

static void put_events(struct json_output *json, const struct prediction *prediction)
{
    json_begin_array(json, "events");
    for (size_t i = 0; i < PREDICTION_COUNT; i++) {
        const struct prediction_event *event = &prediction->events[i];
        json_begin_object(json, nullptr);
        json_put_number(json, "pcr", event->pcr);
        json_put_number(json, "type", event->type);
        json_put_string(json, "what", event->what);
        put_banks(json, "digests", event->digests);
        json_end_object(json);
    }
    json_end_array(json);
}

void measure_print_prediction_json(const struct measure_answer *answer)
{
    const struct prediction *prediction = answer->prediction;
    struct json_output json = {.stream = stdout};
    json_begin_object(&json, nullptr);
    json_put_string(&json, "image", answer->image_path);
    json_put_hex(&json, "digest", answer->verdict->d1, sizeof(answer->verdict->d1));
    json_put_string(&json, "loader", answer->loader_path);
    json_put_string(&json, "policy", prediction->policy);
    put_events(&json, prediction);
    json_begin_object(&json, "started");
    put_banks(&json, "4", prediction->firmware);
    put_banks(&json, "11", prediction->started);
    json_end_object(&json);
    json_begin_object(&json, "refused");
    put_banks(&json, "nothing-measured", prediction->refused_before);
    put_banks(&json, "all-measured", prediction->refused_after);
    json_end_object(&json);
    json_end_object(&json);
}

void measure_print_log(const char *path, size_t len, const struct replay *replay)
{
    static const char *const names[MEASUREMENT_COUNT] = {"kernel", "manifest", "policy"};
    print_file("log", path, len);
    if (replay->end == REPLAY_MALFORMED)
        return;
    printf("%-10s %zu\n", "events", replay->event_count);
    for (size_t i = 0; i < replay->measured_count && i < MEASUREMENT_COUNT; i++)
        print_text(names[i], replay->measured[i].bytes, replay->measured[i].len);
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        if (!replay->has_bank[bank])
            continue;
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
            if (replay->is_extended[pcr])
                print_value("", bank, pcr, &replay->values[bank][pcr], "");
    }
    if (replay->has_other_bank)
        print_line("", "banks of other hashes, such as SHA-1, are not replayed");
    print_line("boot", replay_end_text(replay->end));
}

void measure_print_log_json(const char *path, size_t len, const struct replay *replay)
{
    static const char *const names[MEASUREMENT_COUNT] = {"kernel", "manifest", "policy"};
    struct json_output json = {.stream = stdout};
    json_begin_object(&json, nullptr);
    json_put_string(&json, "log", path);
    json_put_number(&json, "bytes", len);
    json_put_number(&json, "events", replay->event_count);
    json_put_bool(&json, "started", replay->end == REPLAY_STARTED);
    json_put_string(&json, "boot", replay_end_text(replay->end));
    for (size_t i = 0; i < replay->measured_count && i < MEASUREMENT_COUNT; i++)
        json_put_text(&json, names[i], replay->measured[i].bytes, replay->measured[i].len);
    json_begin_object(&json, "pcrs");
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        if (!replay->has_bank[bank])
            continue;
        json_begin_object(&json, pcr_bank_info(bank)->name);
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
            char number[4] = {0};
            if (!replay->is_extended[pcr])
                continue;
            snprintf(number, sizeof(number), "%u", pcr);
            json_put_hex(&json, number, replay->values[bank][pcr].bytes, pcr_bank_info(bank)->len);
        }
        json_end_object(&json);
    }
    json_end_object(&json);
    json_end_object(&json);
}
