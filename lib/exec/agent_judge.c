/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/agent_judge.h"

#include "base/int.h"
#include "exec/agent_look.h"

#define OWN_ROOM (UINT64_C(1) << 40)

/* The model allows all of it, and nothing hangs on what it cannot see. */
static bool came_to_the_end(const struct record *rec, const struct record *model)
{
    if (model->steps.n != rec->steps.n || rec->steps.n == 0) {
        return false;
    }
    for (size_t i = 0; i < model->steps.n; i++) {
        const struct record_step *s = &model->steps.v[i];

        if (s->refused || s->poison || rec->steps.v[i].poison) {
            return false;
        }
    }
    return model->steps.v[model->steps.n - 1].what == RECORD_DONE;
}

/*
 * Where "@0" is and from there on: an emulator that has not reserved all of a guest's space has its
 * own memory elsewhere in it.
 */
static struct range own_room(const struct record_place *p)
{
    return (struct range){p->window, p->window + u64_min(OWN_ROOM - 1, p->within.last - p->window)};
}

int agent_judge(struct follower *f, const struct prog *p, const struct record *rec,
                struct record *model, struct agent_verdict *ret, struct err *e)
{
    size_t last = rec->steps.n - 1;
    struct region_vec guest, host;
    int rc;

    ret->known = false;
    ret->holds = true;
    buf_clear(&ret->why);
    if (rec->skipped || rec->steps.n == 0 || !rec->steps.v[last].has_host) {
        return 0;
    }
    rc = follower_run(f, p, &rec->place, rec, model, e);
    if (rc < 0 || !came_to_the_end(rec, model)) {
        return rc;
    }
    guest = record_regions(model, last);
    host = record_host(rec, last);
    ret->known = true;
    ret->holds = agent_view_holds(p, &rec->place, &guest, &host, own_room(&rec->place), &ret->where,
                                  &ret->why);
    return 0;
}
