/* SPDX-License-Identifier: Apache-2.0 */
/* The `contact` option of a DN: sips is TLS whatever it says, and every fault has a place. */
#include "directory/contact.h"
#include "fuzz.h"

void
fuzz_one(struct str input)
{
	struct contact contact = { .port = 0 };
	size_t at = input.len + 1;
	enum contact_fault fault = contact_parse(&contact, input, &at);

	if (fault != CONTACT_FINE) {
		fuzz_check(at <= input.len, input);
		fuzz_check(contact_fault_text(fault).len > 0, input);
		return;
	}
	if (contact.is_self) {
		fuzz_check(str_same(input, STR("*")), input);
		return;
	}
	fuzz_within(contact.number, input);
	fuzz_within(contact.host, input);
	fuzz_check(contact.host.len > 0 && contact_port(&contact) != 0, input);
	fuzz_check(contact.speech.transport != TRANSPORT_NONE, input);
	fuzz_check((contact.speech.scheme == SCHEME_SIPS) == str_begins_alike(input, STR("sips:")),
		input);
	if (contact.speech.scheme == SCHEME_SIPS)
		fuzz_check(contact.speech.transport == TRANSPORT_TLS, input);
	if (!contact.has_transport)
		fuzz_check(!str_holds_alike(input, STR(";transport=")), input);
	for (size_t i = 0; i < input.len; i++)
		fuzz_check((unsigned char)input.at[i] > 0x20, input);
}
