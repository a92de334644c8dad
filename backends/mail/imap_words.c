/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backends/mail/imap_words.h"

#include <string.h>

typedef struct {
	const char *at, *end;
	guint depth, count;
} Reader;

static void word_free(SnWord *word)
{
	if (!word)
		return;
	g_free(word->text);
	if (word->items)
		g_ptr_array_unref(word->items);
	g_free(word);
}

void sn_imap_line_free(SnImapLine *line)
{
	if (!line)
		return;
	g_free(line->tag);
	g_free(line->kind);
	g_free(line->code);
	g_free(line->text);
	g_ptr_array_unref(line->words);
	g_free(line);
}

/* ---- words ---- */

static SnWord *word_new(Reader *reader, SnWordKind kind, const char *text, gsize length)
{
	SnWord *word = g_new0(SnWord, 1);

	word->kind = kind;
	if (kind == SN_WORD_ATOM || kind == SN_WORD_STRING) {
		word->text = g_malloc(length + 1);
		if (length > 0)
			memcpy(word->text, text, length);
		word->text[length] = '\0';
		word->length = length;
	}
	reader->count++;
	return word;
}

static void skip_blanks(Reader *reader)
{
	while (reader->at < reader->end && *reader->at == ' ')
		reader->at++;
}

static gboolean is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static SnWord *read_quoted(Reader *reader)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (const char *c = reader->at + 1; c < reader->end && !is_line_end(*c); c++) {
		if (*c == '"') {
			reader->at = c + 1;
			return word_new(reader, SN_WORD_STRING, text->str, text->len);
		}
		if (*c == '\\' && c + 1 < reader->end)
			c++;
		g_string_append_c(text, *c);
	}
	return NULL;
}

/* "{5}" CR LF and the bytes; "~{5}" of RFC 3516 as well. */
static SnWord *read_literal(Reader *reader)
{
	const char *line = reader->at;

	while (line < reader->end && !is_line_end(*line))
		line++;
	gint64 length = sn_imap_literal_length(reader->at, (gsize)(line - reader->at));
	if (length < 0 || line == reader->end)
		return NULL;
	line += *line == '\r' && line + 1 < reader->end && line[1] == '\n' ? 2 : 1;
	if (length > reader->end - line)
		return NULL;
	reader->at = line + length;
	return word_new(reader, SN_WORD_STRING, line, (gsize)length);
}

/* A bracket belongs to the word with all that is in it: BODY[HEADER.FIELDS (FROM TO)]<0>. */
static SnWord *read_atom(Reader *reader)
{
	const char *begin = reader->at, *c = begin;

	while (c < reader->end && !is_line_end(*c) && !strchr(" ()\"", *c)) {
		if (*c == '[')
			while (c < reader->end && !is_line_end(*c) && *c != ']')
				c++;
		if (c < reader->end && !is_line_end(*c))
			c++;
	}
	if (c == begin)
		return NULL;
	reader->at = c;
	gsize length = (gsize)(c - begin);
	if (length == 3 && g_ascii_strncasecmp(begin, "NIL", 3) == 0)
		return word_new(reader, SN_WORD_NIL, NULL, 0);
	return word_new(reader, SN_WORD_ATOM, begin, length);
}

static SnWord *read_word(Reader *reader);

static SnWord *read_list(Reader *reader)
{
	if (++reader->depth > SN_WORDS_MAX_DEPTH)
		return NULL;
	SnWord *list = word_new(reader, SN_WORD_LIST, NULL, 0);
	list->items = g_ptr_array_new_with_free_func((GDestroyNotify)word_free);
	reader->at++;
	for (;;) {
		skip_blanks(reader);
		if (reader->at < reader->end && *reader->at == ')') {
			reader->at++;
			reader->depth--;
			return list;
		}
		SnWord *item = read_word(reader);
		if (!item)
			break;
		g_ptr_array_add(list->items, item);
	}
	word_free(list);
	return NULL;
}

static SnWord *read_word(Reader *reader)
{
	if (reader->at >= reader->end || reader->count >= SN_WORDS_MAX)
		return NULL;
	if (*reader->at == '(')
		return read_list(reader);
	if (*reader->at == '"')
		return read_quoted(reader);
	if (*reader->at == '{' || (*reader->at == '~' && reader->at + 1 < reader->end &&
				   reader->at[1] == '{'))
		return read_literal(reader);
	return read_atom(reader);
}

/* All words up to the end of the line, or of what is left; FALSE when something is no word. */
static gboolean read_words(Reader *reader, GPtrArray *words)
{
	for (;;) {
		skip_blanks(reader);
		if (reader->at >= reader->end || is_line_end(*reader->at))
			return TRUE;
		SnWord *word = read_word(reader);
		if (!word)
			return FALSE;
		g_ptr_array_add(words, word);
	}
}

/* ---- lines ---- */

/* Up to the next blank or line end. */
static char *read_plain(Reader *reader)
{
	const char *begin = reader->at;

	while (reader->at < reader->end && *reader->at != ' ' && !is_line_end(*reader->at) &&
	       *reader->at != '\0')
		reader->at++;
	char *text = g_strndup(begin, (gsize)(reader->at - begin));
	skip_blanks(reader);
	return text;
}

static gboolean is_status(const char *kind)
{
	static const char *const all[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		if (strcmp(kind, all[i]) == 0)
			return TRUE;
	return FALSE;
}

/* "[UIDVALIDITY 7]": its name and words. Broken ones are taken for text, as many servers err. */
static void read_code(Reader *reader, SnImapLine *line)
{
	if (reader->at >= reader->end || *reader->at != '[')
		return;
	gboolean quoted = FALSE;
	const char *close = reader->at + 1;
	for (; close < reader->end && !is_line_end(*close); close++) {
		if (quoted && *close == '\\' && close + 1 < reader->end)
			close++;
		else if (*close == '"')
			quoted = !quoted;
		else if (*close == ']' && !quoted)
			break;
	}
	if (close >= reader->end || *close != ']')
		return;
	Reader inside = { .at = reader->at + 1, .end = close };
	g_autofree char *name = read_plain(&inside);
	if (!*name)
		return;
	line->code = g_ascii_strup(name, -1);
	if (!read_words(&inside, line->words))
		g_ptr_array_set_size(line->words, 0);
	reader->at = close + 1;
	skip_blanks(reader);
}

static char *read_text(Reader *reader)
{
	const char *begin = reader->at;

	while (reader->at < reader->end && !is_line_end(*reader->at) && *reader->at != '\0')
		reader->at++;
	return g_strndup(begin, (gsize)(reader->at - begin));
}

static gboolean read_rest(Reader *reader, SnImapLine *line)
{
	g_autofree char *first = read_plain(reader);
	gboolean untagged = strcmp(line->tag, "*") == 0;

	if (untagged && g_ascii_isdigit(*first)) {
		guint64 number = g_ascii_strtoull(first, NULL, 10);
		line->number = (guint32)MIN(number, G_MAXUINT32);
		g_free(first);
		first = read_plain(reader);
	}
	line->kind = g_ascii_strup(first, -1);
	if (!is_status(line->kind))
		return untagged && g_ascii_isalpha(*line->kind) && read_words(reader, line->words);
	read_code(reader, line);
	line->text = read_text(reader);
	return TRUE;
}

SnImapLine *sn_imap_line_parse(const char *bytes, gsize length)
{
	Reader reader = { .at = bytes, .end = bytes + length };
	g_autoptr(SnImapLine) line = g_new0(SnImapLine, 1);

	line->words = g_ptr_array_new_with_free_func((GDestroyNotify)word_free);
	line->tag = read_plain(&reader);
	if (strcmp(line->tag, "+") == 0) {
		line->kind = g_strdup("");
		line->text = read_text(&reader);
		return g_steal_pointer(&line);
	}
	if (!*line->tag || !read_rest(&reader, line))
		return NULL;
	g_assert(line->kind && *line->kind);
	return g_steal_pointer(&line);
}

gint64 sn_imap_literal_length(const char *bytes, gsize length)
{
	gsize at = length;
	gint64 number = 0;

	if (at < 3 || bytes[--at] != '}')
		return -1;
	if (bytes[at - 1] == '+')
		at--;
	gsize digits = at;
	while (digits > 0 && g_ascii_isdigit(bytes[digits - 1]))
		digits--;
	if (digits == at || digits == 0 || bytes[digits - 1] != '{')
		return -1;
	for (gsize i = digits; i < at; i++) {
		if (number > G_MAXINT64 / 16)
			return -1;
		number = number * 10 + (bytes[i] - '0');
	}
	return number;
}

/* ---- looking at words ---- */

const SnWord *sn_word_at(const GPtrArray *words, guint index)
{
	return words && index < words->len ? g_ptr_array_index(words, index) : NULL;
}

const char *sn_word_text(const SnWord *word)
{
	return word ? word->text : NULL;
}

guint64 sn_word_number(const SnWord *word)
{
	const char *text = sn_word_text(word);

	return text && g_ascii_isdigit(*text) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

const SnWord *sn_word_value(const GPtrArray *pairs, const char *name)
{
	for (guint i = 0; pairs && i + 1 < pairs->len; i += 2) {
		const char *text = sn_word_text(sn_word_at(pairs, i));
		if (text && g_ascii_strcasecmp(text, name) == 0)
			return sn_word_at(pairs, i + 1);
	}
	return NULL;
}

static gboolean read_number(const char **text, guint32 *number)
{
	char *end = NULL;

	if (**text == '*') {
		*number = G_MAXUINT32;
		(*text)++;
		return TRUE;
	}
	if (!g_ascii_isdigit(**text))
		return FALSE;
	guint64 value = g_ascii_strtoull(*text, &end, 10);
	*text = end;
	*number = (guint32)value;
	return value > 0 && value <= G_MAXUINT32;
}

gboolean sn_imap_set_each(const char *text, void (*each)(guint32, guint32, gpointer), gpointer data)
{
	while (text) {
		guint32 first, last;
		if (!read_number(&text, &first))
			return FALSE;
		last = first;
		if (*text == ':') {
			text++;
			if (!read_number(&text, &last))
				return FALSE;
		}
		each(MIN(first, last), MAX(first, last), data);
		if (*text == '\0')
			return TRUE;
		if (*text++ != ',')
			return FALSE;
	}
	return FALSE;
}

char *sn_imap_quote(const char *text)
{
	g_autoptr(GString) quoted = g_string_new("\"");

	for (const char *c = text; *c; c++) {
		if (is_line_end(*c))
			return NULL;
		if (*c == '"' || *c == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *c);
	}
	g_string_append_c(quoted, '"');
	return g_string_free(g_steal_pointer(&quoted), FALSE);
}
