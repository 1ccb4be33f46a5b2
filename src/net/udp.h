/* SPDX-License-Identifier: Apache-2.0 */
/* udp.h - datagram sockets. The event loop reads them; what is sent leaves in batches. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include <netinet/in.h>
#include <uv.h>

#include "net/queue.h"

struct udp_socket {
	uv_udp_t handle;
	struct udp *all;
	int fd;
	struct flow_id flow;
	bool is_open;
};

struct udp {
	uv_loop_t *loop;
	struct queue *queue;
	struct udp_socket *sockets;
	uint32_t count, max;
	/* what leaves at the next flush, all on one socket; the octets are the caller's until
	 * then */
	struct udp_socket *batch_socket;
	uint32_t batch_count;
	struct mmsghdr batch[UDP_BATCH_MAX];
	struct iovec parts[UDP_BATCH_MAX];
	struct sockaddr_storage to[UDP_BATCH_MAX];
	uint64_t lost; /* datagrams that the system did not take */
};

/* Makes room for MAX sockets. */
void udp_open(struct udp *, uv_loop_t *loop, struct queue *queue, uint32_t max);

/* Closes all; the loop must run before udp_free. */
void udp_close(struct udp *);
void udp_free(struct udp *);

/* Takes over the bound socket FD, known as FLOW. Ends: true, or false with errno's text in WHY. */
bool udp_listen(struct udp *, int fd, struct flow_id flow, struct buf *why);

/* Puts one datagram into the batch. BYTES live until udp_flush. An unknown FLOW, a destination of
 * another family or none, are dropped in silence, as the network may drop any datagram. */
void udp_send(struct udp *, struct flow_id flow, const struct addr *to, struct str bytes);
void udp_flush(struct udp *);

#endif
