/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target without a fuzzer: over the files given, or over its seeds and some thousand
 * mutations of them, the same in each run. With clang, link with -fsanitize=fuzzer instead.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MUTATIONS 3000
#define MAX_BYTES 65536

static void run_file(const char *path)
{
	g_autofree char *data = NULL;
	gsize length;

	if (g_file_get_contents(path, &data, &length, NULL))
		LLVMFuzzerTestOneInput((const uint8_t *)data, length);
}

static GPtrArray *read_seeds(const char *folder)
{
	GPtrArray *seeds = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		char *data;
		gsize length;
		if (g_file_get_contents(path, &data, &length, NULL))
			g_ptr_array_add(seeds, g_bytes_new_take(data, length));
	}
	if (dir)
		g_dir_close(dir);
	return seeds;
}

/* One change: a byte, a piece cut out, a piece doubled, a piece of another seed. */
static void mutate(GByteArray *input, GPtrArray *seeds, GRand *random)
{
	guint length = input->len;
	guint at = length ? (guint)g_rand_int_range(random, 0, (gint32)length) : 0;
	guint piece =
		length ? (guint)g_rand_int_range(random, 0, (gint32)MIN(length - at, 64) + 1) : 0;

	switch (g_rand_int_range(random, 0, 5)) {
	case 0:
		if (length)
			input->data[at] = (guint8)g_rand_int_range(random, 0, 256);
		break;
	case 1:
		if (piece)
			g_byte_array_remove_range(input, at, piece);
		break;
	case 2: {
		g_autofree guint8 *copy = g_memdup2(input->data + at, piece);
		for (int i = g_rand_int_range(random, 1, 40); i > 0 && input->len < MAX_BYTES; i--)
			g_byte_array_append(input, copy, piece);
		break;
	}
	case 3: {
		GBytes *other = seeds->pdata[g_rand_int_range(random, 0, (gint32)seeds->len)];
		gsize other_length;
		const guint8 *data = g_bytes_get_data(other, &other_length);
		if (other_length) {
			gsize from = (gsize)g_rand_int_range(random, 0, (gint32)other_length);
			g_byte_array_append(input, data + from,
					    (guint)MIN(other_length - from, 256));
		}
		break;
	}
	default: g_byte_array_set_size(input, at); break;
	}
}

int main(int argc, char **argv)
{
	const char *top = g_getenv("TOP_SRCDIR");
	g_autofree char *folder =
		g_build_filename(top ? top : ".", "tests", "fuzz", "seeds", fuzz_name, NULL);

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1)
		return 0;
	g_autoptr(GPtrArray) seeds = read_seeds(folder);
	const char *wish = g_getenv("SENNIT_FUZZ_ROUNDS");
	int rounds = wish ? atoi(wish) : MUTATIONS;
	g_autoptr(GRand) random = g_rand_new_with_seed(wish ? (guint32)rounds : 1);

	printf("1..1\n");
	if (seeds->len == 0) {
		printf("not ok 1 - %s: no seeds in %s\n", fuzz_name, folder);
		return 1;
	}
	for (int round = 0; round < rounds; round++) {
		GBytes *seed = seeds->pdata[round % (int)seeds->len];
		GByteArray *input = g_byte_array_new();
		g_byte_array_append(input, g_bytes_get_data(seed, NULL),
				    (guint)g_bytes_get_size(seed));
		/* The first round of each seed is the seed itself. */
		for (int n = round < (int)seeds->len ? 0 : g_rand_int_range(random, 1, 8); n > 0;
		     n--)
			mutate(input, seeds, random);
		LLVMFuzzerTestOneInput(input->data ? input->data : (const guint8 *)"", input->len);
		g_byte_array_unref(input);
	}
	printf("ok 1 - %s: %u seeds, %d inputs\n", fuzz_name, seeds->len, rounds);
	return 0;
}
