/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtf.c - what a text in RTF says, as Outlook puts it into winmail.dat: compressed ([MS-OXRTFCP]), and
 * often with the HTML or plain text that it was made of wrapped in it ([MS-OXRTFEX]). Read here, because
 * no library for it is kept. Formatting is left out.
 */
#include <string.h>

#include "src/mime/mime_private.h"

/* ---- compression ---- */

enum {
	HEADER = 16,
	DICTIONARY = 4096,
	MAX_RTF = 4 * SN_MIME_MAX_TEXT,
	COMPRESSED = 0x75465a4c, /* "LZFu" */
	PLAIN = 0x414c454d,      /* "MELA" */
};

static const char preset[] =
	"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
	"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
	"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
G_STATIC_ASSERT(sizeof preset == 207 + 1);

static guint32 number_at(const guint8 *bytes)
{
	return bytes[0] | (guint32)bytes[1] << 8 | (guint32)bytes[2] << 16 | (guint32)bytes[3] << 24;
}

/* The end says itself by a reference to where it stands; a damaged one ends too early. */
static void expand(const guint8 *data, gsize length, GString *out)
{
	guint8 window[DICTIONARY] = { 0 };
	gsize at = 0, to = sizeof preset - 1;

	memcpy(window, preset, sizeof preset - 1);
	while (at < length) {
		guint8 kinds = data[at++];
		for (int i = 0; i < 8 && at < length; i++, kinds >>= 1) {
			if (!(kinds & 1)) {
				g_string_append_c(out, (char)data[at]);
				window[to++ % DICTIONARY] = data[at++];
				continue;
			}
			if (at + 2 > length)
				return;
			gsize from = (gsize)data[at] << 4 | data[at + 1] >> 4;
			gsize count = (data[at + 1] & 15u) + 2;
			at += 2;
			if (from == to % DICTIONARY)
				return;
			for (gsize n = 0; n < count; n++) {
				guint8 byte = window[from++ % DICTIONARY];
				g_string_append_c(out, (char)byte);
				window[to++ % DICTIONARY] = byte;
			}
		}
		if (out->len > MAX_RTF)
			return;
	}
}

GString *sn_rtf_unpack(const guint8 *data, gsize length)
{
	GString *out;

	if (length < HEADER)
		return NULL;
	guint32 kind = number_at(data + 8);
	if (kind != COMPRESSED && kind != PLAIN)
		return NULL;
	out = g_string_new(NULL);
	if (kind == PLAIN)
		g_string_append_len(out, (const char *)data + HEADER, (gssize)MIN(length - HEADER, MAX_RTF));
	else
		expand(data + HEADER, length - HEADER, out);
	return out;
}

/* ---- text ---- */

enum { MAX_DEPTH = 100, MAX_FONTS = 1000, MAX_WORD = 32 };

typedef struct {
	gboolean skip;    /* nothing here is text */
	gboolean fonts;   /* the table of fonts */
	gboolean tag;     /* HTML as it was */
	gboolean made;    /* what was made of the HTML for readers of RTF */
	gboolean star;    /* what is not known is to be skipped */
	int font, after_unicode;
} Group;

typedef struct {
	const char *at, *end;
	GArray *groups;     /* of Group; the innermost last */
	GHashTable *pages;  /* font -> code page */
	int page, left;     /* left: characters that stand for one told before as \u */
	gboolean html;
	gunichar half;      /* the first half of a pair */
	GString *bytes;     /* in bytes_page, to be converted */
	int bytes_page;
	GString *out;
} Reader;

static Group *here(Reader *self)
{
	g_assert(self->groups->len > 0);
	return &g_array_index(self->groups, Group, self->groups->len - 1);
}

static gboolean shows(Reader *self)
{
	const Group *group = here(self);

	return !group->skip && (!self->html || group->tag || !group->made) &&
	       self->out->len < SN_MIME_MAX_TEXT;
}

static void flush(Reader *self)
{
	gboolean repaired = FALSE;

	if (!self->bytes->len)
		return;
	g_autofree char *name = g_strdup_printf("windows-%d", self->bytes_page);
	g_autofree char *text = sn_mime_to_utf8(self->bytes->str, self->bytes->len, name, &repaired);
	g_string_append(self->out, text);
	g_string_truncate(self->bytes, 0);
}

/* Half a character of two bytes may be left behind when the font changes; then it was none. */
static void put_byte(Reader *self, char byte)
{
	int page = GPOINTER_TO_INT(g_hash_table_lookup(self->pages, GINT_TO_POINTER(here(self)->font)));

	if (self->left > 0) {
		self->left--;
		return;
	}
	if (!shows(self))
		return;
	page = page ? page : self->page;
	if (page != self->bytes_page)
		flush(self);
	self->bytes_page = page;
	g_string_append_c(self->bytes, byte);
}

static void put(Reader *self, const char *text)
{
	if (!shows(self))
		return;
	flush(self);
	g_string_append(self->out, text);
}

static void put_unicode(Reader *self, int number)
{
	gunichar c = number < 0 ? (gunichar)(number + 65536) : (gunichar)number;

	self->left = here(self)->after_unicode;
	if (c >= 0xd800 && c < 0xdc00) {
		self->half = c;
		return;
	}
	if (c >= 0xdc00 && c < 0xe000)
		c = self->half ? 0x10000 + ((self->half - 0xd800) << 10) + (c - 0xdc00) : 0xfffd;
	self->half = 0;
	if (!shows(self) || !c || c > 0x10ffff)
		return;
	flush(self);
	g_string_append_unichar(self->out, c);
}

static void set_charset(Reader *self, int charset)
{
	static const struct {
		int charset, page;
	} pages[] = { { 128, 932 },  { 129, 949 },  { 134, 936 },  { 136, 950 },  { 161, 1253 },
		      { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 }, { 186, 1257 },
		      { 204, 1251 }, { 222, 874 },  { 238, 1250 } };

	for (gsize i = 0; i < G_N_ELEMENTS(pages) && here(self)->fonts; i++)
		if (pages[i].charset == charset && g_hash_table_size(self->pages) < MAX_FONTS)
			g_hash_table_insert(self->pages, GINT_TO_POINTER(here(self)->font),
			                    GINT_TO_POINTER(pages[i].page));
}

/* ---- control words ---- */

typedef enum {
	W_TEXT,          /* stands for this */
	W_SKIP,          /* nothing in the group is text */
	W_FONTS,         /* the group is the table of fonts */
	W_TAG,           /* the group holds HTML as it was */
	W_MADE,          /* what follows was made of it; 0 ends that */
	W_AFTER_UNICODE, /* so many characters stand for one told as W_UNICODE */
	W_UNICODE,
	W_PAGE,          /* code page */
	W_FONT,
	W_CHARSET,       /* of the font */
	W_HTML,          /* all was made of HTML */
	W_BINARY,        /* so many bytes of no use follow */
} What;

static const struct {
	const char *word;
	What what;
	const char *text;
} words[] = {
	{ "par", W_TEXT, "\n" },        { "line", W_TEXT, "\n" },      { "row", W_TEXT, "\n" },
	{ "sect", W_TEXT, "\n" },       { "page", W_TEXT, "\n" },      { "tab", W_TEXT, "\t" },
	{ "cell", W_TEXT, "\t" },       { "emdash", W_TEXT, "\342\200\224" },
	{ "endash", W_TEXT, "\342\200\223" }, { "bullet", W_TEXT, "\342\200\242" },
	{ "lquote", W_TEXT, "\342\200\230" }, { "rquote", W_TEXT, "\342\200\231" },
	{ "ldblquote", W_TEXT, "\342\200\234" }, { "rdblquote", W_TEXT, "\342\200\235" },
	{ "emspace", W_TEXT, " " },     { "enspace", W_TEXT, " " },
	{ "fonttbl", W_FONTS, NULL },   { "colortbl", W_SKIP, NULL },  { "stylesheet", W_SKIP, NULL },
	{ "info", W_SKIP, NULL },       { "pict", W_SKIP, NULL },      { "object", W_SKIP, NULL },
	{ "header", W_SKIP, NULL },     { "footer", W_SKIP, NULL },    { "headerl", W_SKIP, NULL },
	{ "headerr", W_SKIP, NULL },    { "headerf", W_SKIP, NULL },   { "footerl", W_SKIP, NULL },
	{ "footerr", W_SKIP, NULL },    { "footerf", W_SKIP, NULL },
	{ "htmltag", W_TAG, NULL },     { "htmlrtf", W_MADE, NULL },   { "uc", W_AFTER_UNICODE, NULL },
	{ "u", W_UNICODE, NULL },       { "ansicpg", W_PAGE, NULL },   { "f", W_FONT, NULL },
	{ "fcharset", W_CHARSET, NULL }, { "fromhtml", W_HTML, NULL }, { "bin", W_BINARY, NULL },
};

static void act(Reader *self, gsize which, int number, gboolean numbered)
{
	Group *group = here(self);

	switch (words[which].what) {
	case W_TEXT: put(self, words[which].text); break;
	case W_SKIP: group->skip = TRUE; break;
	case W_FONTS: group->fonts = group->skip = TRUE; break;
	case W_TAG: group->tag = self->html; group->skip |= !self->html; break;
	case W_MADE: group->made = !numbered || number != 0; break;
	case W_AFTER_UNICODE: group->after_unicode = CLAMP(number, 0, 100); break;
	case W_UNICODE: put_unicode(self, number); break;
	case W_PAGE: self->page = number > 0 && number < 100000 ? number : self->page; break;
	case W_FONT: group->font = number; break;
	case W_CHARSET: set_charset(self, number); break;
	case W_HTML: self->html = TRUE; break;
	case W_BINARY: self->at += CLAMP(number, 0, self->end - self->at); break;
	}
}

static void control_word(Reader *self)
{
	char word[MAX_WORD + 1] = "", digits[12] = "";
	gsize length = 0, count = 0;
	gboolean star = here(self)->star;

	while (self->at < self->end && g_ascii_isalpha(*self->at) && length < MAX_WORD)
		word[length++] = *self->at++;
	if (self->at < self->end && *self->at == '-')
		digits[count++] = *self->at++;
	while (self->at < self->end && g_ascii_isdigit(*self->at) && count < sizeof digits - 1)
		digits[count++] = *self->at++;
	if (self->at < self->end && *self->at == ' ')
		self->at++;
	here(self)->star = FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, word) == 0) {
			act(self, i, (int)CLAMP(g_ascii_strtoll(digits, NULL, 10), G_MININT, G_MAXINT), count > 0);
			return;
		}
	here(self)->skip |= star;
}

static void control(Reader *self)
{
	char c = *self->at++;

	if (g_ascii_isalpha(c)) {
		self->at--;
		control_word(self);
	} else if (c == '\'' && self->end - self->at >= 2) {
		int high = g_ascii_xdigit_value(self->at[0]), low = g_ascii_xdigit_value(self->at[1]);
		self->at += 2;
		if (high >= 0 && low >= 0)
			put_byte(self, (char)(high << 4 | low));
	} else if (c == '*') {
		here(self)->star = TRUE;
	} else if (c == '~') {
		put(self, "\302\240");
	} else if (c == '_') {
		put(self, "-");
	} else if (c == '\r' || c == '\n') {
		put(self, "\n");
	} else if (strchr("\\{}", c)) {
		put_byte(self, c);
	}
}

/* FALSE: nested too deeply, or closed more often than opened. */
static gboolean brace(Reader *self, char c)
{
	self->left = 0;
	if (c == '{') {
		Group inner = *here(self);
		inner.star = FALSE;
		g_array_append_val(self->groups, inner);
		return self->groups->len <= MAX_DEPTH;
	}
	if (self->groups->len <= 1)
		return FALSE;
	g_array_set_size(self->groups, self->groups->len - 1);
	return TRUE;
}

char *sn_rtf_text(const char *rtf, gsize length, gboolean *html)
{
	Group outer = { .after_unicode = 1 };
	Reader self = { .at = rtf, .end = rtf + length, .page = 1252, .bytes_page = 1252,
		        .groups = g_array_new(FALSE, FALSE, sizeof(Group)),
		        .pages = g_hash_table_new(NULL, NULL),
		        .bytes = g_string_new(NULL), .out = g_string_new(NULL) };
	gboolean go = length > 5 && memcmp(rtf, "{\\rtf", 5) == 0;

	g_array_append_val(self.groups, outer);
	while (go && self.at < self.end) {
		char c = *self.at++;
		if (c == '{' || c == '}')
			go = brace(&self, c);
		else if (c == '\\' && self.at < self.end)
			control(&self);
		else if (c != '\r' && c != '\n' && c)
			put_byte(&self, c);
	}
	flush(&self);
	*html = self.html;
	g_array_unref(self.groups);
	g_hash_table_unref(self.pages);
	g_string_free(self.bytes, TRUE);
	return g_string_free(self.out, FALSE);
}
