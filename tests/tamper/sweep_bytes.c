#include "tests/tamper/campaign.h"
#include "tests/tamper/subject.h"
#include "tests/tamper/sweeps.h"

#include "crypto/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum nonos_error verify_changed(size_t at, uint8_t mask)
{
    uint8_t *file = subject_file();
    file[at] ^= mask;
    enum nonos_error error = subject_verify(file, subject.len, &subject.signer);
    file[at] ^= mask;
    return error;
}

/* Each byte once, and each of the eight bits in its turn. */
static struct answer change_byte(size_t index, char *text, size_t text_size)
{
    uint8_t mask = (uint8_t)(1u << index % 8);
    enum nonos_error error = verify_changed(index, mask);
    snprintf(text, text_size, "byte 0x%zx changed by 0x%02x", index, mask);
    return (struct answer){error, error == NONOS_E_ED25519};
}

/* What a byte is that is not contents: headers, manifest, names and section table, signatures. */
static bool is_metadata(size_t at)
{
    size_t headers_end = 64 + 56 * (size_t)subject.original[56];
    const struct image_elf *elf = &subject.elf;
    const struct image_segment *last = &elf->segments[elf->segment_count - 1];
    return at < headers_end || at - elf->manifest_offset < elf->manifest_len ||
           at >= last->offset + last->file_len;
}

static size_t *metadata;
static size_t metadata_count;

static void list_metadata(void)
{
    metadata = calloc(subject.len, sizeof(*metadata));
    campaign_require(metadata != nullptr);
    metadata_count = 0;
    for (size_t at = 0; at < subject.len; at++)
        if (is_metadata(at))
            metadata[metadata_count++] = at;
}

static struct answer change_bit(size_t index, char *text, size_t text_size)
{
    size_t at = metadata[index / 8];
    uint8_t mask = (uint8_t)(1u << index % 8);
    enum nonos_error error = verify_changed(at, mask);
    snprintf(text, text_size, "byte 0x%zx changed by 0x%02x", at, mask);
    return (struct answer){error, error == NONOS_E_ED25519};
}

bool sweep_bytes(size_t sample)
{
    struct tally tally;
    (void)subject_copy(subject.original, subject.len);
    const struct campaign bytes = {"every byte changed", change_byte, subject.len, sample};
    bool ok = campaign_run(&bytes, &tally);
    if (sample == 1)
        printf("  bytes changed: %llu, size of the image: %zu\n", (unsigned long long)tally.tried,
               subject.len);
    list_metadata();
    const struct campaign bits = {"every bit of headers, manifest, section table, signatures",
                                  change_bit, 8 * metadata_count, sample};
    ok = campaign_run(&bits, &tally) && ok;
    free(metadata);
    return ok;
}

/* The code that a length alone gives, for a file that nobody has signed at that length. */
static enum nonos_error code_of_length(const uint8_t *file, size_t len)
{
    if (len < NONOS_IMAGE_MIN_LEN)
        return NONOS_E_IMAGE_SHORT;
    if (len > NONOS_IMAGE_MAX_LEN)
        return NONOS_E_IMAGE_LONG;
    return bytes_are_zero(file + len - NONOS_TRAILER_LEN, NONOS_TRAILER_LEN) ? NONOS_E_UNSIGNED
                                                                             : NONOS_E_ED25519;
}

static struct answer verify_length(const uint8_t *file, size_t len)
{
    enum nonos_error error = subject_verify(file, len, &subject.signer);
    return (struct answer){error, error == code_of_length(file, len)};
}

static struct answer truncate_to(size_t index, char *text, size_t text_size)
{
    snprintf(text, text_size, "cut off at %zu bytes", index);
    return verify_length(subject_copy(subject.original, index), index);
}

/* What is appended: zeroes, ones, the end of the image once more. */
enum { APPENDED_KINDS = 3, APPENDED_MAX_LEN = NONOS_IMAGE_MIN_LEN };

static struct answer append(size_t index, char *text, size_t text_size)
{
    size_t more = 1 + index / APPENDED_KINDS;
    unsigned kind = (unsigned)(index % APPENDED_KINDS);
    uint8_t *file = subject_copy(subject.original, subject.len);
    file = memmove(file - more, file, subject.len);
    if (kind == 2)
        memcpy(file + subject.len, subject.original + subject.len - more, more);
    else
        memset(file + subject.len, kind == 0 ? 0 : 0xFF, more);
    snprintf(text, text_size, "%zu bytes appended, kind %u", more, kind);
    return verify_length(file, subject.len + more);
}

/* Zeroes up to the largest image, and one byte more. */
static struct answer grow_to_limit(size_t index, char *text, size_t text_size)
{
    static const size_t lens[] = {NONOS_IMAGE_MAX_LEN - 1, NONOS_IMAGE_MAX_LEN,
                                  NONOS_IMAGE_MAX_LEN + 1, NONOS_IMAGE_MAX_LEN + 4096};
    size_t len = lens[index];
    uint8_t *file = subject_copy(subject.original, subject.len);
    size_t more = len - subject.len;
    file = memmove(file - more, file, subject.len);
    memset(file + subject.len, 0, more);
    snprintf(text, text_size, "%zu bytes long", len);
    return verify_length(file, len);
}

bool sweep_lengths(size_t sample)
{
    struct tally tally;
    const struct campaign cut = {"cut off at every length", truncate_to, subject.len, sample};
    bool ok = campaign_run(&cut, &tally);
    const struct campaign longer = {"bytes appended", append, APPENDED_KINDS * APPENDED_MAX_LEN,
                                    sample};
    ok = campaign_run(&longer, &tally) && ok;
    const struct campaign limit = {"grown to 16 MiB and over", grow_to_limit, 4, 1};
    return campaign_run(&limit, &tally) && ok;
}
