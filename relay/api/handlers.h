// relay/api/handlers.h: what answers the rows of the table (routes.cc) that need a running gateway.
#pragma once

#include "core/async/task.h"
#include "relay/api/router.h"

namespace postern::http {

// probes.cc
Task<Answer> show_metrics(const Services&, const Call&);
Task<Answer> tell_alive(const Services&, const Call&);
Task<Answer> tell_ready(const Services&, const Call&);

// status.cc
Task<Answer> show_status(const Services&, const Call&);
Task<Answer> reload(const Services&, const Call&);

// queue.cc
Task<Answer> list_queue(const Services&, const Call&);
Task<Answer> show_queued(const Services&, const Call&);
Task<Answer> show_octets(const Services&, const Call&);
Task<Answer> retry_queued(const Services&, const Call&);
Task<Answer> hold_queued(const Services&, const Call&);
Task<Answer> release_queued(const Services&, const Call&);
Task<Answer> bounce_queued(const Services&, const Call&);
Task<Answer> remove_queued(const Services&, const Call&);

// messages.cc
Task<Answer> take_message(const Services&, const Call&);
Task<Answer> show_timeline(const Services&, const Call&);
Task<Answer> find_timelines(const Services&, const Call&);

// local_submission.cc
Task<Answer> take_from_socket(const Services&, const Call&);

}  // namespace postern::http
