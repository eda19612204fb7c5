/*
 * workspace.h - the stack on which post-quantum code runs.
 *
 * PQClean keeps up to 80 KB of secrets in local variables and wipes none of them. So each program
 * gives it a stack of its own, and the whole of it is wiped before workspace_run returns. The one
 * function here is a seam: crypto/ calls it, each program provides it (the kernel in kernel/mem/,
 * the host in tools/, the loader, which holds no secrets, in boot/).
 */
#ifndef NONOS_CRYPTO_WORKSPACE_H
#define NONOS_CRYPTO_WORKSPACE_H

#include <stddef.h>

/* What ML-DSA-65 signing needs, with a third to spare; ML-KEM-768 likewise. */
#define WORKSPACE_LEN (112u * 1024)
#define WORKSPACE_MLKEM768_LEN (24u * 1024)

/* Calls function(argument) on the workspace and wipes it. stack_len: whole pages up to
 * WORKSPACE_LEN, all that the function may use. The kernel gives it no more, and wipes no more: for
 * ML-KEM-768, wiping all would take a tenth of the time. The other providers always give
 * WORKSPACE_LEN or more. Not reentrant; the kernel lets a second thread wait; never
 * fails. */
void workspace_run(void (*function)(void *), void *argument, size_t stack_len);

/* For providers on the System V ABI (workspace_call.S): calls function(argument) on the stack
 * that ends at top (16-byte aligned) and comes back to the caller's. */
void workspace_call(void (*function)(void *), void *argument, void *top);

#endif
