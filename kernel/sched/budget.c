#include "kernel/sched/budget.h"

uint64_t budget_begin(struct budget *budget, uint64_t now_ns)
{
    if (now_ns >= budget->end_ns) {
        budget->used_ns = 0;
        budget->end_ns = now_ns + budget->period_ns;
    }
    budget->since_ns = now_ns;
    return budget->used_ns < budget->limit_ns ? now_ns + (budget->limit_ns - budget->used_ns)
                                              : now_ns;
}

void budget_charge(struct budget *budget, uint64_t now_ns)
{
    budget->used_ns += now_ns - budget->since_ns;
    budget->since_ns = now_ns;
}

bool budget_is_spent(const struct budget *budget, uint64_t now_ns)
{
    return budget->used_ns >= budget->limit_ns && now_ns < budget->end_ns;
}
