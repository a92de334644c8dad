/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkdelivery.c - writes docs/delivery.md from docs/delivery.md.in and the table of the delivery
 * (src/engine/machine.h): in place of lines such as @TABLE@ what the table says, and in place of
 * @FILE NAME@ the text of docs/NAME, where there is one. With --svg: the picture.
 */
#include "docs/mkdelivery.h"

#include <string.h>

static const struct {
	SnState state;
	const char *kind, *meaning, *next;
} states[] = {
#define X(name, kind, meaning, next) { SN_STATE_##name, #kind, meaning, next },
	SN_DELIVERY_STATE_TABLE(X)
#undef X
};

const MkRow mk_rows[] = {
#define X(from, event, to, effect)                                                              \
	{ SN_STATE_##from, SN_DELIVERY_##event, SN_STATE_##to, SN_EFFECT_##effect },
	SN_DELIVERY_TABLE(X)
#undef X
};
const gsize mk_row_count = G_N_ELEMENTS(mk_rows);

const char *mk_state(SnState state)
{
	static const char *const words[] = {
#define X(name, word) [SN_STATE_##name] = word,
		SN_STATE_TABLE(X)
#undef X
	};

	g_assert((guint)state < G_N_ELEMENTS(words));
	return words[state];
}

static void put_states(void)
{
	puts("| state | what it means | what happens next |\n|---|---|---|");
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		printf("| **%s** | %s | %s |\n", mk_state(states[i].state), states[i].meaning,
		       states[i].next);
}

static void put_events(void)
{
	static const char *const meanings[] = {
#define X(name, word, meaning) meaning,
		SN_DELIVERY_EVENT_TABLE(X)
#undef X
	};

	puts("| event | what happened |\n|---|---|");
	for (int i = 0; i < SN_DELIVERY_EVENT_COUNT; i++)
		printf("| `%s` | %s |\n", sn_delivery_event_word((SnDeliveryEvent)i), meanings[i]);
}

static void put_effects(void)
{
	static const char *const meanings[] = {
#define X(name, word, meaning) meaning,
		SN_DELIVERY_EFFECT_TABLE(X)
#undef X
	};

	puts("| effect | what is done |\n|---|---|");
	for (int i = 0; i < SN_EFFECT_COUNT; i++)
		printf("| `%s` | %s |\n", sn_delivery_effect_word((SnDeliveryEffect)i), meanings[i]);
}

static void put_rows_of(SnState state)
{
	for (gsize i = 0; i < mk_row_count; i++) {
		const MkRow *row = &mk_rows[i];
		if (row->from == state)
			printf("| `%s` | %s%s%s | `%s` |\n", sn_delivery_event_word(row->event),
			       row->to == state ? "stays " : "**", mk_state(row->to),
			       row->to == state ? "" : "**", sn_delivery_effect_word(row->effect));
	}
}

static void put_table(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
		gboolean leads = FALSE;
		for (gsize j = 0; j < mk_row_count; j++)
			leads |= mk_rows[j].from == states[i].state;
		printf("%s### %s\n\n", i ? "\n" : "", mk_state(states[i].state));
		if (!leads) {
			puts("No event changes it any more.");
			continue;
		}
		puts("| event | goes to | effect |\n|---|---|---|");
		put_rows_of(states[i].state);
	}
}

/* ---- the same picture in words, for where no image is shown ---- */

static void put_transition(SnState from, SnState to)
{
	g_autoptr(GString) words = g_string_new(NULL);

	for (gsize i = 0; i < mk_row_count; i++)
		if (mk_rows[i].from == from && mk_rows[i].to == to)
			g_string_append_printf(words, "%s%s", words->len ? ", " : "",
			                       sn_delivery_event_word(mk_rows[i].event));
	if (words->len)
		printf("    %s --> %s: %s\n", mk_state(from), mk_state(to), words->str);
}

static void put_group(const char *kind, const char *title)
{
	printf("    state \"%s\" as %s {\n", title, kind);
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (strcmp(states[i].kind, kind) == 0)
			printf("        %s\n", mk_state(states[i].state));
	puts("    }");
}

static void put_mermaid(void)
{
	puts("```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> queued");
	put_group("OPEN", "on its way");
	put_group("GONE", "gone");
	put_group("END", "ended");
	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(states); j++)
			if (i != j)
				put_transition(states[i].state, states[j].state);
	puts("```");
}

/* ---- filling in ---- */

static const struct {
	const char *marker;
	void (*put)(void);
} parts[] = {
	{ "@STATES@", put_states },   { "@EVENTS@", put_events },   { "@EFFECTS@", put_effects },
	{ "@TABLE@", put_table },     { "@MERMAID@", put_mermaid },
};

/* "@FILE name@": figures that test runs wrote. */
static gboolean put_file(const char *dir, const char *line)
{
	if (!g_str_has_prefix(line, "@FILE ") || !g_str_has_suffix(line, "@"))
		return FALSE;
	g_autofree char *name = g_strndup(line + 6, strlen(line) - 7);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *text = NULL;
	if (g_file_get_contents(path, &text, NULL, NULL))
		fputs(text, stdout);
	else
		puts("No figures have been recorded.");
	return TRUE;
}

static void put_line(const char *dir, const char *line)
{
	for (gsize part = 0; part < G_N_ELEMENTS(parts); part++)
		if (strcmp(line, parts[part].marker) == 0) {
			parts[part].put();
			return;
		}
	if (!put_file(dir, line))
		puts(line);
}

int main(int argc, char **argv)
{
	g_autofree char *template = NULL;

	if (argc == 2 && strcmp(argv[1], "--svg") == 0)
		return mk_svg(stdout) && fflush(stdout) == 0 ? 0 : 1;
	if (argc != 2 || !g_file_get_contents(argv[1], &template, NULL, NULL)) {
		fputs("usage: mkdelivery delivery.md.in > delivery.md\n"
		      "       mkdelivery --svg > delivery.svg\n",
		      stderr);
		return 2;
	}
	g_autofree char *dir = g_path_get_dirname(argv[1]);
	g_auto(GStrv) lines = g_strsplit(template, "\n", -1);
	for (gsize i = 0; lines[i] && (lines[i + 1] || *lines[i]); i++)
		put_line(dir, lines[i]);
	return fflush(stdout) == 0 ? 0 : 1;
}
