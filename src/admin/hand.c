/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/hand.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/panic.h"

enum hand_state { HAND_FREE, HAND_ASKED, HAND_TAKEN, HAND_HAS_ANSWER };

enum { ASK_NAMES = 2 };

struct hand {
	pthread_mutex_t lock;
	pthread_cond_t moved; /* the state is another */
	int fd;
	enum hand_state state;
	bool is_given_up; /* TAKEN: who asked has gone */
	bool is_over;
	struct ask ask; /* its views look at the names; the loop's while TAKEN */
	char names[ASK_NAMES][ASK_NAME_BYTES_MAX];
	struct answer answer;
	struct buf octets;
	char text[ASK_PAGE_BYTES];
};

struct hand *
hand_open(void)
{
	struct hand *h = calloc(1, sizeof *h);
	pthread_condattr_t clock;

	need(h != NULL, "memory");
	h->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	need(h->fd >= 0, "descriptors");
	must(pthread_mutex_init(&h->lock, NULL) == 0);
	must(pthread_condattr_init(&clock) == 0);
	must(pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0);
	must(pthread_cond_init(&h->moved, &clock) == 0);
	must(pthread_condattr_destroy(&clock) == 0);
	return h;
}

void
hand_close(struct hand *h)
{
	must(pthread_cond_destroy(&h->moved) == 0);
	must(pthread_mutex_destroy(&h->lock) == 0);
	close(h->fd);
	free(h);
}

static void
lock(struct hand *h)
{
	must(pthread_mutex_lock(&h->lock) == 0);
}

static void
unlock(struct hand *h)
{
	must(pthread_mutex_unlock(&h->lock) == 0);
}

static void
move(struct hand *h, enum hand_state state)
{
	h->state = state;
	must(pthread_cond_broadcast(&h->moved) == 0);
}

/* Waits until the state is STATE. Ends: true; false when that was too late, or all is over. */
static bool
await(struct hand *h, enum hand_state state, const struct timespec *until)
{
	while (h->state != state && !h->is_over)
		if (pthread_cond_timedwait(&h->moved, &h->lock, until) == ETIMEDOUT)
			return h->state == state;
	return !h->is_over;
}

static struct timespec
moment_in(int64_t wait_ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(wait_ms / 1000);
	t.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void
put_name(struct hand *h, int i, struct str *name)
{
	struct buf b = buf_on(h->names[i], ASK_NAME_BYTES_MAX);

	buf_put(&b, *name);
	must(buf_ok(&b));
	*name = buf_str(&b);
}

static void
put_ask(struct hand *h, const struct ask *ask)
{
	const uint64_t one = 1;

	h->ask = *ask;
	put_name(h, 0, &h->ask.name);
	put_name(h, 1, &h->ask.other);
	h->is_given_up = false;
	move(h, HAND_ASKED);
	must(write(h->fd, &one, sizeof one) == sizeof one);
}

enum hand_end
hand_ask(struct hand *h, const struct ask *ask, int64_t wait_ms, struct answer *answer,
	struct buf *to)
{
	struct timespec until = moment_in(wait_ms);
	enum hand_end end = HAND_LATE;

	lock(h);
	if (await(h, HAND_FREE, &until)) {
		put_ask(h, ask);
		if (await(h, HAND_HAS_ANSWER, &until)) {
			*answer = h->answer;
			buf_put(to, buf_str(&h->octets));
			end = HAND_TOLD;
			move(h, HAND_FREE);
		} else if (h->state == HAND_TAKEN) {
			h->is_given_up = true;
		} else {
			move(h, HAND_FREE);
		}
	}
	if (h->is_over)
		end = HAND_OVER;
	unlock(h);
	return end;
}

void
hand_end(struct hand *h)
{
	lock(h);
	h->is_over = true;
	must(pthread_cond_broadcast(&h->moved) == 0);
	unlock(h);
}

/* ---- of the loop ----------------------------------------------------------------------------- */

int
hand_fd(const struct hand *h)
{
	return h->fd;
}

bool
hand_take(struct hand *h, struct ask *ask)
{
	uint64_t count;
	bool is_asked;

	(void)!read(h->fd, &count, sizeof count);
	lock(h);
	is_asked = h->state == HAND_ASKED;
	if (is_asked) {
		*ask = h->ask;
		move(h, HAND_TAKEN);
	}
	unlock(h);
	return is_asked;
}

void
hand_tell(struct hand *h, struct answer answer, struct str octets)
{
	lock(h);
	must(h->state == HAND_TAKEN);
	h->answer = answer;
	h->octets = buf_on(h->text, sizeof h->text);
	buf_put(&h->octets, octets);
	move(h, h->is_given_up ? HAND_FREE : HAND_HAS_ANSWER);
	unlock(h);
}
