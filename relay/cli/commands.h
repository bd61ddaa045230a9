// relay/cli/commands.h: the families of commands; each adds its own to the line.
#pragma once

#include "relay/cli/session.h"

namespace CLI {
class App;
}

namespace postern::relay {

void add_instance_commands(CLI::App& app,
                           CliSession& session);  ///< init, serve, check, reload, status, trace
void add_account_commands(CLI::App& app, CliSession& session);  ///< account …, alias …
void add_queue_commands(CLI::App& app, CliSession& session);    ///< queue …

/// `postern` called as `sendmail`: `-t -i -f … RCPT…`; the exit status is of sysexits.h.
int sendmail(int argc, char** argv);

/// The whole command line; gives the exit status.
int run_command_line(int argc, char** argv);

}  // namespace postern::relay
