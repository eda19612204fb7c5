#include "crypto/blake3.h"

#include "crypto/blake3_compress.h"
#include "crypto/bytes.h"
#include "crypto/wide/blake3_wide.h"

#include <string.h>

enum {
    CHUNK_START = 1 << 0,
    CHUNK_END = 1 << 1,
    PARENT = 1 << 2,
    ROOT = 1 << 3,
    KEYED_HASH = 1 << 4,
    DERIVE_KEY_CONTEXT = 1 << 5,
    DERIVE_KEY_MATERIAL = 1 << 6,
};

/* What the last compression of a node takes; a chaining value or output comes of it. */
struct node {
    uint32_t input[8];
    uint8_t block[BLAKE3_BLOCK_LEN];
    uint64_t counter;
    uint32_t block_len;
    uint32_t flags;
};

/* The whole result for a node, or the first half of it where high is null; value may be
 * node->input. */
static void compress_node(const struct node *node, uint64_t counter, uint32_t value[8],
                          uint32_t *high)
{
    const struct blake3_span span = {.blocks = node->block,
                                     .count = 1,
                                     .counter = counter,
                                     .block_len = node->block_len,
                                     .flags = node->flags};
    memmove(value, node->input, sizeof node->input);
    blake3_compress(&span, value, high);
}

static void node_value(const struct node *node, uint32_t value[8])
{
    compress_node(node, node->counter, value, nullptr);
}

static void start_chunk(struct blake3 *state, uint64_t counter)
{
    memcpy(state->chunk_value, state->key, sizeof state->key);
    state->chunk_counter = counter;
    state->block_len = 0;
    state->blocks_compressed = 0;
}

static void init(struct blake3 *state, const uint32_t key[8], uint32_t flags)
{
    memset(state, 0, sizeof *state);
    memcpy(state->key, key, sizeof state->key);
    state->flags = (uint8_t)flags;
    start_chunk(state, 0);
}

void blake3_init(struct blake3 *state)
{
    init(state, BLAKE3_INITIAL, 0);
}

static void init_with_key(struct blake3 *state, const uint8_t key[BLAKE3_KEY_LEN], uint32_t flags)
{
    uint32_t words[8];
    for (unsigned i = 0; i < 8; i++)
        words[i] = load_le32(key + 4 * i);
    init(state, words, flags);
    bytes_wipe(words, sizeof words);
}

void blake3_init_keyed(struct blake3 *state, const uint8_t key[BLAKE3_KEY_LEN])
{
    init_with_key(state, key, KEYED_HASH);
}

void blake3_init_derive_key(struct blake3 *state, const char *context)
{
    uint8_t key[BLAKE3_KEY_LEN];
    init(state, BLAKE3_INITIAL, DERIVE_KEY_CONTEXT);
    blake3_update(state, context, strlen(context));
    blake3_final(state, key, sizeof key);
    init_with_key(state, key, DERIVE_KEY_MATERIAL);
}

/* The parent of two subtrees, §2.4; it always has more input to come or is the last of its kind. */
static void make_parent(const struct blake3 *state, const uint32_t left[8], const uint32_t right[8],
                        struct node *parent)
{
    memcpy(parent->input, state->key, sizeof state->key);
    for (unsigned i = 0; i < 8; i++) {
        store_le32(parent->block + 4 * i, left[i]);
        store_le32(parent->block + 32 + 4 * i, right[i]);
    }
    parent->counter = 0;
    parent->block_len = BLAKE3_BLOCK_LEN;
    parent->flags = state->flags | (uint32_t)PARENT;
}

/* Puts the value of count chunks on the stack, count being a power of two that divides the count of
 * those before; first it is joined with the subtrees that it completes. */
static void push_subtree(struct blake3 *state, uint32_t value[8], uint64_t count)
{
    struct node parent;
    for (uint64_t left = state->chunk_counter / count + 1; left % 2 == 0; left /= 2) {
        state->stack_len--;
        make_parent(state, state->stack[state->stack_len], value, &parent);
        node_value(&parent, value);
    }
    memcpy(state->stack[state->stack_len], value, sizeof state->stack[0]);
    state->stack_len++;
    start_chunk(state, state->chunk_counter + count);
}

/* The most chunks that are taken at once: 2^8, so that there are 9 sizes of subtrees in them. */
#define WIDE_CHUNK_COUNT 256u
#define WIDE_LEVEL_COUNT 9u

static void hash_chunks(const struct blake3 *state, blake3_wide_function *hash,
                        const uint8_t *input, size_t count, uint8_t *values)
{
    const struct blake3_wide work = {
        .input = input,
        .count = count,
        .block_count = BLAKE3_CHUNK_LEN / BLAKE3_BLOCK_LEN,
        .key = state->key,
        .counter = state->chunk_counter,
        .counter_step = 1,
        .flags = state->flags,
        .first_flags = CHUNK_START,
        .last_flags = CHUNK_END,
        .out = values,
    };
    hash(&work);
}

/* Of each two values in a row that of their parent, in their place. */
static void join_pairs(const struct blake3 *state, blake3_wide_function *hash, uint8_t *values,
                       size_t pair_count)
{
    const struct blake3_wide work = {
        .input = values,
        .count = pair_count,
        .block_count = 1,
        .key = state->key,
        .flags = state->flags | (uint32_t)PARENT,
        .out = values,
    };
    hash(&work);
}

/* Joins the values of count chunks, a level of parents at a time, until each is in one of the
 * subtrees that count has as a sum of powers of two, and puts these on the stack, the largest
 * first. */
static void push_chunks(struct blake3 *state, blake3_wide_function *hash, uint8_t *values,
                        size_t count)
{
    uint8_t subtrees[WIDE_LEVEL_COUNT][BLAKE3_OUT_LEN] = {0};
    for (size_t level = 0, left = count; left > 0; level++) {
        if (left % 2 != 0)
            memcpy(subtrees[level], values + BLAKE3_OUT_LEN * (left - 1), BLAKE3_OUT_LEN);
        left /= 2;
        if (left > 0)
            join_pairs(state, hash, values, left);
    }
    for (size_t level = WIDE_LEVEL_COUNT; level-- > 0;) {
        uint32_t value[8];
        if ((count >> level & 1) == 0)
            continue;
        for (unsigned i = 0; i < 8; i++)
            value[i] = load_le32(subtrees[level] + 4 * i);
        push_subtree(state, value, UINT64_C(1) << level);
    }
    bytes_wipe(subtrees, sizeof subtrees);
}

/* Takes the whole chunks from the start of the input, if that can be done side by side and input is
 * left behind them; not so many that a subtree of them would not be one of the tree. How many bytes
 * that were. */
[[gnu::noinline]] static size_t absorb_chunks(struct blake3 *state, const uint8_t *input,
                                              size_t len)
{
    uint8_t values[WIDE_CHUNK_COUNT * BLAKE3_OUT_LEN] __attribute__((uninitialized));
    blake3_wide_function *hash;
    uint64_t aligned = state->chunk_counter & (0 - state->chunk_counter);
    size_t count = WIDE_CHUNK_COUNT;
    if (count > (len - 1) / BLAKE3_CHUNK_LEN)
        count = (len - 1) / BLAKE3_CHUNK_LEN;
    if (aligned != 0 && count > aligned)
        count = aligned;
    hash = blake3_wide_choose();
    if (count < 2 || !hash)
        return 0;
    hash_chunks(state, hash, input, count, values);
    push_chunks(state, hash, values, count);
    bytes_wipe(values, count * BLAKE3_OUT_LEN);
    return count * BLAKE3_CHUNK_LEN;
}

static uint32_t start_flag(const struct blake3 *state)
{
    return state->blocks_compressed == 0 ? CHUNK_START : 0;
}

/* Takes blocks that have more input behind them, so that the last is not the last of the input; no
 * more than the chunk has left. How many. */
static size_t absorb_blocks(struct blake3 *state, const uint8_t *blocks, size_t count)
{
    size_t left = BLAKE3_CHUNK_LEN / BLAKE3_BLOCK_LEN - state->blocks_compressed;
    const struct blake3_span span = {.blocks = blocks,
                                     .count = count < left ? count : left,
                                     .counter = state->chunk_counter,
                                     .block_len = BLAKE3_BLOCK_LEN,
                                     .flags = state->flags,
                                     .first_flags = start_flag(state),
                                     .last_flags = count < left ? 0u : CHUNK_END};
    blake3_compress(&span, state->chunk_value, nullptr);
    state->blocks_compressed = (uint8_t)(state->blocks_compressed + span.count);
    if (span.count == left)
        push_subtree(state, state->chunk_value, 1);
    return span.count;
}

void blake3_update(struct blake3 *state, const void *input, size_t len)
{
    const uint8_t *from = input;
    if (len == 0)
        return;
    if (state->block_len > 0) {
        size_t room = BLAKE3_BLOCK_LEN - state->block_len;
        size_t take = len < room ? len : room;
        memcpy(state->block + state->block_len, from, take);
        state->block_len = (uint8_t)(state->block_len + take);
        from += take;
        len -= take;
        if (len == 0)
            return;
        state->block_len = 0;
        (void)absorb_blocks(state, state->block, 1);
    }
    while (len > BLAKE3_BLOCK_LEN) {
        size_t take = 0;
        if (state->blocks_compressed == 0 && len > 2 * BLAKE3_CHUNK_LEN)
            take = absorb_chunks(state, from, len);
        if (take == 0)
            take = BLAKE3_BLOCK_LEN * absorb_blocks(state, from, (len - 1) / BLAKE3_BLOCK_LEN);
        from += take;
        len -= take;
    }
    memcpy(state->block, from, len);
    state->block_len = (uint8_t)len;
}

/* The root: the open chunk, joined with each subtree on the stack, the newest first. */
static void make_root(const struct blake3 *state, struct node *root)
{
    memcpy(root->input, state->chunk_value, sizeof state->chunk_value);
    memset(root->block, 0, sizeof root->block);
    memcpy(root->block, state->block, state->block_len);
    root->counter = state->chunk_counter;
    root->block_len = state->block_len;
    root->flags = state->flags | start_flag(state) | (uint32_t)CHUNK_END;
    for (unsigned i = state->stack_len; i-- > 0;) {
        uint32_t right[8];
        node_value(root, right);
        make_parent(state, state->stack[i], right, root);
    }
    root->flags |= (uint32_t)ROOT;
}

void blake3_final_at(const struct blake3 *state, uint64_t offset, uint8_t *out, size_t out_len)
{
    struct node root;
    uint32_t words[16];
    uint8_t bytes[BLAKE3_BLOCK_LEN];
    make_root(state, &root);
    uint64_t counter = offset / BLAKE3_BLOCK_LEN;
    size_t skip = offset % BLAKE3_BLOCK_LEN;
    while (out_len > 0) {
        compress_node(&root, counter, words, words + 8);
        for (unsigned i = 0; i < 16; i++)
            store_le32(bytes + 4 * i, words[i]);
        size_t take = BLAKE3_BLOCK_LEN - skip;
        if (take > out_len)
            take = out_len;
        memcpy(out, bytes + skip, take);
        out += take;
        out_len -= take;
        skip = 0;
        counter++;
    }
    bytes_wipe(&root, sizeof root);
    bytes_wipe(words, sizeof words);
    bytes_wipe(bytes, sizeof bytes);
}

void blake3_final(const struct blake3 *state, uint8_t *out, size_t out_len)
{
    blake3_final_at(state, 0, out, out_len);
}

void blake3_hash(const void *input, size_t len, uint8_t out[BLAKE3_OUT_LEN])
{
    struct blake3 state;
    blake3_init(&state);
    blake3_update(&state, input, len);
    blake3_final(&state, out, BLAKE3_OUT_LEN);
    bytes_wipe(&state, sizeof state);
}

void blake3_derive_key(const char *context, const void *material, size_t len,
                       uint8_t out[BLAKE3_OUT_LEN])
{
    struct blake3 state;
    blake3_init_derive_key(&state, context);
    blake3_update(&state, material, len);
    blake3_final(&state, out, BLAKE3_OUT_LEN);
    bytes_wipe(&state, sizeof state);
}
