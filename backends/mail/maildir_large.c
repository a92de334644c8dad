/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_large.c - a message that is too large to be held in memory: what it is made of, and single
 * files out of it, read in pieces.
 *
 * A multipart's parts are told apart by their boundaries only (RFC 2046 section 5.1), an attached
 * message is one leaf: the leaves have the numbers that SnMailPart.position has.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/mail/imap_structure.h"
#include "backends/mail/maildir_private.h"

#define ROOM 65536                     /* read at once */
#define LINE_MAX_SEEN 1000             /* a boundary's line is shorter */
#define PART_LIMIT 65536               /* octets of a text, and of what counts as small */
#define SKELETON_MAX (4 << 20)         /* of what is made of a message */
#define HEADER_MAX (1 << 20)           /* of one part */
#define LOOK_MAX ((gint64)2 << 30)     /* looked through at all */
#define REPORT_EVERY ((gint64)1 << 20) /* octets */

enum { MAX_LEAVES = 1000, MAX_NESTING = 100 };

typedef enum { IN_HEADER, IN_LEAF, BETWEEN } Place;

typedef struct {
	int fd;
	char buffer[ROOM];
	gsize start, end;
	gboolean ended;
	gint64 seen, size;

	Place place;
	GPtrArray *boundaries; /* of the multiparts that are open */
	GString *header;       /* of the part that begins */
	guint leaves;
	SnPartEncoding encoding;
	gboolean is_text, is_message;
} Scan;

/* ---- reading ---- */

/* FALSE with errno. */
static gboolean fill(Scan *scan)
{
	memmove(scan->buffer, scan->buffer + scan->start, scan->end - scan->start);
	scan->end -= scan->start;
	scan->start = 0;
	while (scan->end < ROOM && !scan->ended) {
		ssize_t got = read(scan->fd, scan->buffer + scan->end, ROOM - scan->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FALSE;
		scan->end += (gsize)got;
		scan->ended = got == 0;
	}
	return TRUE;
}

/* The next line with its end, or a piece of one that is longer than any that matters. FALSE: there is no
 * more, or *failed. */
static gboolean next_piece(Scan *scan, const char **piece, gsize *length, gboolean *failed)
{
	const char *from = scan->buffer + scan->start;
	const char *newline = memchr(from, '\n', scan->end - scan->start);

	if (!newline && !scan->ended) {
		if (!fill(scan)) {
			*failed = TRUE;
			return FALSE;
		}
		from = scan->buffer;
		newline = memchr(from, '\n', scan->end);
	}
	*piece = from;
	*length = newline ? (gsize)(newline - from) + 1 : scan->end - scan->start;
	scan->start += *length;
	scan->seen += (gint64)*length;
	g_assert(scan->start <= scan->end && scan->end <= ROOM);
	return *length > 0 && scan->seen <= LOOK_MAX;
}

/* ---- what a part is ---- */

/* The value of a header field with its folds; NULL. */
static char *field(const char *header, const char *name)
{
	gsize length = strlen(name);

	for (const char *line = header; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (g_ascii_strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		const char *end = line + length;
		do {
			end = strchr(end + 1, '\n');
		} while (end && (end[1] == ' ' || end[1] == '\t'));
		char *value = end ? g_strndup(line + length + 1, (gsize)(end - line) - length - 1)
				  : g_strdup(line + length + 1);
		return g_strstrip(value);
	}
	return NULL;
}

/* boundary="b" or boundary=b; NULL. Nothing that looks like one within another parameter's quotes. */
static char *boundary_of(const char *type)
{
	gboolean quoted = FALSE;

	for (const char *at = type; *at; at++) {
		if (*at == '\\' && quoted && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
		if (*at != ';' || quoted)
			continue;
		const char *name = at + 1 + strspn(at + 1, " \t\r\n");
		if (g_ascii_strncasecmp(name, "boundary", 8) != 0)
			continue;
		const char *value = name + 8 + strspn(name + 8, " \t\r\n");
		if (*value++ != '=')
			continue;
		value += strspn(value, " \t\r\n");
		gsize length = *value == '"' ? strcspn(++value, "\"") : strcspn(value, "; \t\r\n");
		return length > 0 && length < LINE_MAX_SEEN - 8 ? g_strndup(value, length) : NULL;
	}
	return NULL;
}

/* Its header is over. */
static void begin_body(Scan *scan)
{
	g_autofree char *type = field(scan->header->str, "Content-Type");
	g_autofree char *encoding = field(scan->header->str, "Content-Transfer-Encoding");
	char *boundary = type && g_ascii_strncasecmp(type, "multipart/", 10) == 0 ? boundary_of(type)
										   : NULL;

	g_string_truncate(scan->header, 0);
	if (boundary && scan->boundaries->len < MAX_NESTING) {
		g_ptr_array_add(scan->boundaries, boundary);
		scan->place = BETWEEN;
		return;
	}
	g_free(boundary);
	scan->place = IN_LEAF;
	scan->leaves++;
	scan->is_text = !type || g_ascii_strncasecmp(type, "text/", 5) == 0;
	scan->is_message = type && g_ascii_strncasecmp(type, "message/", 8) == 0;
	scan->encoding = encoding && g_ascii_strcasecmp(encoding, "base64") == 0 ? SN_BASE64
			 : encoding && g_ascii_strcasecmp(encoding, "quoted-printable") == 0
				 ? SN_QUOTED_PRINTABLE
				 : SN_PLAIN;
}

/* A line that ends what is open; *closing: the multipart as well. */
static gboolean is_boundary(const Scan *scan, const char *line, gsize length, guint *level,
			    gboolean *closing)
{
	if (length < 3 || length > LINE_MAX_SEEN || line[0] != '-' || line[1] != '-')
		return FALSE;
	while (length > 2 && g_ascii_isspace(line[length - 1]))
		length--;
	for (guint i = scan->boundaries->len; i > 0; i--) {
		const char *one = scan->boundaries->pdata[i - 1];
		gsize own = strlen(one) + 2;
		if (length < own || memcmp(line + 2, one, own - 2) != 0)
			continue;
		*closing = length == own + 2 && line[own] == '-' && line[own + 1] == '-';
		*level = i;
		if (length == own || *closing)
			return TRUE;
	}
	return FALSE;
}

/* ---- going through it ---- */

typedef struct {
	void (*line)(Scan *scan, const char *bytes, gsize length, gpointer data); /* of header or boundary */
	void (*begin)(Scan *scan, gpointer data);                                /* a leaf */
	/* its content; FALSE: that is enough of the message */
	gboolean (*content)(Scan *scan, const char *bytes, gsize length, gpointer data);
	void (*end)(Scan *scan, gpointer data);
} Visitor;

static void take_header(Scan *scan, const Visitor *visitor, const char *line, gsize length, gboolean first,
			gpointer data)
{
	gboolean blank = first && (*line == '\n' || (length == 2 && *line == '\r'));

	visitor->line(scan, line, length, data);
	if (!blank && scan->header->len + length < HEADER_MAX)
		for (gsize i = 0; i < length; i++) /* what is compared ends at a NUL */
			g_string_append_c(scan->header, line[i] ? line[i] : ' ');
	if (!blank)
		return;
	begin_body(scan);
	if (scan->place == IN_LEAF)
		visitor->begin(scan, data);
}

static void take_boundary(Scan *scan, const Visitor *visitor, const char *line, gsize length, guint level,
			  gboolean closing, gpointer data)
{
	if (scan->place == IN_LEAF)
		visitor->end(scan, data);
	visitor->line(scan, line, length, data);
	g_assert(level > 0 && level <= scan->boundaries->len);
	g_ptr_array_set_size(scan->boundaries, (gint)(closing ? level - 1 : level));
	g_string_truncate(scan->header, 0);
	scan->place = closing ? BETWEEN : IN_HEADER;
}

/* FALSE: the file cannot be read, with errno. */
static gboolean go_through(Scan *scan, const Visitor *visitor, gpointer data)
{
	gboolean first = TRUE, failed = FALSE, enough = FALSE, closing = FALSE;
	const char *piece;
	gsize length;
	guint level = 0;

	while (!enough && next_piece(scan, &piece, &length, &failed)) {
		if (first && is_boundary(scan, piece, length, &level, &closing))
			take_boundary(scan, visitor, piece, length, level, closing, data);
		else if (scan->place == IN_HEADER)
			take_header(scan, visitor, piece, length, first, data);
		else if (scan->place == IN_LEAF)
			enough = !visitor->content(scan, piece, length, data);
		first = piece[length - 1] == '\n';
		enough |= scan->leaves > MAX_LEAVES;
	}
	if (!failed && scan->place == IN_LEAF)
		visitor->end(scan, data);
	return !failed;
}

/* NULL with errno. */
static Scan *scan_new(const char *path)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		errno = EINVAL;
		return NULL;
	}
	Scan *scan = g_new0(Scan, 1);
	scan->fd = fd;
	scan->size = info.st_size;
	scan->place = IN_HEADER;
	scan->header = g_string_new(NULL);
	scan->boundaries = g_ptr_array_new_with_free_func(g_free);
	return scan;
}

static void scan_free(Scan *scan)
{
	close(scan->fd);
	g_string_free(scan->header, TRUE);
	g_ptr_array_unref(scan->boundaries);
	g_free(scan);
}

/* ---- what it is made of ---- */

typedef struct {
	GByteArray *raw;
	GArray *sizes;
	guint start;          /* in raw, where the leaf's content begins */
	gint64 content;       /* octets of the leaf */
	gint64 digits;        /* of them in base64 */
	guint line_end;       /* octets of the line end that came last */
	gboolean cut;
} Skeleton;

static void copy(Skeleton *skeleton, const char *bytes, gsize length)
{
	if (skeleton->raw->len + length <= SKELETON_MAX)
		g_byte_array_append(skeleton->raw, (const guint8 *)bytes, (guint)length);
}

static void copy_line(Scan *scan, const char *bytes, gsize length, gpointer data)
{
	copy(data, bytes, length);
}

static void begin_leaf(Scan *scan, gpointer data)
{
	Skeleton *skeleton = data;

	skeleton->start = skeleton->raw->len;
	skeleton->content = skeleton->digits = 0;
	skeleton->line_end = 0;
	skeleton->cut = FALSE;
}

static gboolean copy_content(Scan *scan, const char *bytes, gsize length, gpointer data)
{
	Skeleton *skeleton = data;

	skeleton->content += (gint64)length;
	skeleton->line_end = bytes[length - 1] != '\n' ? 0 : length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
	if (scan->encoding == SN_BASE64)
		for (gsize i = 0; i < length; i++)
			skeleton->digits += g_ascii_isalnum(bytes[i]) || bytes[i] == '+' || bytes[i] == '/';
	gsize left = PART_LIMIT - MIN(PART_LIMIT, skeleton->raw->len - skeleton->start);
	if (length > left || skeleton->raw->len + length > SKELETON_MAX)
		skeleton->cut = TRUE;
	copy(skeleton, bytes, MIN(length, left));
	/* nothing is behind the only leaf: the rest need not be read */
	return !(skeleton->cut && scan->boundaries->len == 0 && scan->leaves == 1);
}

static gint64 decoded_size(const Scan *scan, const Skeleton *skeleton)
{
	gint64 unread = scan->boundaries->len == 0 && scan->leaves == 1 ? MAX(scan->size - scan->seen, 0) : 0;

	if (scan->encoding == SN_BASE64)
		return skeleton->digits * 3 / 4 + unread * 57 / 78;
	return MAX(skeleton->content + unread - skeleton->line_end, 0);
}

/* Of what is no text half of it is worth nothing; of an attached message its header is. */
static void end_leaf(Scan *scan, gpointer data)
{
	Skeleton *skeleton = data;
	gint64 size = skeleton->cut ? decoded_size(scan, skeleton) : -1;

	if (skeleton->cut && !scan->is_text && !scan->is_message)
		g_byte_array_set_size(skeleton->raw, skeleton->start);
	if (skeleton->cut)
		copy(skeleton, "\n", 1);
	g_array_append_val(skeleton->sizes, size);
}

GBytes *sn_maildir_take_apart(const char *path, GArray **sizes)
{
	static const Visitor visitor = { copy_line, begin_leaf, copy_content, end_leaf };
	Scan *scan = scan_new(path);

	*sizes = NULL;
	if (!scan)
		return NULL;
	Skeleton skeleton = { .raw = g_byte_array_new(),
		              .sizes = g_array_new(FALSE, FALSE, sizeof(gint64)) };
	gboolean good = go_through(scan, &visitor, &skeleton) && skeleton.raw->len > 0 && scan->leaves > 0;
	scan_free(scan);
	if (!good) {
		g_byte_array_unref(skeleton.raw);
		g_array_unref(skeleton.sizes);
		return NULL;
	}
	*sizes = skeleton.sizes;
	return g_byte_array_free_to_bytes(skeleton.raw);
}

/* ---- one file of it ---- */

typedef struct {
	const SnMaildirSaving *saving;
	SnDecoder decoder;
	char held[2]; /* a line end, which may belong to the boundary (RFC 2046 section 5.1.1) */
	guint holding;
	int fd, failure;
	gint64 written, reported;
	gboolean found, cancelled;
} Writing;

static gboolean write_decoded(Writing *writing, const char *bytes, gsize length)
{
	g_autoptr(GByteArray) plain = sn_decode(&writing->decoder, bytes, length);

	for (guint at = 0; at < plain->len;) {
		ssize_t wrote = write(writing->fd, plain->data + at, plain->len - at);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			writing->failure = wrote < 0 ? errno : ENOSPC;
			return FALSE;
		}
		at += (guint)wrote;
		writing->written += wrote;
	}
	return TRUE;
}

static void pass_line(Scan *scan, const char *bytes, gsize length, gpointer data)
{
}

static void begin_file(Scan *scan, gpointer data)
{
	Writing *writing = data;

	writing->found |= (int)scan->leaves == writing->saving->part;
	writing->decoder.encoding = scan->encoding;
}

static gboolean write_content(Scan *scan, const char *bytes, gsize length, gpointer data)
{
	Writing *writing = data;
	const SnMaildirSaving *saving = writing->saving;

	if (scan->seen - writing->reported >= REPORT_EVERY) {
		writing->reported = scan->seen;
		writing->cancelled = !saving->progress(scan->seen, scan->size, saving->data);
	}
	if (writing->cancelled || (int)scan->leaves > saving->part)
		return FALSE;
	if ((int)scan->leaves < saving->part)
		return TRUE;
	guint line_end = bytes[length - 1] != '\n' ? 0 : length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
	if (!write_decoded(writing, writing->held, writing->holding) ||
	    !write_decoded(writing, bytes, length - line_end))
		return FALSE;
	writing->holding = line_end;
	memcpy(writing->held, bytes + length - line_end, line_end);
	return TRUE;
}

/* The message's own last line end is of the leaf when no multipart is open. */
static void end_file(Scan *scan, gpointer data)
{
	Writing *writing = data;

	if ((int)scan->leaves == writing->saving->part && scan->boundaries->len == 0)
		write_decoded(writing, writing->held, writing->holding);
}

static gboolean write_file(Scan *scan, Writing *writing, GError **error)
{
	static const Visitor visitor = { pass_line, begin_file, write_content, end_file };
	const char *path = writing->saving->path;

	if (!go_through(scan, &visitor, writing))
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "The message cannot be read: %s.",
			    g_strerror(errno));
	else if (writing->failure)
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.", path,
			    g_strerror(writing->failure));
	else if (writing->cancelled)
		g_set_error(error, SN_ERROR, SN_ERROR_CANCELLED, "Cancelled.");
	else if (!writing->found)
		g_set_error(error, SN_ERROR, SN_ERROR_NOT_FOUND, "The message has no such file now.");
	else if (scan->seen > LOOK_MAX)
		g_set_error(error, SN_ERROR, SN_ERROR_LIMIT, "The message is larger than 2 GB.");
	else
		return TRUE;
	return FALSE;
}

gint64 sn_maildir_save_part(const char *message, const SnMaildirSaving *saving, GError **error)
{
	g_assert(saving->part > 0 && saving->path && saving->progress);
	Scan *scan = scan_new(message);
	Writing writing = { .saving = saving, .fd = -1 };

	if (!scan) {
		g_set_error(error, SN_ERROR, errno == ENOENT ? SN_ERROR_NOT_FOUND : SN_ERROR_STORAGE,
			    "%s cannot be read: %s.", message, g_strerror(errno));
		return -1;
	}
	writing.fd = g_open(saving->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (writing.fd < 0)
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.", saving->path,
			    g_strerror(errno));
	gboolean good = writing.fd >= 0 && write_file(scan, &writing, error);
	scan_free(scan);
	if (writing.fd >= 0 && close(writing.fd) != 0 && good) {
		g_set_error(error, SN_ERROR, SN_ERROR_STORAGE, "%s cannot be written: %s.", saving->path,
			    g_strerror(errno));
		good = FALSE;
	}
	if (writing.fd >= 0 && !good)
		g_unlink(saving->path);
	return good ? writing.written : -1;
}
