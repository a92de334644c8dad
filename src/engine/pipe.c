/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pipe.c - a thread that reads emails on their way from a backend to the engine.
 *
 * All events of the backend go through it, so that their order is kept. Both queues are bounded:
 * a fast server waits for the parser, and the parser for the store, and memory stays flat.
 */
#include "src/engine/sync_private.h"
#include "src/mime/digest.h"

#include <pthread.h>

struct sn_mail_pipe {
	GMutex lock;
	SnConfig *config; /* under the lock */
	char *account;
	SnQueue *in, *out;
	pthread_t thread;
	gint stop;
};

void sn_parsed_free(SnParsed *parsed)
{
	if (!parsed)
		return;
	sn_mail_event_free(parsed->event);
	sn_prepared_free(parsed->prepared);
	g_free(parsed);
}

static gsize weight_of(const SnMailEvent *event)
{
	return 512 + (event->raw ? g_bytes_get_size(event->raw) : 0);
}

static SnPrepared *read_mail(SnMailPipe *pipe, SnPacker *packer, const SnMailEvent *event)
{
	g_mutex_lock(&pipe->lock);
	g_autoptr(SnConfig) config = sn_config_ref(pipe->config);
	g_mutex_unlock(&pipe->lock);
	const SnAccount *account = sn_config_account_named(config, pipe->account);
	SnPrepared *prepared = sn_prepare_mail(config, account, event->raw, event->time);
	gboolean in_place = account && account->source.kind == SN_ENDPOINT_MAILDIR;
	/* what is too big is refused where it is filed */
	if (prepared->message && !event->partial) {
		gsize length;
		gconstpointer bytes = g_bytes_get_data(event->raw, &length);
		g_autofree char *sha256 = sn_sha256(bytes, length);
		prepared->message->packed = sn_packed_new(event->raw, sha256, packer, in_place, NULL);
	}
	if (prepared->message)
		sn_message_make_ready(prepared->message, packer);
	return prepared;
}

static void *pipe_main(void *data)
{
	SnMailPipe *pipe = data;
	SnPacker *packer = sn_packer_new();
	SnMailEvent *event;

	while ((event = sn_queue_wait(pipe->in, -1))) {
		if (g_atomic_int_get(&pipe->stop)) {
			/* nobody will write it any more; only ends of requests still matter */
			if (event->raw)
				g_clear_pointer(&event->raw, g_bytes_unref);
		}
		SnParsed *parsed = g_new0(SnParsed, 1);
		gsize weight = weight_of(event);
		parsed->event = event;
		if (event->kind == SN_MAIL_EV_MESSAGE && event->raw)
			parsed->prepared = read_mail(pipe, packer, event);
		if (!sn_queue_push(pipe->out, parsed, weight))
			sn_parsed_free(parsed);
	}
	sn_packer_free(packer);
	return NULL;
}

SnMailPipe *sn_mail_pipe_new(SnConfig *config, const char *account, SnQueue *in, SnQueue *out)
{
	SnMailPipe *pipe = g_new0(SnMailPipe, 1);
	pthread_attr_t attributes;

	g_mutex_init(&pipe->lock);
	pipe->config = sn_config_ref(config);
	pipe->account = g_strdup(account);
	pipe->in = sn_queue_ref(in);
	pipe->out = sn_queue_ref(out);
	pthread_attr_init(&attributes);
	/* deeply nested mail needs a deep stack; pages are only used when it does */
	pthread_attr_setstacksize(&attributes, SN_PIPE_STACK);
	int failed = pthread_create(&pipe->thread, &attributes, pipe_main, pipe);
	pthread_attr_destroy(&attributes);
	if (failed)
		g_error("pthread_create: %s", g_strerror(failed));
	pthread_setname_np(pipe->thread, "sennit-mime");
	return pipe;
}

void sn_mail_pipe_set_config(SnMailPipe *pipe, SnConfig *config)
{
	g_mutex_lock(&pipe->lock);
	SnConfig *old = pipe->config;
	pipe->config = sn_config_ref(config);
	g_mutex_unlock(&pipe->lock);
	sn_config_unref(old);
}

void sn_mail_pipe_free(SnMailPipe *pipe)
{
	if (!pipe)
		return;
	g_atomic_int_set(&pipe->stop, 1);
	sn_queue_close(pipe->in);
	sn_queue_close(pipe->out);
	pthread_join(pipe->thread, NULL);
	sn_queue_unref(pipe->in);
	sn_queue_unref(pipe->out);
	sn_config_unref(pipe->config);
	g_mutex_clear(&pipe->lock);
	g_free(pipe->account);
	g_free(pipe);
}
