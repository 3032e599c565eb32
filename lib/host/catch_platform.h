/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/host: the few places where the signals of Linux and FreeBSD are spelled differently.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#ifdef __FreeBSD__
#include <pthread_np.h>
#else
#include <unistd.h>
#endif

/* EV (SIGEV_THREAD_ID) goes to the calling thread. */
static inline void catch_set_thread(struct sigevent *ev)
{
#ifdef __FreeBSD__
    ev->sigev_notify_thread_id = pthread_getthreadid_np();
#else
    ev->_sigev_un._tid = gettid(); /* sigev_notify_thread_id, which old C libraries do not name */
#endif
}

/* Sent by kill, raise, abort or the like: no instruction has faulted. */
static inline bool catch_was_sent(const siginfo_t *info)
{
#ifdef __FreeBSD__
    return info->si_code == SI_USER || info->si_code == SI_LWP || info->si_code == SI_QUEUE;
#else
    return info->si_code <= 0;
#endif
}
