/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock.h"

bool
guest_come(struct guest *g, const struct addr *at, const struct pki_leaf *own, SSL_SESSION *session)
{
	struct sockaddr_storage to;
	socklen_t len = sock_from_addr(&to, at);

	g->context = SSL_CTX_new(TLS_client_method());
	/* With 1.2 a session is whole when the handshake is. */
	SSL_CTX_set_max_proto_version(g->context, TLS1_2_VERSION);
	if (own != NULL &&
		(SSL_CTX_use_certificate_chain_file(g->context, own->certificate.at) != 1 ||
			SSL_CTX_use_PrivateKey_file(g->context, own->key.at, SSL_FILETYPE_PEM) !=
				1))
		return false;
	g->ssl = SSL_new(g->context);
	g->fd = sock_stream(ADDR_V4);
	if (g->ssl == NULL || g->fd < 0 ||
		(connect(g->fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS))
		return false;
	SSL_set_connect_state(g->ssl);
	if (session != NULL)
		SSL_set_session(g->ssl, session);
	return SSL_set_fd(g->ssl, g->fd) == 1;
}

void
guest_leave(struct guest *g)
{
	/* OpenSSL forgets the session of a connection that was not shut. */
	if (g->ssl != NULL)
		SSL_set_shutdown(g->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(g->ssl);
	SSL_CTX_free(g->context);
	if (g->fd >= 0)
		close(g->fd);
}

enum guest_word
guest_shake(struct guest *g)
{
	int result, error;

	ERR_clear_error();
	result = SSL_do_handshake(g->ssl);
	error = SSL_get_error(g->ssl, result);
	if (result == 1)
		return GUEST_DONE;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ||
		(error == SSL_ERROR_SYSCALL && errno == ENOTCONN))
		return GUEST_WAITS;
	return GUEST_REFUSED;
}
