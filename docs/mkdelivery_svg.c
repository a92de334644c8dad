/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkdelivery_svg.c - the table of the delivery as a picture. Where the boxes stand and how the lines
 * run is laid out by hand, so that the main way is straight; what is written on a line comes from
 * the table, and a row that no line stands for is an error. Rows that stay in a state are not drawn.
 */
#include <string.h>

#include "docs/mkdelivery.h"

#define S(name) (1u << SN_STATE_##name)
#define HELD (S(WAITING) | S(CHOOSING) | S(ASKED))
#define BOX_WIDTH 112
#define BOX_HEIGHT 40
#define LINE 15 /* between lines of a label */

typedef struct {
	int x, y, width, height;
	const char *title;
} Frame;
static const Frame frames[] = {
	{ 0, 20, 720, 420, "On its way: can be changed and taken back, except while it is being sent" },
	{ 20, 280, 680, 145, "Kept back" },
	{ 790, 20, 510, 170, "Gone" },
	{ 0, 510, 1300, 115, "Ended" },
};

typedef struct {
	SnState state;
	int x, y; /* the middle */
} Box;
static const Box boxes[] = {
	{ SN_STATE_QUEUED, 150, 110 },     { SN_STATE_SENDING, 500, 110 },
	{ SN_STATE_ASKED, 110, 350 },      { SN_STATE_WAITING, 360, 350 },
	{ SN_STATE_CHOOSING, 610, 350 },   { SN_STATE_ACCEPTED, 865, 110 },
	{ SN_STATE_DELIVERED, 1045, 110 }, { SN_STATE_READ, 1225, 110 },
	{ SN_STATE_CANCELLED, 110, 570 },  { SN_STATE_CONVERTED, 500, 570 },
	{ SN_STATE_FAILED, 1045, 570 },
};

/* THICK: the way that most messages take. THIN: ends, and what comes late. */
typedef enum { THIN, PLAIN, THICK } Weight;
typedef struct {
	guint from, to; /* sets of states */
	Weight weight;
	const char *path;
	int x, y;       /* of the label's first line */
	const char *anchor;
} Way;
static const Way ways[] = {
	{ S(QUEUED), S(SENDING), THICK, "M206,110 H437", 322, 102, "middle" },
	{ S(SENDING), S(ACCEPTED), THICK, "M556,110 H802", 755, 102, "middle" },
	{ S(ACCEPTED), S(DELIVERED), THICK, "M921,110 H982", 950, 102, "middle" },
	{ S(DELIVERED), S(READ), THICK, "M1101,110 H1162", 1130, 102, "middle" },
	{ S(ACCEPTED), S(READ), PLAIN, "M865,130 C900,180 1190,180 1223,134", 1045, 182, "middle" },
	{ S(QUEUED), HELD, PLAIN, "M175,130 V276", 183, 180, "start" },
	{ HELD, S(QUEUED), PLAIN, "M115,280 V134", 107, 210, "end" },
	{ S(WAITING), S(SENDING), PLAIN, "M365,330 C370,250 400,190 470,134", 372, 250, "end" },
	{ S(SENDING), S(WAITING), PLAIN, "M495,130 C485,210 440,280 390,327", 478, 236, "start" },
	{ S(SENDING), S(CHOOSING), PLAIN, "M535,130 C585,180 612,250 612,326", 604, 212, "start" },
	{ S(CHOOSING), S(SENDING), THIN, "M650,326 C690,240 640,140 560,118", 676, 236, "start" },
	{ S(WAITING), S(CHOOSING), PLAIN, "M416,343 H550", 484, 336, "middle" },
	{ S(CHOOSING), S(WAITING), PLAIN, "M554,360 H420", 484, 376, "middle" },
	{ S(WAITING), S(ASKED), PLAIN, "M304,343 H170", 236, 336, "middle" },
	{ S(ASKED), S(WAITING), PLAIN, "M166,360 H300", 236, 376, "middle" },
	{ S(CHOOSING), S(ASKED), PLAIN, "M575,370 C540,400 180,400 143,373", 360, 390, "middle" },
	{ S(ASKED), S(CHOOSING), PLAIN, "M105,370 C130,432 590,432 613,374", 360, 414, "middle" },
	{ S(CHOOSING), S(ACCEPTED) | S(DELIVERED) | S(READ), THIN,
	  "M666,345 C780,330 840,270 845,194", 722, 268, "start" },
	{ S(QUEUED) | S(SENDING) | S(WAITING) | S(CHOOSING), S(FAILED), THIN,
	  "M720,380 C840,390 960,450 1020,546", 850, 370, "start" },
	{ S(ACCEPTED) | S(DELIVERED) | S(READ), S(FAILED), THIN, "M1090,190 C1090,330 1070,450 1056,546", 1082,
	  360, "start" },
	{ S(FAILED), S(ACCEPTED) | S(DELIVERED) | S(READ), THIN, "M1103,560 C1190,500 1205,330 1200,194", 1172, 470,
	  "start" },
	{ S(FAILED), S(QUEUED), THIN, "M988,558 C900,490 800,430 724,410", 800, 478, "middle" },
	{ S(QUEUED) | HELD, S(CONVERTED), THIN, "M500,440 V546", 508, 480, "start" },
	{ S(QUEUED) | HELD, S(CANCELLED), THIN, "M110,440 V546", 118, 480, "start" },
	{ S(FAILED), S(CONVERTED), THIN, "M989,570 H560", 770, 562, "middle" },
	{ S(FAILED), S(CANCELLED), THIN, "M1015,590 C960,614 210,614 143,593", 580, 612, "middle" },
};

/* ---- what stands on a line ---- */

static char *events_of(SnState from, SnState to)
{
	GString *words = g_string_new(NULL);

	for (gsize i = 0; i < mk_row_count; i++)
		if (mk_rows[i].from == from && mk_rows[i].to == to)
			g_string_append_printf(words, "%s%s", words->len ? ", " : "",
			                       sn_delivery_event_word(mk_rows[i].event));
	return g_string_free(words, FALSE);
}

static gboolean is_one(guint set)
{
	return (set & (set - 1)) == 0;
}

/* One line, when the same events lead along all of a way; else one for each pair of states. */
static GPtrArray *label_of(const Way *way)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *same = NULL;
	gboolean differ = FALSE;

	for (guint from = 0; way->from >> from; from++)
		for (guint to = 0; way->to >> to; to++) {
			if (!(way->from >> from & 1) || !(way->to >> to & 1))
				continue;
			g_autofree char *events = events_of((SnState)from, (SnState)to);
			differ |= same && strcmp(same, events) != 0;
			if (!*events)
				continue;
			if (!same)
				same = g_strdup(events);
			const char *word = is_one(way->to) ? mk_state((SnState)from)
			                                   : mk_state((SnState)to);
			g_ptr_array_add(lines, is_one(way->from) && is_one(way->to)
			                               ? g_strdup(events)
			                               : g_strdup_printf("%s: %s", word, events));
		}
	if (same && !differ) {
		g_ptr_array_set_size(lines, 0);
		g_ptr_array_add(lines, g_strdup(same));
	}
	return lines;
}

static void put_way(FILE *out, const Way *way)
{
	static const char *const classes[] = { "thin", "plain", "thick" };
	g_autoptr(GPtrArray) lines = label_of(way);

	fprintf(out, "<path class=\"%s\" d=\"%s\" marker-end=\"url(#%s)\"/>\n",
	        classes[way->weight], way->path, classes[way->weight]);
	for (guint i = 0; i < lines->len; i++)
		fprintf(out, "<text class=\"l\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
		        way->x, way->y + (int)i * LINE, way->anchor, (char *)lines->pdata[i]);
}

/* ---- is it all of the table? ---- */

static gboolean has_box(SnState state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(boxes); i++)
		if (boxes[i].state == state)
			return TRUE;
	return FALSE;
}

static gboolean is_complete(void)
{
	gboolean complete = TRUE;

	for (gsize i = 0; i < mk_row_count; i++) {
		const MkRow *row = &mk_rows[i];
		int drawn = 0;
		for (gsize j = 0; j < G_N_ELEMENTS(ways); j++)
			drawn += (ways[j].from >> row->from & 1) && (ways[j].to >> row->to & 1);
		if ((row->from == row->to || drawn == 1) && has_box(row->from) && has_box(row->to))
			continue;
		fprintf(stderr, "The picture has %d lines for %s, %s, %s.\n", drawn,
		        mk_state(row->from), sn_delivery_event_word(row->event),
		        mk_state(row->to));
		complete = FALSE;
	}
	for (gsize j = 0; j < G_N_ELEMENTS(ways); j++) {
		g_autoptr(GPtrArray) lines = label_of(&ways[j]);
		if (lines->len)
			continue;
		fprintf(stderr, "No row of the table is behind line %zu of the picture.\n", j + 1);
		complete = FALSE;
	}
	return complete;
}

/* ---- the picture ---- */

static const char head[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 10 1330 630\" "
	"font-family=\"sans-serif\" font-size=\"13\">\n"
	"<title>The ways of an outbox entry</title>\n"
	"<style>\n"
	"path { fill: none; stroke: #444 }\n"
	".thick { stroke-width: 4; stroke: #1a5fb4 }\n"
	".plain { stroke-width: 1.6 }\n"
	".thin { stroke-width: 1; stroke: #999; stroke-dasharray: 5 3 }\n"
	".l { fill: #333; font-size: 12px; paint-order: stroke; stroke: #fff; stroke-width: 3px; "
	"stroke-opacity: 0.8 }\n"
	".f { fill: #f6f5f4; stroke: #c0bfbc }\n"
	".t { fill: #77767b; font-size: 12px }\n"
	".b { fill: #fff; stroke: #1a1a1a; stroke-width: 1.4 }\n"
	".n { fill: #000; font-size: 15px; font-weight: bold }\n"
	"</style>\n"
	"<defs>\n"
	"<marker id=\"thick\" viewBox=\"0 0 8 8\" refX=\"5\" refY=\"4\" markerWidth=\"4\" "
	"markerHeight=\"4\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" "
	"style=\"fill: #1a5fb4; stroke: none\"/></marker>\n"
	"<marker id=\"plain\" viewBox=\"0 0 8 8\" refX=\"5\" refY=\"4\" markerWidth=\"6\" "
	"markerHeight=\"6\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" "
	"style=\"fill: #444; stroke: none\"/></marker>\n"
	"<marker id=\"thin\" viewBox=\"0 0 8 8\" refX=\"5\" refY=\"4\" markerWidth=\"8\" "
	"markerHeight=\"8\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" "
	"style=\"fill: #999; stroke: none\"/></marker>\n"
	"</defs>\n"
	"<rect x=\"-10\" y=\"10\" width=\"1330\" height=\"630\" fill=\"#fff\"/>\n";

gboolean mk_svg(FILE *out)
{
	if (!is_complete())
		return FALSE;
	fputs(head, out);
	for (gsize i = 0; i < G_N_ELEMENTS(frames); i++)
		fprintf(out,
		        "<rect class=\"f\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n"
		        "<text class=\"t\" x=\"%d\" y=\"%d\">%s</text>\n",
		        frames[i].x, frames[i].y, frames[i].width, frames[i].height, frames[i].x + 12,
		        frames[i].y + 18, frames[i].title);
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
		put_way(out, &ways[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(boxes); i++)
		fprintf(out,
		        "<rect class=\"b\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n"
		        "<text class=\"n\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
		        boxes[i].x - BOX_WIDTH / 2, boxes[i].y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT,
		        boxes[i].x, boxes[i].y + 5, mk_state(boxes[i].state));
	fputs("</svg>\n", out);
	return TRUE;
}
