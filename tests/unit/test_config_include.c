// SPDX-License-Identifier: BSD-3-Clause
/* HC-53: included files: found beside the main file, named in messages, bounded in number and size. */
#include <errno.h>

#include "config.h"

/* Included files stand beside the main one; what is wrong in them is said of them. */
static void test_include(void)
{
	char message[1024], *text = config_bend("cookie = { };", "  @include \"more.inc\"\n");
	struct weir_config *c;

	config_put("more.inc", "# one\n@include \"secret.inc\"\n");
	config_put("secret.inc", "cookie = {\n};");
	weir_config_free(expect_good(text));
	config_put("secret.inc", "cookie = {\n secret_fil = 1; };");
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message,
		"secret.inc:2: cookie.secret_fil = 1: unknown key; known here: secret_file");
	config_put("secret.inc", "cookie = {\n } };");
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message,
		"secret.inc:2: syntax error here or at the end of the line before: } };");
	config_put("secret.inc", "\n\ncookie = { a = 3000000000; };");
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message,
		"secret.inc:3: 3000000000: no key takes a number beyond 32 bits");
	/* what looks like one but is in a comment or a text is none */
	free(text);
	text = config_bend("cookie = { };", "# \"\n/*\n@include \"nowhere\"\n\" */ // \" /*\n");
	weir_config_free(expect_good(text));
	free(text);
}

/* text, with "more.inc" included, must be refused with this message. */
static void expect_include_refused(const char *text, const char *included, const char *want)
{
	char message[1024];
	struct weir_config *c;

	config_put("more.inc", included);
	CU_ASSERT_EQUAL(config_load_text(text, &c, message), -EINVAL);
	CU_ASSERT_STRING_EQUAL(message, want);
	weir_config_free(c);
}

/* Whatever an included file ends with, what follows its @include is still said of the right line. */
static void test_include_place(void)
{
	static const char *const good[] = {"", "\n", "\n\n\n", "#", "limits = { };",
		"limits = { };\n", "/*\n*/ # \n//", "@include \"empty.inc\"", "\"a\" # string\n"};
	char *text =
		config_bend("limits = { connections = 4096; };", "@include \"more.inc\"  # 1\n;");

	config_put("empty.inc", "");
	for (size_t i = 0; i + 1 < sizeof(good) / sizeof(good[0]); i++) {
		char *bad = config_bend("limits = { connections = 4096; };\n",
			"@include \"more.inc\" x = 1; # 20\n");

		expect_include_refused(bad, good[i],
			"weir.conf:20: x = 1: unknown key; known here: eal, workers, ports, "
			"services, cookie, limits, timeouts");
		free(bad);
		bad = config_bend("limits = { connections = 4096; };",
			"@include \"more.inc\"\n\ny = = 2");
		expect_include_refused(bad, good[i],
			"weir.conf:22: syntax error here or at the end of the line before: y = = "
			"2");
		free(bad);
	}
	expect_include_refused(text, good[8],
		"more.inc:1: syntax error here or at the end of the line before: \"a\" # string");
	free(text);
	/* of a file that says nothing the main file's first line is blamed, whoever stands there */
	expect_include_refused("@include \"more.inc\"\n", "eal = [ ];",
		"weir.conf:1: needs \"ports\"");
}

/* Of n lines that include an empty file, the first that is too much. */
static void test_include_many(void)
{
	char *text = malloc(1025 * sizeof("@include \"more.inc\"\n")), *end = text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (int i = 0; i < 1024; i++)
		end = stpcpy(end, "@include \"more.inc\"\n");
	expect_include_refused(text, "", "weir.conf:1: needs \"ports\"");
	stpcpy(end, "@include \"more.inc\"\n");
	expect_include_refused(text, "",
		"weir.conf:1025: @include \"more.inc\": more than 1024 files are included in all");
	free(text);
}

/* Three in each file of a chain: 3^7 of the last one, were there no bound. */
static void test_include_nested(void)
{
	char name[32], text[128], message[1024];
	struct weir_config *c;

	for (int depth = 1; depth <= 8; depth++) {
		snprintf(text, sizeof(text),
			"@include \"d%d.inc\"\n@include \"d%d.inc\"\n@include \"d%d.inc\"\n",
			depth + 1, depth + 1, depth + 1);
		snprintf(name, sizeof(name), "d%d.inc", depth);
		config_put(name, depth < 8 ? text : "");
	}
	CU_ASSERT_EQUAL(config_load_text("@include \"d1.inc\"\n", &c, message), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(message, ": more than 1024 files are included in all"));
}

static void test_include_large(void)
{
	const size_t size = 6 * 1048576;
	char *blank = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(blank);
	memset(blank, ' ', size);
	config_write_bytes("large.inc", blank, size);
	free(blank);
	expect_include_refused("@include \"large.inc\"\n@include \"large.inc\"\n", "",
		"weir.conf:1: needs \"ports\"");
	expect_include_refused("@include \"large.inc\"\n@include \"large.inc\"\n@include "
			       "\"large.inc\"\n",
		"", "weir.conf:3: @include \"large.inc\": the configuration is larger than 16 MiB");
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-53 @include", test_include},
		{"HC-53 what follows an @include", test_include_place},
		{"HC-53 too many included files", test_include_many},
		{"HC-53 included files that include many", test_include_nested},
		{"HC-53 too large included files", test_include_large},
	};

	return config_main("config-include", tests, sizeof(tests) / sizeof(tests[0]));
}
