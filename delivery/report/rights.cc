// delivery/report/rights.cc: NOTIFY, cut down to what is granted.
#include "delivery/report/rights.h"

namespace postern::delivery {
namespace {

/// A list of which nothing is left means NEVER, which is also how it is told to the next host.
mail::Notify settled(mail::Notify notify) {
  notify.never = notify.set && !notify.success && !notify.failure && !notify.delay;
  return notify;
}

}  // namespace

mail::Notify failures_only(const mail::Notify& asked) {
  if (!asked.set) return asked;
  return settled({.set = true, .failure = asked.failure});
}

mail::Notify without_success(mail::Notify asked) {
  asked.success = false;
  return settled(asked);
}

}  // namespace postern::delivery
