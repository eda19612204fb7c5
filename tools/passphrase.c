#include "tools/passphrase.h"

#include "crypto/bytes.h"
#include "tools/prompt_secret.h"
#include "tools/report.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TRIES 3

void passphrase_wipe(struct passphrase *passphrase)
{
    (void)sodium_munlock(passphrase, sizeof(*passphrase));
    bytes_wipe(passphrase, sizeof(*passphrase));
}

enum nonos_error passphrase_ask(const char *path, struct passphrase *out)
{
    char *what = nullptr;
    if (asprintf(&what, "the passphrase of %s", path) < 0)
        return NONOS_E_NO_MEMORY;
    const struct secret_question question = {what, PASSPHRASE_VARIABLE};
    (void)sodium_mlock(out, sizeof(*out));
    enum nonos_error error = prompt_secret(&question, out->text, sizeof(out->text), &out->len);
    int reason = errno;
    free(what);
    errno = reason;
    return error;
}

/* The second time: the same again, or *same is false. */
static enum nonos_error ask_again(const struct passphrase *first, bool *same)
{
    static const struct secret_question question = {"the same once more", nullptr};
    struct passphrase second;
    (void)sodium_mlock(&second, sizeof(second));
    enum nonos_error error =
        prompt_secret(&question, second.text, sizeof(second.text), &second.len);
    int reason = errno;
    /* Another length is no secret to who has just typed it. */
    *same = error == NONOS_OK && first->len == second.len &&
            bytes_equal(first->text, second.text, first->len);
    passphrase_wipe(&second);
    errno = reason;
    /* One that is empty or too long is another one. */
    return error == NONOS_E_SIZE ? NONOS_OK : error;
}

static int choose(const struct secret_question *question, struct passphrase *out)
{
    bool same = getenv(question->variable) != nullptr;
    for (int i = 0; i < TRIES; i++) {
        enum nonos_error error = prompt_secret(question, out->text, sizeof(out->text), &out->len);
        if (error == NONOS_OK && !same)
            error = ask_again(out, &same);
        if (error != NONOS_OK)
            return prompt_secret_report(question, error, sizeof(out->text));
        if (same)
            return 0;
        report_notice("the two are not the same");
    }
    return report_error(question->what, NONOS_E_KEY_PASSPHRASE,
                        "the two were not the same, %d times; nothing was written", TRIES);
}

int passphrase_choose(const char *path, const char *variable, struct passphrase *out)
{
    char *what = nullptr;
    if (asprintf(&what, "a passphrase for %s", path) < 0)
        return report_error(path, NONOS_E_NO_MEMORY, nullptr);
    (void)sodium_mlock(out, sizeof(*out));
    int status = choose(&(struct secret_question){what, variable}, out);
    free(what);
    if (status != 0)
        passphrase_wipe(out);
    return status;
}
