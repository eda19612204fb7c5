# workspace_call(function = %rdi, argument = %rsi, top = %rdx); see crypto/workspace.h.
#
# %rbp keeps the caller's stack across the call, as the ABI has the function preserve it; and as
# the frame that it points to is the usual pair (saved %rbp, return address), a backtrace from
# inside the function walks from the one stack to the other.

.section .text.workspace_call, "ax", @progbits
.globl workspace_call
.type workspace_call, @function
workspace_call:
    push %rbp
    mov %rsp, %rbp
    mov %rdx, %rsp
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    mov %rbp, %rsp
    pop %rbp
    ret
.size workspace_call, . - workspace_call

.section .note.GNU-stack, "", @progbits
