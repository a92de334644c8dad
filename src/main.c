/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - the only place that knows every layer. */
#include "config.h"

#include <stdio.h>

int main(void)
{
	puts(PACKAGE_STRING);
	return 0;
}
