/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "main/config_yaml.h"

static struct report report;
static struct config_memory *memory;

/* Reads TEXT from exactly its octets on the heap, which *COPY holds. */
static struct yaml *
read_text(struct str text, char **copy)
{
	*copy = malloc(text.len > 0 ? text.len : 1);
	assert_non_null(*copy);
	memcpy(*copy, text.at, text.len);
	memory = memory_open();
	report_init(&report, memory, STR("f.yaml"), str_of(*copy, text.len));
	return yaml_read(memory, &report);
}

static void
end(char *copy)
{
	memory_close(memory);
	free(copy);
}

static void
assert_scalar(const struct yaml *node, const char *key, const char *text)
{
	assert_non_null(node);
	assert_int_equal(node->kind, YAML_SCALAR);
	assert_true(str_same(node->key, str_cstr(key)));
	assert_true(str_same(node->text, str_cstr(text)));
	/* The place is that of the text. */
	assert_memory_equal(report.text.at + node->span.from, text, strlen(text));
	assert_int_equal(node->span.to - node->span.from, strlen(text));
}

static void
test_a_tree(void **state)
{
	char *copy;
	struct yaml *root = read_text(STR("# first\n"
					  "a: b c # d\n"
					  "quoted: \"x: y\"\n"
					  "single: 'no'\n"
					  "list:\n- 1\n- [2, 3]\n- { k: v }\n"
					  "none:\n"
					  "last: ~\n"),
		&copy);
	const struct yaml *list, *item;

	(void)state;
	assert_non_null(root);
	assert_int_equal(report.errors, 0);
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->count, 6);
	assert_scalar(yaml_get(root, STR("a")), "a", "b c");
	assert_scalar(yaml_get(root, STR("quoted")), "quoted", "x: y");
	assert_scalar(yaml_get(root, STR("single")), "single", "no");
	assert_scalar(yaml_get(root, STR("last")), "last", "~");
	assert_null(yaml_get(root, STR("absent")));
	assert_true(str_is_none(yaml_get(root, STR("none"))->text));
	list = yaml_get(root, STR("list"));
	assert_int_equal(list->kind, YAML_LIST);
	assert_int_equal(list->count, 3);
	item = list->first;
	assert_scalar(item, "list", "1");
	item = item->next;
	assert_int_equal(item->kind, YAML_LIST);
	assert_true(str_same(item->key, STR("list")));
	assert_int_equal(item->count, 2);
	assert_scalar(item->next->first, "k", "v");
	assert_null(item->next->next);
	end(copy);
}

/* An octet of the text is found in the file, unless it was written with escapes. */
static void
test_places_within(void **state)
{
	char *copy;
	struct yaml *root =
		read_text(STR("a: abc\nb: \"abc\"\nc: \"\\x61bc\"\nd: 'it''s'\n"), &copy);

	(void)state;
	assert_int_equal(yaml_at(&report, yaml_get(root, STR("a")), 2), 5);
	assert_int_equal(yaml_at(&report, yaml_get(root, STR("b")), 2), 13);
	assert_int_equal(yaml_at(&report, yaml_get(root, STR("b")), 3), 14);
	assert_int_equal(
		yaml_at(&report, yaml_get(root, STR("c")), 2), yaml_get(root, STR("c"))->span.from);
	assert_true(str_same(yaml_get(root, STR("c"))->text, STR("abc")));
	assert_true(str_same(yaml_get(root, STR("d"))->text, STR("it's")));
	assert_int_equal(
		yaml_at(&report, yaml_get(root, STR("d")), 4), yaml_get(root, STR("d"))->span.from);
	end(copy);
}

/* A duplicate key is for the reader of keys to report: both are in the tree. */
static void
test_duplicates_stay(void **state)
{
	char *copy;
	struct yaml *root = read_text(STR("a: 1\na: 2\n"), &copy);

	(void)state;
	assert_int_equal(root->count, 2);
	assert_scalar(yaml_get(root, STR("a")), "a", "1");
	end(copy);
}

/* What the profile does without: reported, and the rest is read on. */
static void
test_extras(void **state)
{
	char *copy;
	struct yaml *root =
		read_text(STR("a: &x 1\nb: *x\nc: !!int 3\nd: !mine { e: 1 }\n? { f: 1 }\n"
			      ": [ 2 ]\ng: \"a\\tb\"\n"
			      "h: 4\n"),
			&copy);

	(void)state;
	assert_non_null(root);
	assert_int_equal(report.errors, 6);
	for (const struct yaml *node = root->first; node->next != NULL; node = node->next)
		assert_true(node->is_bad);
	assert_scalar(yaml_get(root, STR("h")), "h", "4");
	assert_false(yaml_get(root, STR("h"))->is_bad);
	end(copy);
}

/* Refused as a whole, with one error at the octet. */
static void
test_no_yaml(void **state)
{
	static const struct {
		struct str text;
		size_t at;
		const char *says;
	} all[] = {
		{ STR(""), 0, "nothing" },
		{ STR("# x\n"), 0, "nothing" },
		{ STR("a: *\n"), 3, "quote it" },
		{ STR("{ a: * }\n"), 5, "quote it" },
		{ STR("a: @b\n"), 3, "quote" },
		{ STR("a:\n\tb: 1\n"), 3, "spaces" },
		{ STR("a: \"b\n"), 4, "quote" },
		{ STR("a: b: c\n"), 4, "" },
		{ STR("a: ]\n"), 3, "" },
		{ STR("\xef\xbb\xbf"
		      "a: 1\n"),
			0, "byte order mark" },
		{ STR("a: \xff\n"), 3, "UTF-8" },
		{ STR("a: \xc3\n"), 3, "UTF-8" },
		{ STR("a: \xc0\x80\n"), 3, "UTF-8" },
		{ STR("a: \xed\xa0\x80\n"), 3, "UTF-8" },
		{ STR("a: \xf4\x90\x80\x80\n"), 3, "UTF-8" },
		{ STR("a: \xc2\x85\n"), 3, "UTF-8" },
		{ STR("a: \xe2\x80\xa8\n"), 3, "UTF-8" },
		{ STR("a: b\0c\n"), 4, "UTF-8" },
		{ STR("a: \x1b[0m\n"), 3, "UTF-8" },
		{ STR("a\0:\0 \0001\0"), 1, "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char *copy;
		struct yaml *root = read_text(all[i].text, &copy);

		if (root != NULL || report.errors != 1 || report.remarks[0].at != all[i].at ||
			strstr(report.remarks[0].text.at, all[i].says) == NULL)
			fail_msg("%s: %u errors, %zu: %s", all[i].text.at, report.errors,
				report.remarks[0].at, report.remarks[0].text.at);
		end(copy);
	}
}

static void
test_second_document(void **state)
{
	char *copy;

	(void)state;
	assert_non_null(read_text(STR("a: 1\n---\nb: 2\n---\nc: 3\n"), &copy));
	assert_int_equal(report.errors, 1);
	assert_int_equal(report.remarks[0].at, 5);
	end(copy);
	assert_non_null(read_text(STR("---\na: 1\n...\n"), &copy));
	assert_int_equal(report.errors, 0);
	end(copy);
}

/* Deep nests and long lists cost neither the stack nor the afternoon. */
static void
test_large(void **state)
{
	enum { SIZE = 200000 };
	char *text = malloc(SIZE), *copy;

	(void)state;
	assert_non_null(text);
	memset(text, '[', SIZE);
	read_text(str_of(text, SIZE), &copy);
	assert_true(report.errors > 0);
	end(copy);
	memset(text + SIZE / 2, ']', SIZE / 2);
	read_text(str_of(text, SIZE), &copy);
	assert_true(report.errors > 0);
	end(copy);
	for (size_t i = 0; i < SIZE; i += 2)
		memcpy(text + i, "x,", 2);
	memcpy(text, "[x", 2);
	text[SIZE - 1] = ']';
	assert_non_null(read_text(str_of(text, SIZE), &copy));
	assert_int_equal(report.errors, 0);
	end(copy);
	free(text);
}

static const char sample[] =
	"listen:\n  - sips:0.0.0.0:5061\n  - { uri: \"sip:[::]\", advertise: 'a:1' }\n"
	"tls: {certificate: x,\n  key: \"y\\x41\"}\ndn:\n- &a number: 7\n  contact: \"*\"\n"
	"- !t { n: [1, [2, *a]] }\n- |\n  x\n  y\n- >-\n  z\n? q\n: b \xc3\xbc\n...\n";

/* Every beginning of a text, and every text with one octet changed, is read or refused. */
static void
test_cut_and_bent(void **state)
{
	static const char marks[] = "\0\n\t :-,[]{}\"'*&!|>#%@?\xff\xc3x";
	struct str text = str_cstr(sample);
	char bent[400], *copy;

	(void)state;
	assert_true(text.len < sizeof bent);
	for (size_t len = 0; len <= text.len; len++) {
		struct yaml *root = read_text(str_upto(text, len), &copy);

		assert_true(root != NULL || report.errors > 0);
		end(copy);
	}
	for (size_t at = 0; at < text.len; at++) {
		for (size_t i = 0; i < sizeof marks - 1; i++) {
			struct yaml *root;

			memcpy(bent, text.at, text.len);
			bent[at] = marks[i];
			root = read_text(str_of(bent, text.len), &copy);
			assert_true(root != NULL || report.errors > 0);
			for (uint32_t j = 0; j < report.count; j++)
				assert_true(report.remarks[j].at <= text.len);
			end(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tree),
		cmocka_unit_test(test_places_within),
		cmocka_unit_test(test_duplicates_stay),
		cmocka_unit_test(test_extras),
		cmocka_unit_test(test_no_yaml),
		cmocka_unit_test(test_second_document),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_cut_and_bent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
