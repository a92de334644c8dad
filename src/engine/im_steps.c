/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/engine/im_steps.h"

#include <string.h>

#include "src/text/text.h"

#define MAX_STEPS 2000
#define NOT_YET "." /* in the place of the address of an upload */

static void step_free(gpointer data)
{
	SnImStep *step = data;

	g_free(step->url);
	g_free(step->left);
	if (step->ids)
		g_array_unref(step->ids);
	g_free(step);
}

static SnImStep *add(GPtrArray *steps, SnImStepKind kind, char source, gint64 number)
{
	SnImStep *step = g_new0(SnImStep, 1);

	step->kind = kind;
	step->source = source;
	step->number = number;
	g_ptr_array_add(steps, step);
	return step;
}

static void add_emails(GPtrArray *steps, SnImStepKind kind, const SnImStepInput *input)
{
	for (guint i = 0; input->emails && i < input->emails->len; i++) {
		SnImStep *step = add(steps, kind, 'm', g_array_index(input->emails, SnId, i));
		if (kind == SN_IM_STEP_UPLOAD && input->left)
			step->left = g_strdup(input->left[i]);
	}
}

GPtrArray *sn_im_steps_make(const SnImStepInput *input)
{
	GPtrArray *steps = g_ptr_array_new_with_free_func(step_free);

	g_assert(input->body_parts > 0);
	for (int i = 0; i < input->attachments; i++)
		add(steps, SN_IM_STEP_UPLOAD, 'a', i);
	add_emails(steps, SN_IM_STEP_UPLOAD, input);
	for (int i = 0; i < input->body_parts; i++)
		add(steps, SN_IM_STEP_BODY, 'b', i);
	for (int i = 0; i < input->attachments; i++)
		add(steps, SN_IM_STEP_FILE, 'a', i);
	if (input->text)
		add(steps, SN_IM_STEP_TEXT, 't', 0);
	add_emails(steps, SN_IM_STEP_FILE, input);
	for (guint i = 0; input->forwards && i < input->forwards->len; i++)
		add(steps, SN_IM_STEP_FORWARD, 'f', i)->ids =
			g_array_ref(input->forwards->pdata[i]);
	g_assert(steps->len > 0);
	return steps;
}

/* ---- as text: one line a step ---- */

static const char *const kind_words[] = { [SN_IM_STEP_UPLOAD] = "upload",
	                                  [SN_IM_STEP_BODY] = "body",
	                                  [SN_IM_STEP_TEXT] = "text",
	                                  [SN_IM_STEP_FILE] = "file",
	                                  [SN_IM_STEP_FORWARD] = "forward" };

char *sn_im_steps_format(const GPtrArray *steps)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < steps->len; i++) {
		const SnImStep *step = steps->pdata[i];
		g_string_append_printf(text, "%s %c %" G_GINT64_FORMAT, kind_words[step->kind],
		                       step->source, step->number);
		if (step->url || step->left)
			g_string_append_printf(text, " %s", step->url ? step->url : NOT_YET);
		if (step->left)
			g_string_append_printf(text, " %s", step->left);
		for (guint j = 0; step->ids && j < step->ids->len; j++)
			g_string_append_printf(text, " %" G_GINT64_FORMAT,
			                       g_array_index(step->ids, SnId, j));
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

static gboolean parse_number(const char *word, gint64 *number)
{
	return g_ascii_string_to_signed(word, 10, 0, G_MAXINT64, number, NULL);
}

static gboolean parse_line(GPtrArray *steps, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	guint count = g_strv_length(words);
	gint64 number;
	int kind = -1;

	for (int i = 0; count >= 3 && i < (int)G_N_ELEMENTS(kind_words); i++)
		if (strcmp(words[0], kind_words[i]) == 0)
			kind = i;
	if (kind < 0 || strlen(words[1]) != 1 || !parse_number(words[2], &number))
		return FALSE;
	SnImStep *step = add(steps, (SnImStepKind)kind, words[1][0], number);
	if (kind == SN_IM_STEP_UPLOAD && count > 3 && strcmp(words[3], NOT_YET) != 0)
		step->url = g_strdup(words[3]);
	if (kind == SN_IM_STEP_UPLOAD && count > 4)
		step->left = g_strdup(words[4]);
	if (kind != SN_IM_STEP_FORWARD)
		return TRUE;
	step->ids = g_array_new(FALSE, FALSE, sizeof(SnId));
	for (guint i = 3; i < count; i++) {
		if (!parse_number(words[i], &number))
			return FALSE;
		g_array_append_val(step->ids, number);
	}
	return TRUE;
}

GPtrArray *sn_im_steps_parse(const char *text)
{
	g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(step_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", MAX_STEPS + 1);

	for (char **line = lines; *line; line++)
		if (**line && !parse_line(steps, *line))
			return NULL;
	for (guint i = 0; i < steps->len; i++) {
		const SnImStep *step = steps->pdata[i];
		if (step->kind == SN_IM_STEP_FILE && !sn_im_steps_upload(steps, step))
			return NULL;
	}
	return steps->len && sn_im_steps_first_visible(steps) < steps->len
		? g_steal_pointer(&steps)
		: NULL;
}

/* ---- asking ---- */

guint sn_im_steps_first_visible(const GPtrArray *steps)
{
	guint first = 0;

	while (first < steps->len &&
	       ((SnImStep *)steps->pdata[first])->kind == SN_IM_STEP_UPLOAD)
		first++;
	return first;
}

char *sn_im_step_id(const GPtrArray *steps, guint index, const char *origin_id)
{
	const SnImStep *step = steps->pdata[index];
	gboolean last = index + 1 == steps->len ||
	                ((SnImStep *)steps->pdata[index + 1])->kind != SN_IM_STEP_BODY;

	g_assert(index < steps->len);
	if (step->kind == SN_IM_STEP_UPLOAD)
		return NULL;
	if (step->kind == SN_IM_STEP_BODY && last)
		return g_strdup(origin_id);
	return g_strdup_printf("%s.%u", origin_id, index);
}

SnImStep *sn_im_steps_upload(const GPtrArray *steps, const SnImStep *file)
{
	for (guint i = 0; i < steps->len; i++) {
		SnImStep *step = steps->pdata[i];
		if (step->kind == SN_IM_STEP_UPLOAD && step->source == file->source &&
		    step->number == file->number)
			return step;
	}
	return NULL;
}

/* ---- sizes ---- */

static gsize escaped(char c)
{
	switch (c) {
	case '&': return 5;
	case '<':
	case '>': return 4;
	case '"':
	case '\'': return 6;
	default: return 1;
	}
}

gsize sn_im_escaped_size(const char *text, gsize length)
{
	gsize size = 0;

	for (gsize i = 0; i < length; i++)
		size += escaped(text[i]);
	return size;
}

/* How many bytes of the text fit into the limit, whole clusters, ending after a line or word. */
static gsize fitting(const char *text, gsize limit)
{
	gsize at = 0, size = 0, bytes, line = 0, word = 0;

	while (text[at]) {
		sn_text_cluster(text + at, &bytes);
		gsize more = sn_im_escaped_size(text + at, bytes);
		if (size + more > limit)
			break;
		size += more;
		at += bytes;
		if (text[at - 1] == '\n')
			line = at;
		else if (text[at - 1] == ' ')
			word = at;
	}
	if (!text[at])
		return at;
	if (line > at / 2)
		return line;
	return word > at / 2 ? word : at;
}

GPtrArray *sn_im_split(const char *text, gsize limit)
{
	GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);

	g_assert(limit >= 64);
	do {
		gsize length = fitting(text, limit);
		if (length == 0 && *text) /* one cluster beyond all measure: cut it */
			length = MIN(strlen(text), limit / 6);
		while (length && (text[length] & 0xC0) == 0x80)
			length--;
		g_ptr_array_add(parts, g_strndup(text, length));
		text += length;
		if (length == 0)
			break;
	} while (*text);
	return parts;
}
