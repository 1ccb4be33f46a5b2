/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/panic.h"

enum { PIECE_BYTES = 8192 };

/* There is one loop at a time: src/net asks for sockets without naming one. */
struct loop *the_loop;

/* ---- wires --------------------------------------------------------------------------------- */

void
loop_open(struct loop *loop, struct dice *dice)
{
	memset(loop, 0, sizeof *loop);
	loop->dice = dice;
	the_loop = loop;
}

void
loop_close(struct loop *loop)
{
	for (int i = 0; i < loop->wires_high; i++)
		if (loop->wires[i].is_used)
			wire_forget(&loop->wires[i]);
	the_loop = NULL;
}

struct wire *
wire_new(struct loop *loop)
{
	int i = 0;

	while (i < WIRES_MAX && loop->wires[i].is_used)
		i++;
	must(i < WIRES_MAX);
	if (i >= loop->wires_high)
		loop->wires_high = i + 1;
	loop->wires[i] = (struct wire){ .is_used = true, .loop = loop, .owner = -1 };
	loop->wires[i].weather = (struct weather){ .chunk_max = READ_BYTES,
		.accept_max = READ_BYTES,
		.cut_in_at = NEVER_CUT,
		.cut_out_at = NEVER_CUT };
	return &loop->wires[i];
}

int
wire_fd(const struct wire *wire)
{
	return FD_FIRST + (int)(wire - wire->loop->wires);
}

void
wire_forget(struct wire *wire)
{
	if (wire->has_far)
		far_close(&wire->far);
	octets_free(&wire->to_far);
	octets_free(&wire->to_us);
	octets_free(&wire->expect_in);
	octets_free(&wire->expect_out);
	octets_free(&wire->heard);
	wire->is_used = false;
}

int
loop_ear(struct loop *loop, const struct addr *local)
{
	struct wire *ear = wire_new(loop);

	ear->is_ear = true;
	ear->local = *local;
	return wire_fd(ear);
}

struct wire *
loop_come(struct loop *loop, const struct addr *local, const struct addr *peer)
{
	struct wire *wire = wire_new(loop);

	wire->local = *local;
	wire->peer = *peer;
	wire->is_connected = true;
	must(loop->waits_count < WIRES_MAX);
	loop->waits_in_ear[loop->waits_count++] = (int)(wire - loop->wires);
	return wire;
}

void
wire_hang(struct wire *wire, enum wire_cut cut)
{
	wire->has_hung = true;
	wire->knows_end = true;
	if (cut == CUT_RESET) {
		wire->is_reset = true;
		octets_free(&wire->to_us);
	}
}

struct wire *
wire_of(const void *handle)
{
	return ((const uv_tcp_t *)handle)->u.reserved[0];
}

/* What the system takes of LEFT octets now. */
size_t
wire_accept(struct wire *wire, struct str left)
{
	struct weather *w = &wire->weather;
	size_t count = dice_below(wire->loop->dice, w->accept_max + 1);

	if (count > left.len)
		count = left.len;
	if (wire->out_total + count > w->cut_out_at)
		count = (size_t)(w->cut_out_at - wire->out_total);
	octets_put(&wire->to_far, str_upto(left, count));
	wire->out_total += count;
	if (wire->out_total == w->cut_out_at)
		wire_hang(wire, CUT_RESET);
	if (count == 0)
		wire->loop->refused_writes++;
	else if (count < left.len)
		wire->loop->partial_writes++;
	return count;
}

/* ---- a turn -------------------------------------------------------------------------------- */

static void
written(struct wire *wire, int status)
{
	struct post *post = wire->first;

	wire->first = post->next;
	if (wire->first == NULL)
		wire->last = NULL;
	wire->posted -= octets_str(&post->left).len;
	octets_free(&post->left);
	post->on_written(post->request, status);
	free(post);
}

/* In libuv's order: whoever waited is told, then the handle is gone. */
static void
close_one(struct closing *closing)
{
	struct wire *wire = wire_of(closing->handle);

	if (wire != NULL) {
		if (wire->connect != NULL)
			wire->on_connected(wire->connect, UV_ECANCELED);
		wire->connect = NULL;
		while (wire->first != NULL)
			written(wire, UV_ECANCELED);
		if (wire->shutdown != NULL)
			wire->on_shut(wire->shutdown, UV_ECANCELED);
		wire->shutdown = NULL;
		wire->tcp = NULL;
		wire->is_closed = true;
		wire->knows_end = wire->knows_end || !wire->is_connected;
		octets_free(&wire->to_us);
	}
	if (closing->on_closed != NULL)
		closing->on_closed(closing->handle);
	free(closing);
}

static bool
close_all(struct loop *loop)
{
	bool is_any = loop->closing != NULL;

	while (loop->closing != NULL) {
		struct closing *closing = loop->closing;

		loop->closing = closing->next;
		close_one(closing);
	}
	return is_any;
}

static void
connect_wire(struct wire *wire)
{
	uv_connect_t *request = wire->connect;

	wire->connect = NULL;
	wire->is_connected = !wire->weather.is_refused;
	if (!wire->is_connected)
		wire->knows_end = true;
	wire->on_connected(request, wire->is_connected ? 0 : UV_ECONNREFUSED);
}

static bool
take_posts(struct wire *wire)
{
	bool has_moved = false;

	if (wire->tcp == NULL || wire->is_closed)
		return false;
	if (wire->is_reset && wire->first != NULL) {
		written(wire, UV_EPIPE);
		return true;
	}
	if (wire->first != NULL) {
		struct post *post = wire->first;
		size_t count = wire_accept(wire, octets_str(&post->left));

		octets_drop(&post->left, count);
		wire->posted -= count;
		has_moved = true;
		if (octets_str(&post->left).len == 0)
			written(wire, 0);
	}
	if (wire->tcp != NULL && wire->first == NULL && wire->shutdown != NULL) {
		uv_shutdown_t *request = wire->shutdown;

		wire->shutdown = NULL;
		wire->on_shut(request, 0);
		has_moved = true;
	}
	return has_moved;
}

/* Towards the far end, and what it has to say to that. */
static bool
turn_far(struct wire *wire, size_t chunk)
{
	struct str cipher = str_upto(octets_str(&wire->to_far), chunk);
	char piece[PIECE_BYTES];
	bool has_moved = false;
	size_t count;

	if (!wire->has_far || wire->has_hung) {
		has_moved = octets_str(&wire->to_far).len > 0;
		octets_free(&wire->to_far);
		wire->knows_end = wire->knows_end || wire->is_closed;
		return has_moved;
	}
	if (cipher.len > 0) {
		count = far_hear(&wire->far, cipher);
		octets_drop(&wire->to_far, count);
		has_moved = count > 0;
	}
	far_turn(&wire->far);
	count = far_take(&wire->far, piece, chunk < sizeof piece ? chunk : sizeof piece);
	if (count > 0 && !wire->is_closed && !wire->is_over)
		octets_put(&wire->to_us, str_of(piece, count));
	if (wire->is_closed && !wire->knows_end && octets_str(&wire->to_far).len == 0) {
		wire->knows_end = true;
		has_moved = true;
	}
	return has_moved || count > 0;
}

static void
tell_end(struct wire *wire)
{
	uv_buf_t buf = uv_buf_init(NULL, 0);

	wire->is_over = true;
	wire->is_reading = false;
	wire->on_read((uv_stream_t *)wire->tcp, wire->is_reset ? UV_ECONNRESET : UV_EOF, &buf);
}

static bool
turn_us(struct wire *wire, size_t chunk)
{
	struct str cipher = octets_str(&wire->to_us);
	uv_buf_t buf = uv_buf_init(NULL, 0);
	size_t count;

	if (wire->tcp == NULL || wire->is_closed || !wire->is_reading)
		return false;
	if (cipher.len == 0 && wire->has_hung) {
		tell_end(wire);
		return true;
	}
	if (cipher.len == 0)
		return false;
	wire->on_room((uv_handle_t *)wire->tcp, READ_BYTES, &buf);
	if (buf.len == 0) {
		wire->on_read((uv_stream_t *)wire->tcp, UV_ENOBUFS, &buf);
		return true;
	}
	count = cipher.len < chunk ? cipher.len : chunk;
	count = count < buf.len ? count : buf.len;
	if (wire->in_total + count > wire->weather.cut_in_at)
		count = (size_t)(wire->weather.cut_in_at - wire->in_total);
	wire->in_total += count;
	if (wire->in_total == wire->weather.cut_in_at) {
		struct str last = str_upto(cipher, count);

		/* What came before the end is heard before it. */
		wire->has_hung = true;
		wire->knows_end = true;
		memcpy(buf.base, last.at, last.len);
		octets_free(&wire->to_us);
	} else {
		memcpy(buf.base, cipher.at, count);
		octets_drop(&wire->to_us, count);
	}
	if (count > 0)
		wire->on_read((uv_stream_t *)wire->tcp, (ssize_t)count, &buf);
	if (wire->has_hung && wire->weather.cut == CUT_RESET)
		wire->is_reset = true;
	return true;
}

/* Whether a wire that moves nothing this time might have moved something. */
static bool
has_work(const struct wire *wire)
{
	return wire->connect != NULL || wire->first != NULL || octets_str(&wire->to_far).len > 0 ||
		octets_str(&wire->to_us).len > 0 || (wire->is_closed && !wire->knows_end) ||
		(wire->has_hung && wire->is_reading) ||
		(wire->has_far && !wire->has_hung &&
			(far_has_octets(&wire->far) || wire->far.say.used > 0 ||
				(wire->far.wants_end && !wire->far.has_ended)));
}

static bool
turn_wire(struct wire *wire)
{
	struct loop *loop = wire->loop;
	uint32_t max = wire->weather.chunk_max;
	size_t chunk = 1 + dice_below(loop->dice, max);
	bool has_moved = false;

	if (wire->is_ear) {
		if (loop->waits_count == 0 || wire->tcp == NULL)
			return false;
		wire->on_connection((uv_stream_t *)wire->tcp, 0);
		return true;
	}
	if (wire->weather.stall_pct > 0 && dice_below(loop->dice, 100) < wire->weather.stall_pct)
		return has_work(wire);
	if (wire->connect != NULL) {
		connect_wire(wire);
		return true;
	}
	if (!wire->is_connected)
		return false;
	has_moved = take_posts(wire);
	has_moved = turn_far(wire, chunk) || has_moved;
	return turn_us(wire, chunk) || has_moved;
}

bool
loop_turn(struct loop *loop)
{
	int count = loop->wires_high;
	int first = count > 0 ? (int)dice_below(loop->dice, (uint32_t)count) : 0;
	bool has_moved = close_all(loop);

	for (int i = 0; i < count && !has_moved; i++) {
		struct wire *wire = &loop->wires[(first + i) % count];

		if (wire->is_used)
			has_moved = turn_wire(wire);
	}
	return close_all(loop) || has_moved;
}

bool
loop_is_idle(const struct loop *loop)
{
	for (int i = 0; i < loop->wires_high; i++)
		if (loop->wires[i].is_used && loop->wires[i].tcp != NULL)
			return false;
	return loop->closing == NULL;
}
