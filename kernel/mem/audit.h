/*
 * audit.h - judging page tables: each page has to be of one of the classes that are meant to be
 * there, and what must never be is counted apart.
 *
 * Nothing here touches the processor; paging.c has the classes and the tables in use.
 */
#ifndef NONOS_KERNEL_MEM_AUDIT_H
#define NONOS_KERNEL_MEM_AUDIT_H

#include "kernel/mem/address.h"
#include "kernel/mem/mapping.h"

#include <stddef.h>
#include <stdint.h>

#define AUDIT_MAX_CLASSES 16u

/* Pages that belong together: where they are, what they allow, and which frames they map. */
struct audit_class {
    const char *group;
    const char *name;
    vaddr_t first;
    vaddr_t last;    /* the last byte */
    unsigned rights; /* enum mapping_flags without page sizes: exactly these */
    uint64_t offset; /* from a frame to its page; 0: any frame */
};

/* What is meant to be there. */
struct audit_plan {
    struct audit_class classes[AUDIT_MAX_CLASSES];
    size_t class_count;
    paddr_t image_paddr; /* frames that no page but those at image_vaddr may map */
    uint64_t image_len;
    vaddr_t image_vaddr;
};

struct audit {
    uint64_t pages[AUDIT_MAX_CLASSES][MAPPING_SIZE_COUNT]; /* in the order of the plan */
    /* All that follow must be 0. */
    uint64_t writable_executable_pages;
    uint64_t user_pages;    /* programs have tables of their own */
    uint64_t alias_pages;   /* map the image a second time, so that its code could be written */
    uint64_t foreign_pages; /* of no class */
    vaddr_t first_bad;      /* the lowest page that is any of these; 0 when there is none */
};

/* Walks the tables at root. */
void audit_run(paddr_t root, const struct audit_plan *plan, struct audit *audit);

/* Whether there was nothing that must not be. */
[[nodiscard]] bool audit_is_clean(const struct audit *audit);

/* A space of programs (space.h). All but pages must be 0. */
struct audit_space {
    uint64_t pages;
    uint64_t writable_executable_pages;
    uint64_t closed_pages;  /* in the lower half, and not for programs */
    uint64_t foreign_pages; /* of a frame that is not a program's: the kernel's, or free */
    uint64_t root_entries;  /* of the upper half, that are not as in the kernel's own tables */
    vaddr_t first_bad;      /* the lowest page that is any of these; 0 when there is none */
};

/* Starts with the upper half of the tables at root. */
void audit_space_begin(struct audit_space *audit, paddr_t root, paddr_t kernel_root);

/* Goes on with the root that its programs run on (roots.h): the lower half is that of the other,
 * the upper one the gate. With the space locked. */
void audit_space_gate(struct audit_space *audit, paddr_t root, paddr_t kernel_root);

/* Judges a page of the lower half. */
void audit_space_page(struct audit_space *audit, const struct mapping_page *page);

/* Whether there was nothing that must not be. */
[[nodiscard]] bool audit_space_is_clean(const struct audit_space *audit);

#endif
