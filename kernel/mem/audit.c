#include "kernel/mem/audit.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/mapping_entry.h"

struct walk {
    const struct audit_plan *plan;
    struct audit *audit;
    size_t class; /* of the page before: its neighbours are of the same one mostly */
    bool found_bad;
};

static bool is_of(const struct audit_class *class, const struct mapping_page *page)
{
    return page->vaddr >= class->first && page->vaddr + (page->len - 1) <= class->last &&
           page->flags == class->rights &&
           (class->offset == 0 || page->vaddr - page->paddr == class->offset);
}

/* The class of a page; class_count when it has none. */
static size_t class_of(const struct audit_plan *plan, const struct mapping_page *page, size_t guess)
{
    size_t i = 0;

    if (guess < plan->class_count && is_of(&plan->classes[guess], page))
        return guess;
    while (i < plan->class_count && !is_of(&plan->classes[i], page))
        i++;
    return i;
}

static bool is_alias(const struct audit_plan *plan, const struct mapping_page *page)
{
    bool overlaps = page->paddr < plan->image_paddr + plan->image_len &&
                    plan->image_paddr < page->paddr + page->len;

    return overlaps && page->vaddr - page->paddr != plan->image_vaddr - plan->image_paddr;
}

static void visit(void *context, const struct mapping_page *page)
{
    const unsigned both = MAPPING_WRITE | MAPPING_EXECUTE;
    struct walk *walk = context;
    struct audit *audit = walk->audit;
    size_t class = class_of(walk->plan, page, walk->class);
    bool foreign = class == walk->plan->class_count;
    bool writable_executable = (page->flags & both) == both;
    bool user = (page->flags & MAPPING_USER) != 0;
    bool alias = is_alias(walk->plan, page);

    walk->class = class;
    if (!foreign)
        audit->pages[class][page->size]++;
    audit->writable_executable_pages += writable_executable;
    audit->user_pages += user;
    audit->alias_pages += alias;
    audit->foreign_pages += foreign;
    if ((foreign || writable_executable || user || alias) && !walk->found_bad) {
        walk->found_bad = true;
        audit->first_bad = page->vaddr;
    }
}

void audit_run(paddr_t root, const struct audit_plan *plan, struct audit *audit)
{
    struct walk walk = {.plan = plan, .audit = audit};

    *audit = (struct audit){0};
    (void)mapping_walk(root, visit, &walk);
}

bool audit_is_clean(const struct audit *audit)
{
    return (audit->writable_executable_pages | audit->user_pages | audit->alias_pages |
            audit->foreign_pages) == 0;
}

void audit_space_begin(struct audit_space *audit, paddr_t root, paddr_t kernel_root)
{
    const uint64_t *entries = direct_map_at(root);
    const uint64_t *wanted = direct_map_at(kernel_root);

    *audit = (struct audit_space){0};
    for (size_t i = ENTRY_COUNT / 2; i < ENTRY_COUNT; i++)
        audit->root_entries += entries[i] != wanted[i] || (entries[i] & USER) != 0;
}

void audit_space_gate(struct audit_space *audit, paddr_t root, paddr_t kernel_root)
{
    const uint64_t *own = direct_map_at(root);
    const uint64_t *wanted = direct_map_at(kernel_root);

    for (size_t i = 0; i < ENTRY_COUNT; i++)
        audit->root_entries +=
            own[ENTRY_COUNT + i] != (i < ENTRY_COUNT / 2 ? own[i] : wanted[ENTRY_COUNT + i]);
}

void audit_space_page(struct audit_space *audit, const struct mapping_page *page)
{
    bool too_much = is_too_much(page->flags);
    bool closed = (page->flags & MAPPING_USER) == 0;
    bool foreign = !frames_is_owned(page->paddr, FRAMES_PROGRAM);

    audit->pages++;
    audit->writable_executable_pages += too_much;
    audit->closed_pages += closed;
    audit->foreign_pages += foreign;
    if ((too_much || closed || foreign) && audit->first_bad == 0)
        audit->first_bad = page->vaddr;
}

bool audit_space_is_clean(const struct audit_space *audit)
{
    return (audit->writable_executable_pages | audit->closed_pages | audit->foreign_pages |
            audit->root_entries) == 0;
}
