/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user's own mail server found of a sender, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ui/words.h"

static void assert_checks(const char *authentication, const char *sender, const char *wanted)
{
	g_autofree char *words = sn_words_checks(authentication, sender);

	assert_string_equal(words, wanted);
}

static void results_are_said_with_the_domain_they_are_about(void **state)
{
	assert_checks("spf=pass smtp.mailfrom=bob@x.test; dkim=pass header.d=x.test; "
	              "dmarc=pass header.from=x.test", "bob@x.test",
	              "SPF passed for x.test; DKIM passed for x.test; DMARC passed for x.test");
	assert_checks("dkim=fail (bad signature; dkim=pass) header.i=@x.test", "bob@x.test",
	              "DKIM failed for x.test");
	assert_checks("spf=softfail (google.com: domain of transitioning b@x.test) smtp.mail=b@x.test",
	              "b@x.test", "SPF probably failed for x.test");
	assert_checks("spf=none smtp.helo=x.test; dkim=temperror", "b@x.test",
	              "SPF is not there for x.test; DKIM could not be looked up");
}

/* A pass for another domain says nothing of the sender. */
static void a_pass_for_somebody_else_is_said_so(void **state)
{
	assert_checks("dkim=pass header.d=mailer.test", "bob@x.test",
	              "DKIM passed for mailer.test, which is not the sender's");
	assert_checks("dkim=pass header.d=news.x.test", "bob@x.test", "DKIM passed for news.x.test");
	assert_checks("dkim=pass header.d=x.test", "bob@Mail.X.test", "DKIM passed for x.test");
	assert_checks("dkim=pass header.d=notx.test", "bob@x.test",
	              "DKIM passed for notx.test, which is not the sender's");
	assert_checks("dkim=pass header.d=x.test", NULL,
	              "DKIM passed for x.test, which is not the sender's");
}

static void what_is_not_known_is_not_shown(void **state)
{
	static const char *const nothing[] = { "", ";;;", "none", "dkim", "dkim=", "dkim=great",
		                               "iprev=pass", "dkimx=pass header.d=x.test", "((((",
		                               "\\", "\"dkim=pass", "spf =pass" };

	for (gsize i = 0; i < G_N_ELEMENTS(nothing); i++)
		assert_checks(nothing[i], "bob@x.test", "your mail server says nothing of the sender");
	assert_checks("iprev=pass; SPF=Pass; arc=none", "bob@x.test", "SPF passed");
	assert_checks("dkim/1=pass header.d=\"x.test\"", "bob@x.test", "DKIM passed for x.test");
	assert_checks("dkim=pass header.d=x\033[2J.test", "bob@x.test",
	              "DKIM passed for x[2j.test, which is not the sender's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_are_said_with_the_domain_they_are_about),
		cmocka_unit_test(a_pass_for_somebody_else_is_said_so),
		cmocka_unit_test(what_is_not_known_is_not_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
