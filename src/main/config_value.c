/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config_value.h"

#include "directory/contact.h"

bool
value_time(struct str text, int64_t *ms, struct str *why)
{
	size_t digits = 0;
	struct str unit;
	uint64_t number;

	while (digits < text.len && char_is_digit(text.at[digits]))
		digits++;
	unit = str_from(text, digits);
	*why = STR("a time is a number with its unit, as 500ms or 2s");
	if (digits == 0)
		return false;
	if (unit.len == 0) {
		*why = STR(
			"a time needs its unit, ms or s: 500ms is half a second, 500s is more than "
			"eight minutes");
		return false;
	}
	if (!str_same(unit, STR("ms")) && !str_same(unit, STR("s")))
		return false;
	*why = STR("this time is from 1ms to 60s");
	if (!str_number(str_upto(text, digits), 60000, &number) || number == 0)
		return false;
	if (str_same(unit, STR("s")))
		number *= 1000;
	*ms = (int64_t)number;
	return number <= 60000;
}

bool
value_endpoint(struct str text, struct endpoint *endpoint, struct str *why, size_t *at)
{
	struct contact contact;
	enum contact_fault fault = contact_parse(&contact, text, at);

	*why = contact_fault_text(fault);
	if (fault != CONTACT_FINE)
		return false;
	*why = STR("this is a host and a port, nothing before and nothing behind it");
	if (contact.is_self || contact.host.at != text.at)
		return false;
	*at = str_find(text, ';');
	if (*at < text.len)
		return false;
	*endpoint = (struct endpoint){ contact.host, contact.ip, contact.port };
	return true;
}

bool
value_listen(struct str text, struct net_listen *listen, struct str *why, size_t *at)
{
	struct contact contact;
	enum contact_fault fault = contact_parse(&contact, text, at);

	*why = contact_fault_text(fault);
	if (fault != CONTACT_FINE)
		return false;
	*at = 0;
	*why = STR("a listener begins with sips: or sip:, as sips:0.0.0.0:5061");
	if (!str_begins_alike(text, STR("sips:")) && !str_begins_alike(text, STR("sip:")))
		return false;
	*at = str_find(text, ':') + 1;
	*why = STR("a listener has no number, only an address and a port");
	if (contact.number.len > 0)
		return false;
	*why = STR(
		"a listener has an IP address (0.0.0.0 or [::] for all); a name to be shown goes "
		"into advertise");
	if (contact.ip.family == ADDR_NONE)
		return false;
	*why = STR("nobody can listen at a multicast address");
	if (addr_is_multicast(&contact.ip))
		return false;
	*listen = (struct net_listen){ .transport = contact.speech.transport, .addr = contact.ip };
	listen->addr.port = contact_port(&contact);
	return true;
}
