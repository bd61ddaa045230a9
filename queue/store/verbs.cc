// queue/store/verbs.cc: puts the scripts together.
#include "queue/store/verbs.h"

#include "queue/scripts.h"

namespace postern::queue {

namespace {

/// A first line "#!lua flags=…" must stay the first.
redis::Script whole(std::string_view verb) {
  const std::size_t head = verb.starts_with("#!") ? verb.find('\n') + 1 : 0;
  return redis::Script(std::string(verb.substr(0, head)) + std::string(script::common) +
                       std::string(verb.substr(head)));
}

}  // namespace

Verbs::Verbs()
    : commit(whole(script::commit)),
      claim(whole(script::claim)),
      settle(whole(script::settle)),
      reclaim(whole(script::reclaim)),
      abandon(whole(script::abandon)),
      hold(whole(script::hold)),
      release(whole(script::release)),
      retry(whole(script::retry)),
      remove(whole(script::remove)),
      bounce(whole(script::bounce)),
      heartbeat(whole(script::heartbeat)),
      generation(whole(script::generation)),
      list(whole(script::list)),
      show(whole(script::show)),
      search(whole(script::search)),
      counts(whole(script::counts)),
      bulky(whole(script::bulky)),
      shelve(whole(script::shelve)) {}

std::vector<const redis::Script*> Verbs::all() const {
  return {&commit, &claim,     &settle,     &reclaim, &abandon, &hold,   &release, &retry, &remove,
          &bounce, &heartbeat, &generation, &list,    &show,    &search, &counts,  &bulky, &shelve};
}

const Verbs& verbs() {
  static const Verbs made;
  return made;
}

}  // namespace postern::queue
