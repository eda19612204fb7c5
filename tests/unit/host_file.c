/*
 * Whole files of the host program: read once, replaced in one step, created once.
 */
#include "tools/file.h"

#include "tests/support/vectors.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/nonos-file-XXXXXX");
    if (mkdtemp(folder) == nullptr)
        return -1;
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static unsigned count_entries(void)
{
    unsigned count = 0;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (struct dirent *entry = readdir(stream); entry != nullptr; entry = readdir(stream))
        count += entry->d_name[0] != '.';
    closedir(stream);
    return count;
}

/* No test leaves more in the folder than the one file. */
static int remove_folder(void **state)
{
    (void)state;
    remove(path);
    return rmdir(folder);
}

static void assert_content(const char *expected)
{
    struct file_bytes file;
    assert_int_equal(file_read(path, 4096, &file), NONOS_OK);
    assert_int_equal(file.len, strlen(expected));
    assert_memory_equal(file.bytes, expected, file.len);
    file_free(&file);
    assert_null(file.bytes);
}

static void test_file_read_bounds_the_length(void **state)
{
    (void)state;
    struct file_bytes file;
    assert_int_equal(file_write(path, "12345678", 8), NONOS_OK);
    assert_int_equal(file_read(path, 8, &file), NONOS_OK);
    file_free(&file);
    assert_int_equal(file_read(path, 7, &file), NONOS_E_SIZE);
    assert_null(file.bytes);
    assert_int_equal(file_read("/dev/zero", 100000, &file), NONOS_E_SIZE);
    assert_int_equal(file_read("/dev/null", 10, &file), NONOS_OK);
    assert_int_equal(file.len, 0);
    file_free(&file);
    assert_int_equal(file_read(folder, 10, &file), NONOS_E_READ);
}

static void test_file_read_refuses_a_file_that_is_not_as_long_as_it_says(void **state)
{
    (void)state;
    struct file_bytes file;
    /* The kernel's own files say that they are empty. */
    assert_int_equal(file_read("/proc/self/status", 100000, &file), NONOS_E_IMAGE_CHANGED);
    assert_null(file.bytes);
}

static void test_file_write_replaces_in_one_step(void **state)
{
    (void)state;
    assert_int_equal(file_write(path, "old", 3), NONOS_OK);
    assert_content("old");
    struct stat before, after;
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(file_write(path, "new one", 7), NONOS_OK);
    assert_content("new one");
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(after.st_mode & 07777, 0604);
    assert_int_equal(count_entries(), 1);
}

struct reading {
    volatile bool stop;
    unsigned count;
    bool torn;
};

/* What a reader sees while the file is replaced again and again. */
static void *read_all_the_time(void *argument)
{
    struct reading *reading = argument;
    while (!reading->stop) {
        struct file_bytes file;
        if (file_read(path, 1 << 20, &file) != NONOS_OK)
            reading->torn = true;
        for (size_t i = 1; i < file.len; i++)
            reading->torn = reading->torn || file.bytes[i] != file.bytes[0];
        reading->torn = reading->torn || file.len != 50000;
        reading->count++;
        file_free(&file);
    }
    return nullptr;
}

static void test_file_write_is_never_seen_half_done(void **state)
{
    (void)state;
    static char bytes[50000];
    struct reading reading = {0};
    pthread_t thread;
    memset(bytes, 'a', sizeof(bytes));
    assert_int_equal(file_write(path, bytes, sizeof(bytes)), NONOS_OK);
    assert_int_equal(pthread_create(&thread, nullptr, read_all_the_time, &reading), 0);
    for (int i = 0; i < 60; i++) {
        memset(bytes, 'a' + i % 26, sizeof(bytes));
        assert_int_equal(file_write(path, bytes, sizeof(bytes)), NONOS_OK);
    }
    reading.stop = true;
    assert_int_equal(pthread_join(thread, nullptr), 0);
    assert_false(reading.torn);
    assert_true(reading.count > 0);
}

static void test_file_create_secret_creates_once(void **state)
{
    (void)state;
    assert_int_equal(file_create_secret(path, "secret", 6), NONOS_OK);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_nlink, 1);
    assert_int_equal(file_create_secret(path, "other!", 6), NONOS_E_EXISTS);
    assert_content("secret");
    assert_int_equal(count_entries(), 1);
}

struct race {
    pthread_barrier_t *barrier;
    const char *content;
    enum nonos_error result;
};

static void *create(void *argument)
{
    struct race *race = argument;
    pthread_barrier_wait(race->barrier);
    race->result = file_create_secret(path, race->content, 4);
    return nullptr;
}

static void test_file_create_secret_has_one_winner(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        pthread_barrier_t barrier;
        pthread_t thread;
        struct race mine = {&barrier, "mine", NONOS_OK}, other = {&barrier, "your", NONOS_OK};
        assert_int_equal(pthread_barrier_init(&barrier, nullptr, 2), 0);
        assert_int_equal(pthread_create(&thread, nullptr, create, &other), 0);
        create(&mine);
        assert_int_equal(pthread_join(thread, nullptr), 0);
        pthread_barrier_destroy(&barrier);
        assert_int_equal((mine.result == NONOS_OK) + (other.result == NONOS_OK), 1);
        assert_int_equal(mine.result + other.result, NONOS_E_EXISTS);
        assert_content(mine.result == NONOS_OK ? "mine" : "your");
        assert_int_equal(count_entries(), 1);
        assert_int_equal(remove(path), 0);
    }
}

static void test_file_write_says_what_failed(void **state)
{
    (void)state;
    char below[160];
    assert_int_equal(file_write(path, "x", 1), NONOS_OK);
    snprintf(below, sizeof(below), "%s/below", path);
    assert_int_equal(file_write(below, "x", 1), NONOS_E_WRITE);
    assert_int_equal(file_create_secret(below, "x", 1), NONOS_E_WRITE);
    assert_int_equal(file_write(folder, "x", 1), NONOS_E_WRITE);
    assert_int_equal(file_write("/dev/full", "x", 1), NONOS_E_WRITE);
    assert_int_equal(count_entries(), 1);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_file_read_bounds_the_length),
        FOLDER_TEST(test_file_read_refuses_a_file_that_is_not_as_long_as_it_says),
        FOLDER_TEST(test_file_write_replaces_in_one_step),
        FOLDER_TEST(test_file_write_is_never_seen_half_done),
        FOLDER_TEST(test_file_create_secret_creates_once),
        FOLDER_TEST(test_file_create_secret_has_one_winner),
        FOLDER_TEST(test_file_write_says_what_failed),
    };
    return cmocka_run_group_tests_name("host_file", tests, nullptr, nullptr);
}
