/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/options.h"

#include "base/limits.h"

#define BIT(type) (1u << (type))
#define DEVICES (BIT(DN_EXTENSION) | BIT(DN_ACD_POSITION))
#define TRUNKS (BIT(DN_TRUNK) | BIT(DN_SOFTSWITCH))
#define EVERY (DEVICES | TRUNKS)

/* What is carried out. */
#define CARRIED(n, k, lo, hi, dflt, who, want, text)                                          \
	{                                                                                     \
		.name = STR(n), .kind = (k), .min = (lo), .max = (hi), .fallback = STR(dflt), \
		.types = (who), .wants = STR(want), .help = STR(text), .is_carried = true     \
	}

/* What is known by name, so that the checker can say more than "unknown". */
#define KNOWN(n, who, text)                                                            \
	{                                                                              \
		.name = STR(n), .kind = OPTION_TEXT, .types = (who), .help = STR(text) \
	}

static const struct option options[] = {
	CARRIED("number", OPTION_TEXT, 0, 0, "", EVERY,
		"it has 1 to 64 letters, digits and marks of - _ . ! ~ * ' ( ) & = + $",
		"What is dialled, or the name of a trunk; no two are the same."),
	CARRIED("type", OPTION_TYPE, 0, 0, "", EVERY,
		"the type is one of extension, acd-position, trunk and voip-service",
		"What kind of DN it is."),
	CARRIED("service-type", OPTION_SERVICE, 0, 0, "", BIT(DN_SOFTSWITCH),
		"the one service so far is softswitch", "What a voip-service does."),
	CARRIED("contact", OPTION_CONTACT, 0, 0, "", EVERY, "",
		"Where it is and what it speaks: sips:5000@host:5061;transport=tls, or \"*\" "
		"for a device that registers."),
	CARRIED("outbound-proxy", OPTION_CONTACT, 0, 0, "", TRUNKS, "",
		"Where all that goes to it is sent instead, with it in Route: sip:host:5060."),
	CARRIED("password", OPTION_TEXT, 0, 0, "", EVERY,
		"a password has 1 to 128 characters, none of them a control character",
		"The secret of digest authentication: of a device, which is challenged; of a "
		"trunk, which challenges us."),
	CARRIED("username", OPTION_TEXT, 0, 0, "", TRUNKS,
		"a username has 1 to 128 characters, none of them a control character, a quote or "
		"a backslash",
		"Who we are when it challenges us; the number unless set."),
	CARRIED("realm", OPTION_TEXT, 0, 0, "", TRUNKS,
		"a realm has 1 to 128 characters, none of them a control character, a quote or "
		"a backslash",
		"The one realm whose challenges are answered; the contact's host unless set."),
	CARRIED("authenticate-requests", OPTION_METHODS, 0, 0, "register, invite", DEVICES,
		"a list of register and invite, or none",
		"Which requests are challenged when there is a password."),
	CARRIED("tls-name", OPTION_TEXT, 0, 0, "", EVERY,
		"a host name or an IP address, without a port",
		"The name that the certificate must have, instead of the contact's host."),
	CARRIED("identity", OPTION_TEXT, 0, 0, "default", EVERY, "the name of one of identities:",
		"Which of our certificates it is shown, and whose trust it must satisfy."),
	CARRIED("tls-fingerprint", OPTION_TEXT, 0, 0, "", EVERY,
		"the SHA-256 of a certificate: 64 hex digits, with colons between pairs or none",
		"The one certificate that it may show, whatever that names; its chain is checked."),
	CARRIED("tls-wildcard", OPTION_TEXT, 0, 0, "no", EVERY, "it is yes or no",
		"Whether `*.example.com` in its certificate stands for a host there."),
	CARRIED("emit-transport-tls", OPTION_TEXT, 0, 0, "no", EVERY, "it is yes or no",
		"Whether our Contacts on its sips legs say transport=tls."),
	CARRIED("from-domain", OPTION_TEXT, 0, 0, "any", TRUNKS, "it is any or certificate",
		"Whether the host in the From of its calls must be in its certificate."),
	CARRIED("asserted-identity", OPTION_TEXT, 0, 0, "removed", TRUNKS,
		"it is removed or trusted",
		"Whether its P-Asserted-Identity is believed and it is told ours (RFC 3325)."),
	CARRIED("register", OPTION_FLAG, 0, 0, "no", TRUNKS, "yes or no",
		"Whether we REGISTER there, as the username at the contact's host."),
	CARRIED("register-expires", OPTION_NUMBER, 60, ENROL_EXPIRES_MAX_S, "3600", TRUNKS,
		"a number of seconds from 60 to 86400", "For how long we ask to be registered."),
	CARRIED("gruu", OPTION_FLAG, 0, 0, "no", TRUNKS, "yes or no",
		"Whether we ask its registrar for a GRUU, and call with that as our Contact."),
	CARRIED("service-route", OPTION_FLAG, 0, 0, "no", DEVICES, "yes or no",
		"Whether a phone is told, when it registers, to send its requests by way of us "
		"(Service-Route)."),
	CARRIED("oos-check", OPTION_NUMBER, 0, 300, "0", EVERY, "a number of seconds from 0 to 300",
		"How often, in seconds, it is asked (OPTIONS) whether it is alive; 0 is never."),
	CARRIED("oos-force", OPTION_NUMBER, 0, 30, "5", EVERY, "a number of seconds from 0 to 30",
		"After how many seconds of silence it is out of service; 0 is when the OPTIONS "
		"gives up."),
	CARRIED("recovery-timeout", OPTION_NUMBER, 0, 3600, "0", EVERY,
		"a number of seconds from 0 to 3600",
		"For how long one that did not hear a call is out of service, if it is not asked."),
	CARRIED("prefix", OPTION_TEXT, 0, 0, "", TRUNKS,
		"a prefix has 1 to 64 of the digits, + * and #",
		"What the dialled numbers that go to it begin with; the longest prefix wins."),
	CARRIED("priority", OPTION_NUMBER, 0, 65535, "0", TRUNKS, "a number from 0 to 65535",
		"Among equal prefixes the smaller goes first."),
	CARRIED("capacity", OPTION_NUMBER, 0, 1000000, "0", TRUNKS, "a number from 0 to 1000000",
		"Calls at once; 0 is no limit."),

	CARRIED("crossing", OPTION_MODE, 0, 0, "per-leg", EVERY,
		"it is per-leg, observe, no-downgrade or strict",
		"What happens between sips and sip in its calls; of the two DNs and the key "
		"crossing the strictest counts."),
	CARRIED("sips", OPTION_SIPS, 0, 0, "allowed", EVERY, "it is allowed, required or refused",
		"Whether its own legs may, must or cannot speak sips."),

	KNOWN("contact-backup", TRUNKS, "Further addresses to try."),
	KNOWN("replace-prefix", TRUNKS, "What takes the place of the prefix."),
	KNOWN("override-domain", EVERY, "The host in the URIs that are sent to it."),
	KNOWN("request-uri", EVERY, "The Request-URI that is sent to it."),
	KNOWN("refer-enabled", EVERY, "Whether it is sent a REFER."),
	KNOWN("dual-dialog-enabled", EVERY, "Whether a second call gets a dialog of its own."),
	KNOWN("make-call-rfc3725-flow", EVERY, "Which flow a call made for it has."),
	KNOWN("sip-cti-control", DEVICES, "Which events the phone obeys."),
	KNOWN("sip-replaces-mode", DEVICES, "How transfers are done."),
	KNOWN("sip-trying-timeout", EVERY, "How long only a 100 is waited upon."),
	KNOWN("no-response-dn", EVERY, "Where a call goes that it does not answer."),
	KNOWN("reject-call-notready", DEVICES, "Whether an agent who is not ready is called."),
	KNOWN("enable-agentlogin-presence", TRUNKS, "Whether presence follows the agent's login."),
	KNOWN("transfer-complete-by-refer", DEVICES, "How a transfer is completed."),
	KNOWN("ring-tone-on-make-call", DEVICES, "Whether the caller hears a tone."),
	KNOWN("sip-enable-moh", EVERY, "Whether there is music on hold."),
	KNOWN("sip-busy-type", DEVICES, "What a busy device does to a call."),
	KNOWN("sip-enable-100rel", EVERY, "Whether provisional answers are reliable."),
	KNOWN("sip-hold-rfc3264", EVERY, "How hold is written."),
	KNOWN("session-refresh-interval", EVERY, "The session timer."),
	KNOWN("use-contact-as-dn", DEVICES, "Whether the contact's user is the DN."),
	KNOWN("dr-forward", EVERY, "Whether calls go to the other site."),
};

enum { OPTION_COUNT = sizeof options / sizeof options[0] };

const struct option *
options_all(uint32_t *count)
{
	*count = OPTION_COUNT;
	return options;
}

const struct option *
option_find(struct str name)
{
	for (uint32_t i = 0; i < OPTION_COUNT; i++) {
		if (str_same(options[i].name, name))
			return &options[i];
	}
	return NULL;
}

bool
option_is_for(const struct option *option, enum dn_type type)
{
	return (option->types & BIT(type)) != 0;
}

/* ---- did you mean ---------------------------------------------------------------------------- */

enum { GUESS_MAX = 48 }; /* longer words are nobody's slip */

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many single edits make B of A; at most GUESS_MAX octets each. */
static uint32_t
edits(struct str a, struct str b)
{
	uint32_t rows[3][GUESS_MAX + 1]; /* of the last octet but one of A, the last, this one */

	for (uint32_t j = 0; j <= b.len; j++)
		rows[1][j] = rows[2][j] = j;
	for (uint32_t i = 1; i <= a.len; i++) {
		uint32_t *older = rows[(i + 2) % 3], *old = rows[i % 3], *row = rows[(i + 1) % 3];

		row[0] = i;
		for (uint32_t j = 1; j <= b.len; j++) {
			bool same = char_lower(a.at[i - 1]) == char_lower(b.at[j - 1]);

			row[j] = least(least(old[j], row[j - 1]) + 1, old[j - 1] + !same);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
				a.at[i - 2] == b.at[j - 1])
				row[j] = least(row[j], older[j - 2] + 1);
		}
	}
	return rows[(a.len + 1) % 3][b.len];
}

struct str
option_guess(struct str wrong, const struct str *names, uint32_t count)
{
	uint32_t best = wrong.len <= 4 ? 2 : 3; /* one more than is near */
	struct str guess = STR_NONE;

	if (wrong.len == 0 || wrong.len > GUESS_MAX)
		return STR_NONE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t distance;

		if (names[i].len > GUESS_MAX || names[i].len == 0)
			continue;
		distance = edits(wrong, names[i]);
		if (distance < best && distance < names[i].len) {
			best = distance;
			guess = names[i];
		}
	}
	return guess;
}

/* ---- setting one ----------------------------------------------------------------------------- */

void
dn_init(struct dn *dn)
{
	*dn = (struct dn){ .type = DN_EXTENSION,
		.register_expires_s = REGISTER_DEFAULT_S,
		.oos_force_s = OOS_FORCE_S };
}

static struct str
not_for_type(const struct option *option)
{
	if (option->types == TRUNKS)
		return STR("only a trunk or a softswitch has this option");
	if (option->kind == OPTION_METHODS)
		return STR("only an extension or an acd-position has this option: calls of a trunk "
			   "and of a softswitch are known by their address");
	if (option->types == DEVICES)
		return STR("only an extension or an acd-position has this option");
	return STR("only a voip-service has this option");
}

/* Whether TEXT has 1 to MAX letters, digits (letters too if MAY_SPELL) and MARKS; if not, *AT is
 * the first octet that is too much. */
static bool
is_made_of(struct str text, size_t max, bool may_spell, struct str marks, size_t *at)
{
	for (*at = 0; *at < text.len && *at < max; ++*at) {
		char c = text.at[*at];

		if (!char_is_digit(c) && !(may_spell && char_is_alpha(c)) &&
			str_find(marks, c) == marks.len)
			return false;
	}
	return text.len > 0 && *at == text.len;
}

static bool
is_password(struct str text, size_t *at)
{
	for (*at = 0; *at < text.len && *at < PASSWORD_BYTES_MAX; ++*at) {
		if ((unsigned char)text.at[*at] < ' ' || text.at[*at] == 0x7f)
			return false;
	}
	return text.len > 0 && *at == text.len;
}

/* What can stand between quotes as it is. */
static bool
is_quotable(struct str text, size_t *at)
{
	size_t quote = str_find(text, '"'), backslash = str_find(text, '\\');
	bool is_fine = is_password(text, at);

	if (quote < *at)
		*at = quote;
	if (backslash < *at)
		*at = backslash;
	return is_fine && *at == text.len;
}

/* A host alone: what the contact grammar takes as one. */
static bool
is_host(struct str text, size_t *at)
{
	struct contact contact;
	bool is_fine = contact_parse(&contact, text, at) == CONTACT_FINE && !contact.is_self;

	if (is_fine && contact.host.len != text.len)
		*at = contact.host.at == text.at ? contact.host.len : 0;
	return is_fine && contact.host.len == text.len;
}

static int
hex_digit(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As `openssl x509 -fingerprint -sha256` writes it, or without its colons. */
static bool
set_pin(struct dn *dn, struct str value, size_t *at)
{
	bool has_colons = value.len > 2 && value.at[2] == ':';

	*at = 0;
	dn->terms.has_pin = true;
	for (size_t i = 0; i < FINGERPRINT_BYTES; i++) {
		int high, low;

		if (has_colons && i > 0 && (*at >= value.len || value.at[(*at)++] != ':'))
			return false;
		if (*at + 2 > value.len)
			return false;
		high = hex_digit(value.at[*at]);
		low = hex_digit(value.at[*at + 1]);
		if (high < 0 || low < 0)
			return false;
		dn->terms.pin[i] = (uint8_t)(16 * high + low);
		*at += 2;
	}
	return *at == value.len;
}

static bool
set_text(struct dn *dn, const struct option *option, struct str value, size_t *at)
{
	if (str_same(option->name, STR("number"))) {
		dn->number = value;
		return is_made_of(value, DN_NUMBER_BYTES_MAX, true, STR("-_.!~*'()&=+$"), at);
	}
	if (str_same(option->name, STR("prefix"))) {
		dn->prefix = value;
		return is_made_of(value, DN_NUMBER_BYTES_MAX, false, STR("+*#"), at);
	}
	if (str_same(option->name, STR("identity"))) {
		dn->identity = value;
		return is_made_of(value, IDENTITY_NAME_BYTES_MAX, true, STR("-_."), at);
	}
	if (str_same(option->name, STR("tls-fingerprint")))
		return set_pin(dn, value, at);
	if (str_same(option->name, STR("emit-transport-tls"))) {
		dn->emits_tls = str_same(value, STR("yes"));
		return dn->emits_tls || str_same(value, STR("no"));
	}
	if (str_same(option->name, STR("tls-wildcard"))) {
		dn->terms.takes_wildcard = str_same(value, STR("yes"));
		return dn->terms.takes_wildcard || str_same(value, STR("no"));
	}
	if (str_same(option->name, STR("from-domain"))) {
		dn->checks_from = str_same(value, STR("certificate"));
		return dn->checks_from || str_same(value, STR("any"));
	}
	if (str_same(option->name, STR("asserted-identity"))) {
		dn->is_trusted = str_same(value, STR("trusted"));
		return dn->is_trusted || str_same(value, STR("removed"));
	}
	if (str_same(option->name, STR("tls-name"))) {
		dn->tls_name = value;
		return is_host(value, at);
	}
	if (str_same(option->name, STR("username"))) {
		dn->username = value;
		return is_quotable(value, at);
	}
	if (str_same(option->name, STR("realm"))) {
		dn->realm = value;
		return is_quotable(value, at);
	}
	dn->password = value;
	dn->challenges_register = dn->challenges_invite = !dn_is_trunk(dn);
	return is_password(value, at);
}

static bool
set_number(struct dn *dn, const struct option *option, struct str value)
{
	uint64_t number = 0;
	const struct {
		struct str name;
		uint32_t *place;
	} places[] = {
		{ STR("priority"), &dn->priority },
		{ STR("capacity"), &dn->capacity },
		{ STR("register-expires"), &dn->register_expires_s },
		{ STR("oos-check"), &dn->oos_check_s },
		{ STR("oos-force"), &dn->oos_force_s },
		{ STR("recovery-timeout"), &dn->recovery_timeout_s },
	};

	if (!str_number(value, option->max, &number) || number < option->min)
		return false;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (str_same(option->name, places[i].name))
			*places[i].place = (uint32_t)number;
	return true;
}

static bool
set_flag(struct dn *dn, const struct option *option, struct str value)
{
	bool is_set = str_same(value, STR("yes")) || str_same(value, STR("true"));
	const struct {
		struct str name;
		bool *place;
	} places[] = {
		{ STR("register"), &dn->registers },
		{ STR("service-route"), &dn->tells_route },
		{ STR("gruu"), &dn->wants_gruu },
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (str_same(option->name, places[i].name))
			*places[i].place = is_set;
	return is_set || str_same(value, STR("no")) || str_same(value, STR("false"));
}

static bool
set_proxy(struct dn *dn, struct str value, struct str *why, size_t *at)
{
	enum contact_fault fault = contact_parse(&dn->proxy, value, at);

	*why = contact_fault_text(fault);
	if (fault != CONTACT_FINE)
		return false;
	*why = STR("a proxy is a host, with a port and a transport if need be");
	dn->has_proxy = !dn->proxy.is_self && str_is_empty(dn->proxy.number);
	return dn->has_proxy;
}

static bool
set_contact(struct dn *dn, struct str value, struct str *why, size_t *at)
{
	enum contact_fault fault = contact_parse(&dn->contact, value, at);

	if (fault != CONTACT_FINE) {
		*why = contact_fault_text(fault);
		return false;
	}
	if (dn->contact.is_self && dn_is_trunk(dn)) {
		*why = STR("a trunk or a softswitch does not register: its contact is its address");
		return false;
	}
	return true;
}

static bool
set_type(struct dn *dn, struct str value, struct str *why)
{
	static const struct {
		struct str name;
		enum dn_type type;
	} types[] = {
		{ STR("extension"), DN_EXTENSION },
		{ STR("acd-position"), DN_ACD_POSITION },
		{ STR("trunk"), DN_TRUNK },
		{ STR("voip-service"), DN_SOFTSWITCH },
	};
	static const struct str later[] = { STR("acd-queue"), STR("routing-point"),
		STR("trunk-group") };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (str_same(value, types[i].name)) {
			dn->type = types[i].type;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		if (str_same(value, later[i]))
			*why = STR("this type is not carried out yet; there are extension, "
				   "acd-position, trunk and voip-service");
	}
	return false;
}

static bool
set_service(struct str value, struct str *why)
{
	static const struct str later[] = { STR("msml"), STR("sip-outbound-proxy"),
		STR("application"), STR("recorder"), STR("treatment"), STR("music"), STR("mcu"),
		STR("moh"), STR("voicemail"), STR("ringback") };

	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		if (str_same(value, later[i]))
			*why = STR("this service is not carried out yet; there is softswitch");
	}
	return str_same(value, STR("softswitch"));
}

/* `register, invite` in any order, each once, or `none`. */
static bool
set_methods(struct dn *dn, struct str value, struct str *why, size_t *at)
{
	struct str rest = value;
	bool has_register = false, has_invite = false, is_none = str_same(value, STR("none"));

	while (!is_none) {
		struct str part = str_cut(&rest, ',');
		struct str word = str_trim(part);

		*at = word.len > 0 ? (size_t)(word.at - value.at) : (size_t)(part.at - value.at);
		if (str_same(word, STR("register")) && !has_register) {
			has_register = true;
		} else if (str_same(word, STR("invite")) && !has_invite) {
			has_invite = true;
		} else {
			if (str_same(word, STR("publish")) || str_same(word, STR("subscribe")) ||
				str_same(word, STR("message")))
				*why = STR("not challenged yet; there are register and invite");
			return false;
		}
		if (part.at + part.len == value.at + value.len)
			break;
	}
	dn->challenges_register = has_register;
	dn->challenges_invite = has_invite;
	return true;
}

static bool
set(struct dn *dn, const struct option *option, struct str value, struct str *why, size_t *at)
{
	switch (option->kind) {
	case OPTION_TEXT: return set_text(dn, option, value, at);
	case OPTION_NUMBER: return set_number(dn, option, value);
	case OPTION_FLAG: return set_flag(dn, option, value);
	case OPTION_CONTACT:
		return str_same(option->name, STR("contact")) ? set_contact(dn, value, why, at)
							      : set_proxy(dn, value, why, at);
	case OPTION_TYPE: return set_type(dn, value, why);
	case OPTION_SERVICE: return set_service(value, why);
	case OPTION_MODE: return crossing_mode_find(value, &dn->crossing);
	case OPTION_SIPS: return sips_policy_find(value, &dn->sips);
	case OPTION_METHODS: break;
	}
	return set_methods(dn, value, why, at);
}

bool
option_set(
	struct dn *dn, const struct option *option, struct str value, struct str *why, size_t *at)
{
	struct dn changed = *dn;

	*at = 0;
	*why = option->wants;
	if (!option->is_carried) {
		*why = STR("this option is known, but not carried out yet; take it out");
		return false;
	}
	if (option->kind != OPTION_TYPE && !option_is_for(option, dn->type)) {
		*why = not_for_type(option);
		return false;
	}
	if (!set(&changed, option, value, why, at))
		return false;
	*dn = changed;
	return true;
}
