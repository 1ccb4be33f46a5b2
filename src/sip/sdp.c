/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/sdp.h"

/* What is known of a section: the session's own, or the first media's. */
struct section {
	bool has_direction;
	enum sdp_direction direction;
	bool has_place; /* a c= line */
	bool nowhere;   /* and it says 0.0.0.0 */
};

/* Takes the next line off the front of *REST, without its end. */
static struct str
take_line(struct str *rest)
{
	struct str line = str_cut(rest, '\n');

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* `o=- 29739 7272939 IN IP4 192.0.2.3`. */
static bool
read_origin(struct sdp *sdp, struct str value)
{
	(void)str_cut(&value, ' ');
	sdp->session_id = str_cut(&value, ' ');
	sdp->version = str_cut(&value, ' ');
	return sdp->session_id.len > 0 && sdp->version.len > 0;
}

static void
read_attribute(struct section *section, struct str value)
{
	static const struct str names[] = {
		[SDP_SENDRECV] = { "sendrecv", 8 },
		[SDP_SENDONLY] = { "sendonly", 8 },
		[SDP_RECVONLY] = { "recvonly", 8 },
		[SDP_INACTIVE] = { "inactive", 8 },
	};

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_same(names[i], value)) {
			section->has_direction = true;
			section->direction = (enum sdp_direction)i;
		}
	}
}

static void
read_line(struct sdp *sdp, struct section *section, char letter, struct str value)
{
	switch (letter) {
	case 'm': sdp->media_count++; break;
	case 'a': read_attribute(section, value); break;
	case 'c':
		section->has_place = true;
		section->nowhere = str_same(value, STR("IN IP4 0.0.0.0"));
		break;
	default: break;
	}
}

bool
sdp_read(struct sdp *sdp, struct str body)
{
	struct section session = { .direction = SDP_SENDRECV };
	struct section media = session;
	struct section later = session; /* what it says is of no interest */
	struct section *section = &session;
	bool has_version = false, has_origin = false;
	const struct section *place;

	*sdp = (struct sdp){ .media_count = 0 };
	while (body.len > 0) {
		struct str line = take_line(&body);
		struct str value = str_from(line, 2);

		if (line.len == 0 && body.len == 0)
			break;
		if (line.len < 2 || !char_is_alpha(line.at[0]) || line.at[1] != '=')
			return false;
		if (line.at[0] == 'v')
			has_version = true;
		if (line.at[0] == 'o' && !has_origin) {
			has_origin = true;
			if (!read_origin(sdp, value))
				return false;
		}
		if (line.at[0] == 'm')
			section = sdp->media_count == 0 ? &media : &later;
		read_line(sdp, section, line.at[0], value);
	}
	place = media.has_place ? &media : &session;
	sdp->direction = media.has_direction ? media.direction : session.direction;
	if (place->nowhere)
		sdp->direction = SDP_INACTIVE;
	return has_version && has_origin;
}
