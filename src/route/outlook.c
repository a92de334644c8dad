/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/route/outlook.h"

void sn_outlook_free(SnOutlook *outlook)
{
	if (!outlook)
		return;
	g_free(outlook->words);
	g_free(outlook);
}

void sn_key_chosen_clear(SnKeyChosen *chosen)
{
	g_clear_pointer(&chosen->fingerprint, g_free);
}
