/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <string.h>

#include "src/mime/html_private.h"
#include "src/mime/mime_private.h"
#include "src/text/text.h"

#define CHUNK (256 * 1024)
#define MAX_MEMORY (96 * 1024 * 1024)

/*
 * Memory that is freed as a whole. The parser's own destructor recurses over the tree, and it does
 * not look whether an allocation succeeded: thus the tree is never taken down piece by piece, and
 * too big a document leaves by a jump from within the allocator.
 */
typedef struct {
	GPtrArray *chunks;
	char *free;
	gsize left, used;
	jmp_buf *too_big;
} Arena;

static void *arena_alloc(void *data, size_t size)
{
	Arena *arena = data;

	g_assert(size < MAX_MEMORY || arena->too_big);
	size = (size + 15) & ~(size_t)15;
	if (size > arena->left) {
		gsize chunk = MAX(size, CHUNK);
		if (arena->used + chunk > MAX_MEMORY)
			longjmp(*arena->too_big, 1);
		arena->free = g_malloc(chunk);
		arena->left = chunk;
		arena->used += chunk;
		g_ptr_array_add(arena->chunks, arena->free);
	}
	void *block = arena->free;
	arena->free += size;
	arena->left -= size;
	return block;
}

static void arena_keep(void *data, void *block)
{
	(void)data;
	(void)block;
}

/* NULL when the document needs too much memory. */
static char *parse_and_render(Arena *arena, const GString *html, GHashTable *hidden,
                              SnHtmlImages *images)
{
	GumboOptions options = kGumboDefaultOptions;
	jmp_buf too_big;

	options.allocator = arena_alloc;
	options.deallocator = arena_keep;
	options.userdata = arena;
	options.max_errors = 0;
	arena->too_big = &too_big;
	if (setjmp(too_big))
		return NULL;
	const GumboOutput *output = gumbo_parse_with_options(&options, html->str, html->len);
	return sn_html_render(output->root, hidden, images);
}

char *sn_html_to_text(const char *html, gsize length, SnHtmlImages *counted)
{
	GString *tamed = sn_html_tame(html, MIN(length, SN_MIME_MAX_HTML));
	Arena arena = { .chunks = g_ptr_array_new_with_free_func(g_free) };
	g_autoptr(GHashTable) hidden =
		sn_html_hidden_names(html, MIN(length, SN_MIME_MAX_HTML));
	SnHtmlImages images = { 0 };
	char *text = parse_and_render(&arena, tamed, hidden, &images);

	if (!text) {
		g_autofree char *stripped = sn_html_strip(tamed->str, tamed->len);
		text = sn_text_clean(stripped, -1);
	}
	if (counted)
		*counted = images;
	g_ptr_array_unref(arena.chunks);
	g_string_free(tamed, TRUE);
	return text;
}
