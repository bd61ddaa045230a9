// relay/smtp/replies.h: everything that the SMTP and LMTP server says, so that an operator can grep
// for it.
#pragma once

#include "relay/smtp/reply.h"

namespace postern::smtp::reply {

// clang-format off
//                                       code  RFC 3463  text
inline constexpr Reply greeting         {220, "",       "{} ESMTP postern"};
inline constexpr Reply greeting_lmtp    {220, "",       "{} LMTP postern"};
inline constexpr Reply start_tls        {220, "2.0.0",  "Ready to start TLS"};
inline constexpr Reply bye              {221, "2.0.0",  "Bye"};
inline constexpr Reply help             {214, "2.0.0",  "postern: see RFC 5321; commands: {}"};
inline constexpr Reply authenticated    {235, "2.7.0",  "Authenticated"};
inline constexpr Reply hello            {250, "",       "{}"};
inline constexpr Reply ok               {250, "2.0.0",  "OK"};
inline constexpr Reply sender_ok        {250, "2.1.0",  "Sender OK"};
inline constexpr Reply recipient_ok     {250, "2.1.5",  "Recipient OK"};
inline constexpr Reply chunk            {250, "2.0.0",  "{} octets received"};
inline constexpr Reply queued           {250, "2.0.0",  "Queued as {}"};
inline constexpr Reply delivered        {250, "2.0.0",  "Delivered to {}"};
inline constexpr Reply no_verification  {252, "2.5.2",  "Send some mail, and find out"};
inline constexpr Reply challenge        {334, "",       "{}"};
inline constexpr Reply send_message     {354, "",       "End with a dot on a line of its own"};

inline constexpr Reply too_many_here    {421, "4.7.0",  "Too many connections from {}, closing"};
inline constexpr Reply idle             {421, "4.4.2",  "Idle too long, closing"};
inline constexpr Reply closing          {421, "4.3.2",  "Shutting down, come back later"};
inline constexpr Reply too_many_errors  {421, "4.7.0",  "Too many errors, closing"};
inline constexpr Reply trouble          {421, "4.3.0",  "Something went wrong here, closing"};
inline constexpr Reply login_ended      {421, "4.7.0",  "Your login is good no more, closing"};
inline constexpr Reply smuggling        {421, "4.7.0",  "Commands sent ahead of the TLS handshake, closing"};

inline constexpr Reply queue_away       {451, "4.3.0",  "The queue (Redis) is not available, try again later"};
inline constexpr Reply store_away       {451, "4.3.0",  "The mailbox store is not available, try again later"};
inline constexpr Reply accounts_away    {451, "4.3.0",  "The accounts are not available, try again later"};
inline constexpr Reply too_many_rcpt    {452, "4.5.3",  "More than {} recipients, send to the rest in another message"};
inline constexpr Reply queue_full       {452, "4.3.1",  "The queue is full, try again later"};
inline constexpr Reply mailbox_full     {452, "4.2.2",  "The mailbox of {} is full"};
inline constexpr Reply too_many_logins  {454, "4.7.0",  "Too many failed logins from your address, try again later"};
inline constexpr Reply login_away       {454, "4.7.0",  "Logins cannot be checked right now, try again later"};

inline constexpr Reply unknown          {500, "5.5.1",  "Unknown command"};
inline constexpr Reply line_too_long    {500, "5.5.6",  "Line too long"};
inline constexpr Reply bad_syntax       {501, "5.5.4",  "Cannot read that: {}"};
inline constexpr Reply bad_sender       {501, "5.1.7",  "Cannot read the sender's address: {}"};
inline constexpr Reply bad_recipient    {501, "5.1.3",  "Cannot read the recipient's address: {}"};
inline constexpr Reply bad_base64       {501, "5.5.2",  "That is not base64"};
inline constexpr Reply auth_cancelled   {501, "5.7.0",  "Authentication cancelled"};
inline constexpr Reply not_here         {502, "5.5.1",  "Not available here"};
inline constexpr Reply out_of_order     {503, "5.5.1",  "Bad sequence of commands"};
inline constexpr Reply hello_first      {503, "5.5.1",  "Say {} first"};
inline constexpr Reply mail_first       {503, "5.5.1",  "Say MAIL first"};
inline constexpr Reply rcpt_first       {503, "5.5.1",  "No valid recipients"};
inline constexpr Reply chunking_begun   {503, "5.5.1",  "A message begun with BDAT ends with BDAT"};
inline constexpr Reply already_login    {503, "5.5.1",  "Already authenticated"};
inline constexpr Reply already_tls      {503, "5.5.1",  "TLS is already active"};
inline constexpr Reply bad_mechanism    {504, "5.5.4",  "Mechanism not offered"};
inline constexpr Reply binary           {501, "5.6.1",  "BINARYMIME is not offered"};
inline constexpr Reply login_first      {530, "5.7.0",  "Authentication required"};
inline constexpr Reply tls_first        {530, "5.7.0",  "Say STARTTLS first"};
inline constexpr Reply login_failed     {535, "5.7.8",  "Authentication failed"};
inline constexpr Reply tls_for_login    {538, "5.7.11", "Encryption is required before AUTH"};

inline constexpr Reply no_relay         {550, "5.7.1",  "Relaying to {} is not permitted"};
inline constexpr Reply not_here_for_you {554, "5.7.1",  "LMTP is not for {}"};
inline constexpr Reply no_mailbox       {550, "5.1.1",  "No mailbox {} here"};
inline constexpr Reply not_local        {550, "5.1.2",  "{} is not delivered here"};
inline constexpr Reply by_rule          {550, "5.7.1",  "{}"};
inline constexpr Reply identity         {550, "5.7.1",  "{}"};
inline constexpr Reply bare_newline     {550, "5.6.0",  "Bare LF or CR in the message (RFC 5321 2.3.8)"};
inline constexpr Reply bad_message      {550, "5.6.0",  "Cannot accept the message: {}"};
inline constexpr Reply too_big          {552, "5.3.4",  "Message is over {} bytes"};
inline constexpr Reply needs_utf8       {553, "5.6.7",  "{} needs SMTPUTF8"};
inline constexpr Reply key_reused       {554, "5.5.4",  "The Idempotency-Key came with another message before: take a new one"};
inline constexpr Reply loop_detected    {554, "5.4.6",  "Too many hops: the message is looping"};
inline constexpr Reply unknown_param    {555, "5.5.4",  "Parameter not offered: {}"};
// clang-format on

}  // namespace postern::smtp::reply
