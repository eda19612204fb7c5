# workspace_call(function = %rdi, argument = %rsi, top = %rdx); see crypto/workspace.h.
#
# %rbp keeps the caller's stack across the call, as the ABI has the function preserve it; and as
# the frame that it points to is the usual pair (saved %rbp, return address), a backtrace from
# inside the function walks from the one stack to the other. The call is two pushes and a return: no
# indirect branch, which the kernel has none of.

.section .text.workspace_call, "ax", @progbits
.globl workspace_call
.type workspace_call, @function
workspace_call:
    push %rbp
    mov %rsp, %rbp
    mov %rdx, %rsp
    lea 1f(%rip), %rax
    push %rax
    push %rdi
    mov %rsi, %rdi
    ret
1:  mov %rbp, %rsp
    pop %rbp
    ret
.size workspace_call, . - workspace_call

.section .note.GNU-stack, "", @progbits
