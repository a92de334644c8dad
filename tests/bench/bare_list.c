/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare_list.c - the limit for the first screen and for keys: a list of rows in curses and nothing else.
 * j moves a line down, the blank a page, g to the top, q ends.
 */
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>

int main(void)
{
	setlocale(LC_ALL, "");
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	int top = 0, cursor = 0, key = 0;
	do {
		if (key == 'j')
			cursor++;
		if (key == ' ')
			top += LINES - 1, cursor += LINES - 1;
		if (key == 'g')
			top = cursor = 0;
		if (cursor - top >= LINES)
			top = cursor - LINES + 1;
		erase();
		for (int row = 0; row < LINES; row++) {
			attrset(top + row == cursor ? A_REVERSE : A_NORMAL);
			mvprintw(row, 0, "%6d  A correspondent %d   a preview of the last message", top + row,
			         top + row);
		}
		move(cursor - top, 0);
		refresh();
		key = getch();
	} while (key != 'q' && key != ERR);
	endwin();
	return 0;
}
